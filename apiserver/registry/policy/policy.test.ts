import { describeCreates } from '../test-refusals.ts';

const budget = (spec: object): object => ({ metadata: { name: 'a' }, spec });

describeCreates('policy/v1', 'poddisruptionbudgets', [
  ['are complete', budget({ minAvailable: '50%', selector: {} }), []],
  [
    'have one limit',
    budget({ minAvailable: 1, maxUnavailable: 1 }),
    [
      'spec: Invalid value: ' +
        '{"MinAvailable":1,"Selector":null,"MaxUnavailable":1,"UnhealthyPodEvictionPolicy":null}: ' +
        'minAvailable and maxUnavailable cannot be both set',
    ],
  ],
  [
    'have a limit that can be met',
    budget({ minAvailable: '101%' }),
    ['spec.minAvailable: Invalid value: "101%": must not be greater than 100%'],
  ],
  [
    'have a known policy',
    budget({ unhealthyPodEvictionPolicy: 'X' }),
    [
      'spec.unhealthyPodEvictionPolicy: Unsupported value: "X": supported values: ' +
        '"AlwaysAllow", "IfHealthyBudget"',
    ],
  ],
]);
