import { describeCreates, describeUpdates } from '../test-refusals.ts';

const v1 = 'networking.k8s.io/v1';
const backend = { service: { name: 's', port: { number: 80 } } };
const ingress = (spec: object): object => ({ metadata: { name: 'a' }, spec });
const path = (p: object): object =>
  ingress({ rules: [{ http: { paths: [{ path: '/', pathType: 'Prefix', backend, ...p }] } }] });

describeCreates(v1, 'ingresses', [
  ['are complete', path({}), []],
  [
    'have a backend or rules',
    ingress({}),
    ['spec: Invalid value: null: either `defaultBackend` or `rules` must be specified'],
  ],
  [
    'have types of paths',
    path({ pathType: null }),
    ['spec.rules[0].http.paths[0].pathType: Required value: pathType must be specified'],
  ],
  [
    'have plain paths',
    path({ path: '/a//b' }),
    ['spec.rules[0].http.paths[0].path: Invalid value: "/a//b": must not contain \'//\''],
  ],
  [
    'have hosts that are names',
    ingress({ rules: [{ host: '1.2.3.4' }] }),
    ['spec.rules[0].host: Invalid value: "1.2.3.4": must be a DNS name, not an IP address'],
  ],
  [
    'name a port by number or by name',
    path({ backend: { service: { name: 's', port: { number: 80, name: 'x' } } } }),
    [
      'spec.rules[0].http.paths[0].backend: Invalid value: "": cannot set both port name ' +
        '& port number',
    ],
  ],
]);

describeUpdates(v1, 'ingressclasses', [
  [
    'keep their controller',
    { metadata: { name: 'a' }, spec: { controller: 'e.com/c' } },
    (c) => (c.spec.controller = 'e.com/d'),
    ['spec.controller: Invalid value: "e.com/d": field is immutable'],
  ],
]);

describeCreates(v1, 'networkpolicies', [
  ['may say nothing', { metadata: { name: 'a' }, spec: {} }, []],
  [
    'have peers of one sort',
    {
      metadata: { name: 'a' },
      spec: { ingress: [{ from: [{ ipBlock: { cidr: '10.0.0.0/8' }, podSelector: {} }] }] },
    },
    ['spec.ingress[0].from[0]: Forbidden: may not specify both ipBlock and another peer'],
  ],
  [
    'except parts of their block',
    {
      metadata: { name: 'a' },
      spec: { ingress: [{ from: [{ ipBlock: { cidr: '10.0.0.0/8', except: ['11.0.0.0/16'] } }] }] },
    },
    [
      'spec.ingress[0].from[0].ipBlock.except[0]: Invalid value: "11.0.0.0/16": must be ' +
        'a strict subset of `cidr`',
    ],
  ],
]);

describeCreates(v1, 'servicecidrs', [
  ['are complete', { metadata: { name: 'a' }, spec: { cidrs: ['10.1.0.0/24'] } }, []],
  [
    'hold one block of each family',
    { metadata: { name: 'a' }, spec: { cidrs: ['10.1.0.0/24', '10.2.0.0/24'] } },
    [
      'spec.cidrs: Invalid value: ["10.1.0.0/24","10.2.0.0/24"]: may specify no more ' +
        'than one IP for each IP family…',
    ],
  ],
]);

describeCreates(v1, 'ipaddresses', [
  [
    'are named by an address',
    { metadata: { name: 'x' }, spec: { parentRef: { resource: 'services', name: 'a' } } },
    ['metadata.name: Invalid value: "x": must be a valid IP address…'],
  ],
]);
