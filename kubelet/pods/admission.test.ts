import assert from 'node:assert/strict';
import type { Node, PodSpec } from '../../machinery/schema/wire.ts';
import { admit, resizeRefusal } from './admission.ts';
import type { NodePod } from './pod.ts';

function pod(spec: Partial<PodSpec>, name = 'p'): NodePod {
  return {
    metadata: { name, namespace: 'ns', uid: name },
    spec: { containers: [{ name: 'c' }], ...spec },
  };
}

const asking = (requests: Record<string, string>, name?: string): NodePod =>
  pod({ containers: [{ name: 'c', resources: { requests } }] }, name);
const onPort = (hostPort: number, more: object = {}): Partial<PodSpec> => ({
  containers: [{ name: 'c', ports: [{ containerPort: 80, hostPort, ...more }] }],
});

interface Case {
  readonly what: string;
  readonly pod: NodePod;
  readonly others?: NodePod[];
  readonly node?: Node;
  readonly strictGroups?: boolean;
  readonly expected: string | undefined;
}

const labelled: Node = { metadata: { name: 'n', labels: { disk: 'ssd' } } };
const tainted: Node = { spec: { taints: [{ key: 'k', value: 'v', effect: 'NoExecute' }] } };
const avoided: Node = { spec: { taints: [{ key: 'k', effect: 'NoSchedule' }] } };
const toleration = { key: 'k', operator: 'Exists' };

const cases: Case[] = [
  { what: 'a plain pod', pod: pod({}), expected: undefined },
  { what: 'another system', pod: pod({ os: { name: 'windows' } }), expected: 'PodOSNotSupported' },
  {
    what: 'enough CPU',
    pod: asking({ cpu: '2' }),
    others: [asking({ cpu: '2' }, 'o')],
    expected: undefined,
  },
  {
    what: 'too little CPU',
    pod: asking({ cpu: '2' }),
    others: [asking({ cpu: '2100m' }, 'o')],
    expected: 'OutOfcpu',
  },
  { what: 'too little memory', pod: asking({ memory: '9Gi' }), expected: 'OutOfmemory' },
  {
    what: 'what the node does not account for',
    pod: asking({ 'x.io/gpu': '1' }),
    expected: undefined,
  },
  {
    what: 'too many pods',
    pod: pod({}),
    others: [pod({}, 'a'), pod({}, 'b'), pod({}, 'd')],
    expected: 'OutOfpods',
  },
  {
    what: 'the labels it wants',
    pod: pod({ nodeSelector: { disk: 'ssd' } }),
    node: labelled,
    expected: undefined,
  },
  {
    what: 'other labels',
    pod: pod({ nodeSelector: { disk: 'hdd' } }),
    node: labelled,
    expected: 'NodeAffinity',
  },
  {
    what: 'a taint that drives pods away',
    pod: pod({}),
    node: tainted,
    expected: 'TaintToleration',
  },
  {
    what: 'a taint that is tolerated',
    pod: pod({ tolerations: [toleration] }),
    node: tainted,
    expected: undefined,
  },
  { what: 'a taint for the scheduler only', pod: pod({}), node: avoided, expected: undefined },
  {
    what: 'a host port that is taken',
    pod: pod(onPort(80)),
    others: [pod(onPort(80), 'o')],
    expected: 'NodePorts',
  },
  {
    what: 'the same port of another protocol',
    pod: pod(onPort(80, { protocol: 'UDP' })),
    others: [pod(onPort(80), 'o')],
    expected: undefined,
  },
  {
    what: 'the same port of another address',
    pod: pod(onPort(80, { hostIP: '1.1.1.1' })),
    others: [pod(onPort(80, { hostIP: '1.1.1.2' }), 'o')],
    expected: undefined,
  },
  {
    what: 'a safe sysctl',
    pod: pod({ securityContext: { sysctls: [{ name: 'net.ipv4.tcp_syncookies', value: '1' }] } }),
    expected: undefined,
  },
  {
    what: 'an unsafe sysctl',
    pod: pod({ securityContext: { sysctls: [{ name: 'kernel.msgmax', value: '1' }] } }),
    expected: 'SysctlForbidden',
  },
  {
    what: 'a sysctl of a namespace that is the host’s',
    pod: pod({
      hostNetwork: true,
      securityContext: { sysctls: [{ name: 'net.ipv4.tcp_syncookies', value: '1' }] },
    }),
    expected: 'SysctlForbidden',
  },
  {
    what: 'strict groups where the runtime has none',
    pod: pod({ securityContext: { supplementalGroupsPolicy: 'Strict' } }),
    strictGroups: false,
    expected: 'SupplementalGroupsPolicyNotSupported',
  },
];

describe('admission', () => {
  for (const { what, pod: candidate, others = [], node, strictGroups = true, expected } of cases) {
    it(`${what}: ${expected ?? 'admitted'}`, () => {
      const refusal = admit({
        pod: candidate,
        others,
        node,
        nodeName: 'n',
        allocatable: { cpu: '4', memory: '8Gi', pods: '3' },
        allowedSysctls: [],
        appArmor: false,
        strictGroups,
      });
      assert.equal(refusal?.reason, expected);
    });
  }

  it('says what is missing', () => {
    const refusal = admit({
      pod: asking({ cpu: '2' }),
      others: [asking({ cpu: '2100m' }, 'o')],
      node: undefined,
      nodeName: 'n',
      allocatable: { cpu: '4', pods: '3' },
      allowedSysctls: [],
      appArmor: false,
      strictGroups: true,
    });
    assert.equal(
      refusal?.message,
      "Node didn't have enough resource: cpu, requested: 2000, used: 2100, capacity: 4000",
    );
  });

  const allocatable = { cpu: '4', memory: '8Gi', pods: '3' };
  const resizes: [what: string, cpu: string, used: string, expected: string | undefined][] = [
    ['fits', '2', '1', undefined],
    ['does not fit now', '3', '2', 'Deferred'],
    ['will never fit', '5', '0', 'Infeasible'],
  ];
  for (const [what, cpu, used, expected] of resizes) {
    it(`a resize that ${what}`, () => {
      const refusal = resizeRefusal(asking({ cpu }), [asking({ cpu: used }, 'o')], allocatable);
      assert.equal(refusal?.reason, expected);
    });
  }
});
