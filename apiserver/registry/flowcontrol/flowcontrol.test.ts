import { describeCreates } from '../test-refusals.ts';

const v1 = 'flowcontrol.apiserver.k8s.io/v1';
const schema = (spec: object, name = 'a'): object => ({
  metadata: { name },
  spec: { priorityLevelConfiguration: { name: 'p' }, matchingPrecedence: 100, ...spec },
});

describeCreates(v1, 'flowschemas', [
  ['are complete', schema({}), []],
  [
    'have a precedence',
    schema({ matchingPrecedence: 10001 }),
    ['spec.matchingPrecedence: Invalid value: 10001: must not be greater than 10000'],
  ],
  [
    'say who is meant',
    schema({ rules: [{ subjects: [] }] }),
    [
      'spec.rules[0].subjects: Required value: subjects must contain at least one value',
      'spec.rules[0]: Required value: at least one of resourceRules and nonResourceRules ' +
        'has to be non-empty',
    ],
  ],
]);

describeCreates(v1, 'prioritylevelconfigurations', [
  [
    'have a known type',
    { metadata: { name: 'a' }, spec: { type: 'X' } },
    ['spec.type: Unsupported value: "X": supported values: "Exempt", "Limited"'],
  ],
]);
