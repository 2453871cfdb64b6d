import { describeCreates, describeUpdates } from '../test-refusals.ts';

const v1 = 'coordination.k8s.io/v1';
const lease = (spec: object): object => ({ metadata: { name: 'a' }, spec });

describeCreates(v1, 'leases', [
  ['are complete', lease({ holderIdentity: 'h', leaseDurationSeconds: 10 }), []],
  [
    'last a while',
    lease({ leaseDurationSeconds: 0, leaseTransitions: -1 }),
    [
      'spec.leaseDurationSeconds: Invalid value: 0: must be greater than 0',
      'spec.leaseTransitions: Invalid value: -1: must be greater than or equal to 0',
    ],
  ],
]);

describeUpdates(v1, 'leases', [
  ['change hands', lease({ holderIdentity: 'h' }), (l) => (l.spec.holderIdentity = 'i'), []],
]);
