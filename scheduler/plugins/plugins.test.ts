import assert from 'node:assert/strict';
import type { Node, Pod, TopologySpreadConstraint } from '../../machinery/schema/wire.ts';
import { testNode, testPod } from '../test-bed.ts';
import { judge, type World } from './plugin-bed.ts';

type PodSpec = Partial<NonNullable<Pod['spec']>>;

function node(name: string, labels: Record<string, string> = {}, change: Partial<Node> = {}): Node {
  return testNode(name, undefined, { ...change, labels });
}

/** A pod on a node. */
function on(
  nodeName: string,
  name: string,
  labels: Record<string, string> = {},
  spec: PodSpec = {},
  requests: Record<string, string> = {},
): Pod {
  const metadata = { name, namespace: 'default', uid: name, labels };
  return testPod(name, requests, { nodeName, ...spec }, metadata);
}

interface Case {
  readonly plugin: string;
  readonly it: string;
  readonly args?: unknown;
  readonly world: World;
  readonly pod: Pod;
  readonly preFilter?: string;
  /** By node; '' fits, '!' at the end: removing pods would not help. */
  readonly reasons?: Record<string, string>;
  readonly scores?: Record<string, number>;
}

const small = (name: string, allocatable: Record<string, string>) => testNode(name, allocatable);
const four = { cpu: '4', memory: '8Gi', pods: '110' };
const zones = [node('n1', { zone: 'a' }), node('n2', { zone: 'a' }), node('n3', { zone: 'b' })];
const spread = (change: Partial<TopologySpreadConstraint> = {}): PodSpec => ({
  topologySpreadConstraints: [
    {
      maxSkew: 1,
      topologyKey: 'zone',
      whenUnsatisfiable: 'DoNotSchedule',
      labelSelector: { matchLabels: { app: 'x' } },
      ...change,
    },
  ],
});
const uneven = "node(s) didn't match pod topology spread constraints";
const x = { app: 'x' };
const labelled = (labels: Record<string, string>, spec: PodSpec = {}) =>
  testPod('p', {}, spec, { name: 'p', namespace: 'default', uid: 'p', labels });
const term = (topologyKey: string, labels = x) => ({
  topologyKey,
  labelSelector: { matchLabels: labels },
});
const near = (...terms: ReturnType<typeof term>[]): PodSpec => ({
  affinity: { podAffinity: { requiredDuringSchedulingIgnoredDuringExecution: terms } },
});
const apart = (...terms: ReturnType<typeof term>[]): PodSpec => ({
  affinity: { podAntiAffinity: { requiredDuringSchedulingIgnoredDuringExecution: terms } },
});
const claimPod = testPod(
  'p',
  {},
  {
    volumes: [{ name: 'v', persistentVolumeClaim: { claimName: 'c' } }],
  },
);
const claim = (spec: object, annotations: Record<string, string> = {}) => ({
  metadata: { name: 'c', namespace: 'default', uid: 'c', annotations },
  spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Gi' } }, ...spec },
});
const bound = { 'pv.kubernetes.io/bind-completed': 'yes' };
const zoneAffinity = (zone: string) => ({
  required: {
    nodeSelectorTerms: [{ matchExpressions: [{ key: 'zone', operator: 'In', values: [zone] }] }],
  },
});
const volume = (name: string, spec: object = {}) => ({
  metadata: { name },
  spec: {
    capacity: { storage: '1Gi' },
    accessModes: ['ReadWriteOnce'],
    storageClassName: 'wait',
    ...spec,
  },
  status: { phase: 'Available' },
});
const classes = [
  {
    metadata: { name: 'wait' },
    provisioner: 'kubernetes.io/no-provisioner',
    volumeBindingMode: 'WaitForFirstConsumer',
  },
  { metadata: { name: 'now' }, provisioner: 'x', volumeBindingMode: 'Immediate' },
];

const cases: Case[] = [
  {
    plugin: 'NodeResourcesFit',
    it: 'tells what is lacking, and whether an empty node would do',
    world: {
      nodes: [
        small('n1', { cpu: '1', memory: '1Gi', pods: '10' }),
        small('n2', four),
        small('n3', { ...four, pods: '0' }),
      ],
      pods: [on('n2', 'a', {}, {}, { cpu: '3' })],
    },
    pod: testPod('p', { cpu: '2', memory: '2Gi', 'example.com/gpu': '1' }),
    reasons: {
      n1: 'Insufficient cpu, Insufficient memory, Insufficient example.com/gpu!',
      n2: 'Insufficient cpu, Insufficient example.com/gpu!',
      n3: 'Too many pods, Insufficient example.com/gpu!',
    },
  },
  {
    plugin: 'NodeResourcesFit',
    it: 'prefers the emptiest node',
    world: { nodes: [small('n1', four), small('n2', four)], pods: [on('n1', 'a', {}, {}, four)] },
    pod: testPod('p', { cpu: '1', memory: '2Gi' }),
    scores: { n1: 0, n2: 75 },
  },
  {
    plugin: 'NodeResourcesFit',
    it: 'prefers the fullest node with MostAllocated',
    args: { scoringStrategy: { type: 'MostAllocated' } },
    world: {
      nodes: [small('n1', four), small('n2', four)],
      pods: [on('n1', 'a', {}, {}, { cpu: '2', memory: '4Gi' })],
    },
    pod: testPod('p', { cpu: '1', memory: '2Gi' }),
    scores: { n1: 75, n2: 25 },
  },
  {
    plugin: 'NodeResourcesFit',
    it: 'follows the shape of RequestedToCapacityRatio',
    args: {
      scoringStrategy: {
        type: 'RequestedToCapacityRatio',
        resources: [{ name: 'cpu', weight: 1 }],
        requestedToCapacityRatio: {
          shape: [
            { utilization: 0, score: 0 },
            { utilization: 100, score: 10 },
          ],
        },
      },
    },
    world: { nodes: [small('n1', four)], pods: [on('n1', 'a', {}, {}, { cpu: '1' })] },
    pod: testPod('p', { cpu: '1' }),
    scores: { n1: 50 },
  },
  {
    plugin: 'NodeResourcesBalancedAllocation',
    it: 'prefers the node it makes more even',
    world: {
      nodes: [small('n1', four), small('n2', four)],
      pods: [on('n1', 'a', {}, {}, { cpu: '3' }), on('n2', 'b', {}, {}, { memory: '6Gi' })],
    },
    pod: testPod('p', { cpu: '1' }),
    scores: { n1: 69, n2: 81 },
  },
  {
    plugin: 'TaintToleration',
    it: 'keeps off taints and avoids those that ask for it',
    world: {
      nodes: [
        node('n1', {}, { spec: { taints: [{ key: 'k', effect: 'NoSchedule' }] } }),
        node('n2', {}, { spec: { taints: [{ key: 'k', effect: 'PreferNoSchedule' }] } }),
        node('n3', {}, { spec: { taints: [{ key: 'ok', effect: 'NoExecute' }] } }),
      ],
    },
    pod: testPod('p', {}, { tolerations: [{ key: 'ok', operator: 'Exists' }] }),
    reasons: { n1: 'node(s) had untolerated taint(s)!', n2: '', n3: '' },
    scores: { n1: 100, n2: 0, n3: 100 },
  },
  {
    plugin: 'NodeUnschedulable',
    it: 'keeps off cordoned nodes',
    world: { nodes: [node('n1', {}, { spec: { unschedulable: true } }), node('n2')] },
    pod: testPod('p'),
    reasons: { n1: 'node(s) were unschedulable!', n2: '' },
  },
  {
    plugin: 'NodeName',
    it: 'lets a pod go only where it says',
    world: { nodes: [node('n1'), node('n2')] },
    pod: testPod('p', {}, { nodeName: 'n2' }),
    reasons: { n1: "node(s) didn't match the requested node name!", n2: '' },
  },
  {
    plugin: 'NodePorts',
    it: 'sees host ports that are taken, on any address and on one',
    world: {
      nodes: [node('n1'), node('n2'), node('n3')],
      pods: [
        on(
          'n1',
          'a',
          {},
          {
            containers: [{ name: 'c', ports: [{ containerPort: 80, hostPort: 80 }] }],
          },
        ),
        on(
          'n2',
          'b',
          {},
          {
            containers: [
              { name: 'c', ports: [{ containerPort: 80, hostPort: 80, hostIP: '10.0.0.1' }] },
            ],
          },
        ),
      ],
    },
    pod: testPod(
      'p',
      {},
      {
        containers: [
          { name: 'c', ports: [{ containerPort: 80, hostPort: 80, hostIP: '10.0.0.2' }] },
        ],
      },
    ),
    reasons: {
      n1: "node(s) didn't have free ports for the requested pod ports",
      n2: '',
      n3: '',
    },
  },
  {
    plugin: 'NodeAffinity',
    it: 'matches selector and required terms, and scores preferred ones',
    args: {
      addedAffinity: {
        preferredDuringSchedulingIgnoredDuringExecution: [
          {
            weight: 1,
            preference: { matchExpressions: [{ key: 'n', operator: 'Gt', values: ['4'] }] },
          },
        ],
      },
    },
    world: {
      nodes: [node('n1', { disk: 'ssd' }), node('n2', { disk: 'hdd' }), node('n3', { n: '5' })],
    },
    pod: testPod(
      'p',
      {},
      {
        affinity: {
          nodeAffinity: {
            requiredDuringSchedulingIgnoredDuringExecution: {
              nodeSelectorTerms: [
                { matchExpressions: [{ key: 'disk', operator: 'NotIn', values: ['hdd'] }] },
              ],
            },
            preferredDuringSchedulingIgnoredDuringExecution: [
              {
                weight: 2,
                preference: { matchExpressions: [{ key: 'disk', operator: 'Exists' }] },
              },
            ],
          },
        },
      },
    ),
    reasons: { n1: '', n2: "node(s) didn't match Pod's node affinity/selector!", n3: '' },
    scores: { n1: 100, n2: 100, n3: 50 },
  },
  {
    plugin: 'NodeAffinity',
    it: 'looks only at nodes that are named',
    world: { nodes: [node('n1'), node('n2')] },
    pod: testPod(
      'p',
      {},
      {
        affinity: {
          nodeAffinity: {
            requiredDuringSchedulingIgnoredDuringExecution: {
              nodeSelectorTerms: [
                { matchFields: [{ key: 'metadata.name', operator: 'In', values: ['n2'] }] },
              ],
            },
          },
        },
      },
    ),
    preFilter: 'only n2',
    reasons: { n1: "node(s) didn't match Pod's node affinity/selector!", n2: '' },
  },
  {
    plugin: 'PodTopologySpread',
    it: 'keeps the difference between zones small',
    world: { nodes: [...zones, node('n4')], pods: [on('n1', 'a', x), on('n2', 'b', x)] },
    pod: labelled(x, spread()),
    reasons: { n1: uneven, n2: uneven, n3: '', n4: `${uneven} (missing required label)!` },
  },
  {
    plugin: 'PodTopologySpread',
    it: 'counts missing domains as empty',
    world: { nodes: zones, pods: [on('n1', 'a', x), on('n3', 'b', x)] },
    pod: labelled(x, spread({ minDomains: 3 })),
    reasons: { n1: uneven, n2: uneven, n3: uneven },
  },
  {
    plugin: 'PodTopologySpread',
    it: 'leaves tainted nodes out when asked to',
    world: {
      nodes: [
        node('n1', { zone: 'a' }),
        node('n2', { zone: 'b' }, { spec: { taints: [{ key: 'k', effect: 'NoSchedule' }] } }),
      ],
      pods: [on('n1', 'a', x)],
    },
    pod: labelled(x, spread({ nodeTaintsPolicy: 'Honor' })),
    reasons: { n1: '', n2: '' },
  },
  {
    plugin: 'PodTopologySpread',
    it: 'scores by soft constraints',
    world: {
      nodes: zones,
      pods: [on('n1', 'a', x), on('n1', 'b', x), on('n3', 'c', x)],
    },
    pod: labelled(x, spread({ whenUnsatisfiable: 'ScheduleAnyway' })),
    scores: { n1: 33, n2: 33, n3: 100 },
  },
  {
    plugin: 'PodTopologySpread',
    it: 'spreads the pods of a service over hosts by default',
    world: {
      nodes: [node('n1'), node('n2')],
      pods: [on('n1', 'a', x), on('n1', 'b', x)],
      objects: {
        services: [
          { metadata: { name: 's', namespace: 'default' }, spec: { selector: x } } as never,
        ],
      },
    },
    pod: labelled(x),
    scores: { n1: 40, n2: 100 },
  },
  {
    plugin: 'InterPodAffinity',
    it: 'wants to be near',
    world: { nodes: [...zones, node('n4')], pods: [on('n1', 'a', x)] },
    pod: labelled({}, near(term('zone'))),
    reasons: {
      n1: '',
      n2: '',
      n3: "node(s) didn't match pod affinity rules!",
      n4: "node(s) didn't match pod affinity rules!",
    },
  },
  {
    plugin: 'InterPodAffinity',
    it: 'lets the first of a group in',
    world: { nodes: zones },
    pod: labelled(x, near(term('zone'))),
    reasons: { n1: '', n2: '', n3: '' },
  },
  {
    plugin: 'InterPodAffinity',
    it: 'wants to be apart, and so do pods that are there',
    world: {
      nodes: zones,
      pods: [on('n1', 'a', x), on('n3', 'b', {}, apart(term('zone', { app: 'y' })))],
    },
    pod: labelled({ app: 'y' }, apart(term('kubernetes.io/hostname'))),
    reasons: {
      n1: "node(s) didn't match pod anti-affinity rules",
      n2: '',
      n3: "node(s) didn't satisfy existing pods anti-affinity rules",
    },
  },
  {
    plugin: 'InterPodAffinity',
    it: 'scores by wishes of both sides',
    world: {
      nodes: zones,
      pods: [on('n1', 'a', x), on('n3', 'b', {}, near(term('zone', { app: 'y' })))],
    },
    pod: labelled(
      { app: 'y' },
      {
        affinity: {
          podAntiAffinity: {
            preferredDuringSchedulingIgnoredDuringExecution: [
              { weight: 3, podAffinityTerm: term('kubernetes.io/hostname') },
            ],
          },
        },
      },
    ),
    scores: { n1: 0, n2: 75, n3: 100 },
  },
  {
    plugin: 'ImageLocality',
    it: 'prefers nodes that have the image, more so when many do',
    world: {
      nodes: [
        node(
          'n1',
          {},
          {
            status: { images: [{ names: ['pause:latest'], sizeBytes: 600 * 1024 * 1024 }] },
          },
        ),
        node('n2'),
      ],
    },
    pod: testPod('p'),
    scores: { n1: 28, n2: 0 },
  },
  {
    plugin: 'VolumeBinding',
    it: 'says that a claim is missing',
    world: { nodes: zones },
    pod: claimPod,
    preFilter: 'persistentvolumeclaim "c" not found',
    reasons: {},
  },
  {
    plugin: 'VolumeBinding',
    it: 'waits for claims that are bound by others',
    world: {
      nodes: zones,
      objects: {
        persistentVolumeClaims: [claim({ storageClassName: 'now' })],
        storageClasses: classes,
      },
    },
    pod: claimPod,
    preFilter: 'pod has unbound immediate PersistentVolumeClaims',
    reasons: {},
  },
  {
    plugin: 'VolumeBinding',
    it: 'goes where the bound volume is',
    world: {
      nodes: zones,
      objects: {
        persistentVolumeClaims: [claim({ volumeName: 'v' }, bound)],
        persistentVolumes: [volume('v', { nodeAffinity: zoneAffinity('a') })],
      },
    },
    pod: claimPod,
    reasons: { n1: '', n2: '', n3: "node(s) didn't match PersistentVolume's node affinity!" },
  },
  {
    plugin: 'VolumeBinding',
    it: 'finds a volume for a claim that waits for its pod',
    world: {
      nodes: zones,
      objects: {
        persistentVolumeClaims: [claim({ storageClassName: 'wait' })],
        persistentVolumes: [volume('v', { nodeAffinity: zoneAffinity('b') })],
        storageClasses: classes,
      },
    },
    pod: claimPod,
    reasons: {
      n1: "node(s) didn't find available persistent volumes to bind!",
      n2: "node(s) didn't find available persistent volumes to bind!",
      n3: '',
    },
  },
  {
    plugin: 'VolumeZone',
    it: 'goes to the zone the volume is labelled with',
    world: {
      nodes: [
        node('n1', { 'topology.kubernetes.io/zone': 'a' }),
        node('n2', { 'topology.kubernetes.io/zone': 'c' }),
      ],
      objects: {
        persistentVolumeClaims: [claim({ volumeName: 'v' }, bound)],
        persistentVolumes: [
          { metadata: { name: 'v', labels: { 'failure-domain.beta.kubernetes.io/zone': 'a__b' } } },
        ],
      },
    },
    pod: claimPod,
    reasons: { n1: '', n2: 'node(s) had no available volume zone!' },
  },
  {
    plugin: 'VolumeRestrictions',
    it: 'lets one pod at a time use a ReadWriteOncePod claim',
    world: {
      nodes: [node('n1')],
      pods: [
        on(
          'n1',
          'a',
          {},
          {
            volumes: [{ name: 'v', persistentVolumeClaim: { claimName: 'c' } }],
          },
        ),
      ],
      objects: { persistentVolumeClaims: [claim({ accessModes: ['ReadWriteOncePod'] })] },
    },
    pod: claimPod,
    reasons: {
      n1:
        'node(s) unavailable due to PersistentVolumeClaim with ReadWriteOncePod access mode ' +
        'already in-use by another pod',
    },
  },
  {
    plugin: 'NodeVolumeLimits',
    it: 'counts the volumes of a driver',
    world: {
      nodes: [node('n1'), node('n2')],
      objects: {
        persistentVolumeClaims: [claim({ volumeName: 'v' }, bound)],
        persistentVolumes: [volume('v', { csi: { driver: 'd', volumeHandle: '1' } })],
        csiNodes: [
          {
            metadata: { name: 'n1' },
            spec: { drivers: [{ name: 'd', nodeID: 'n1', allocatable: { count: 0 } }] },
          } as never,
        ],
      },
    },
    pod: claimPod,
    reasons: { n1: 'node(s) exceed max volume count', n2: '' },
  },
];

describe('plugins', () => {
  for (const one of cases) {
    it(`${one.plugin} ${one.it}`, () => {
      const found = judge(one.plugin, one.args, one.world, one.pod);
      if (one.reasons !== undefined) {
        assert.equal(found.preFilter, one.preFilter ?? '');
        assert.deepEqual(found.reasons, one.reasons);
      }
      if (one.scores !== undefined) assert.deepEqual(found.scores, one.scores);
    });
  }
});
