import { describeCreates, describeUpdates } from '../test-refusals.ts';

const v1 = 'scheduling.k8s.io/v1';
const priority = (value: number, name = 'a'): object => ({ metadata: { name }, value });

describeCreates(v1, 'priorityclasses', [
  ['are complete', priority(1000), []],
  [
    "are below the system's",
    priority(1_000_000_001),
    ['value: Forbidden: maximum allowed value of a user defined priority is 1000000000'],
  ],
  [
    "are not called as the system's",
    priority(1, 'system-x'),
    [
      "metadata.name: Forbidden: priority class names with 'system-' prefix are reserved " +
        'for system use only…',
    ],
  ],
]);

describeUpdates(v1, 'priorityclasses', [
  [
    'keep their value',
    priority(1),
    (p) => (p.value = 2),
    ['value: Forbidden: may not be changed in an update.'],
  ],
]);
