import { describeCreates, describeUpdates } from '../test-refusals.ts';

const v1 = 'discovery.k8s.io/v1';
const slice = (fields: object): object => ({
  metadata: { name: 'a' },
  addressType: 'IPv4',
  endpoints: [],
  ...fields,
});

describeCreates(v1, 'endpointslices', [
  ['are complete', slice({ endpoints: [{ addresses: ['10.0.0.1'] }], ports: [{ port: 80 }] }), []],
  [
    'know the family of their addresses',
    slice({ addressType: 'X' }),
    ['addressType: Unsupported value: "X": supported values: "FQDN", "IPv4", "IPv6"'],
  ],
  [
    'hold addresses of that family',
    slice({ endpoints: [{ addresses: ['fd00::1'] }] }),
    ['endpoints[0].addresses: Invalid value: "fd00::1": must be an IPv4 address'],
  ],
  [
    'hold addresses',
    slice({ endpoints: [{ addresses: [] }] }),
    ['endpoints[0].addresses: Required value: must contain at least 1 address'],
  ],
  [
    'name their ports apart',
    slice({
      ports: [
        { name: 'x', port: 1 },
        { name: 'x', port: 2 },
      ],
    }),
    ['ports[1].name: Duplicate value: "x"'],
  ],
]);

describeUpdates(v1, 'endpointslices', [
  [
    'keep the family',
    slice({}),
    (s) => (s.addressType = 'IPv6'),
    ['addressType: Invalid value: "IPv6": field is immutable'],
  ],
]);
