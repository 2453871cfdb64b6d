import { describeCreates, describeUpdates } from '../test-refusals.ts';

const v1 = 'node.k8s.io/v1';

describeCreates(v1, 'runtimeclasses', [
  ['are complete', { metadata: { name: 'a', finalizers: ['nodomain'] }, handler: 'h' }, []],
  [
    'have a handler that is a name',
    { metadata: { name: 'a' }, handler: 'H_' },
    ['handler: Invalid value: "H_": a lowercase RFC 1123 label must consist of…'],
  ],
]);

describeUpdates(v1, 'runtimeclasses', [
  [
    'keep their handler',
    { metadata: { name: 'a' }, handler: 'h' },
    (c) => (c.handler = 'i'),
    ['handler: Invalid value: "i": field is immutable'],
  ],
]);
