import assert from 'node:assert/strict';
import type { KubeObject, Node, Pod, Toleration } from '../../machinery/schema/wire.ts';
import { alwaysPullImages } from './always-pull-images.ts';
import { extendedResourceToleration } from './extended-resource-toleration.ts';
import { limitPodHardAntiAffinityTopology } from './limit-pod-hard-anti-affinity-topology.ts';
import { nodeDeclaredFeatures } from './node-declared-features.ts';
import { podResizeValidator } from './pod-resize-validator.ts';
import { podTopologyLabels } from './pod-topology-labels.ts';
import { runtimeClass } from './runtime-class.ts';
import { attributes, judge, testEnvironment } from './test-environment.ts';
import { mergeTolerations } from './tolerations.ts';

const pod = (spec: object = {}): Pod =>
  ({
    metadata: { name: 'p', generation: 1 },
    spec: { containers: [{ name: 'c' }], ...spec },
  }) as Pod;

describe('RuntimeClass', () => {
  const classes = [
    {
      metadata: { name: 'heavy' },
      handler: 'h',
      overhead: { podFixed: { cpu: '1' } },
      scheduling: { nodeSelector: { rt: 'x' }, tolerations: [{ key: 'rt', operator: 'Exists' }] },
    },
    { metadata: { name: 'plain' }, handler: 'h' },
  ];
  const plugin = runtimeClass(testEnvironment({ 'runtimeclasses.node.k8s.io': classes }));

  it('sets overhead and places', async () => {
    const object = pod({ runtimeClassName: 'heavy', nodeSelector: { a: 'b' } });
    assert.equal(await judge(plugin, attributes({ object })), undefined);
    const { overhead, nodeSelector, tolerations } = object.spec!;
    assert.deepEqual(overhead, { cpu: '1' });
    assert.deepEqual(nodeSelector, { a: 'b', rt: 'x' });
    assert.deepEqual(tolerations, [{ key: 'rt', operator: 'Exists' }]);
  });

  const cases: [string, object, string | undefined][] = [
    ['no class', {}, undefined],
    ['a class without anything', { runtimeClassName: 'plain' }, undefined],
    ['the same overhead', { runtimeClassName: 'heavy', overhead: { cpu: '1000m' } }, undefined],
    [
      'overhead without a class',
      { overhead: { cpu: '1' } },
      'pod rejected: Pod Overhead set without corresponding RuntimeClass defined Overhead',
    ],
    [
      'another overhead',
      { runtimeClassName: 'heavy', overhead: { cpu: '2' } },
      "pod rejected: Pod's Overhead doesn't match RuntimeClass's defined Overhead",
    ],
    [
      'another place',
      { runtimeClassName: 'heavy', nodeSelector: { rt: 'y' } },
      'conflict: runtimeClass.scheduling.nodeSelector[rt] = x; pod.spec.nodeSelector[rt] = y',
    ],
    ['no such class', { runtimeClassName: 'x' }, 'pod rejected: RuntimeClass "x" not found'],
  ];
  for (const [what, spec, problem] of cases) {
    it(`judges ${what}`, async () => {
      const expected = problem === undefined ? undefined : `pods "p" is forbidden: ${problem}`;
      assert.equal(await judge(plugin, attributes({ object: pod(spec) })), expected);
    });
  }
});

describe('mergeTolerations', () => {
  const all: Toleration = { operator: 'Exists' };
  const key: Toleration = { key: 'k', operator: 'Exists' };
  const value: Toleration = { key: 'k', operator: 'Equal', value: 'v', effect: 'NoSchedule' };
  const cases: [string, Toleration[], Toleration[], Toleration[]][] = [
    [
      'keeps what differs',
      [key],
      [{ key: 'l', operator: 'Exists' }],
      [key, { key: 'l', operator: 'Exists' }],
    ],
    ['takes the first of equal ones', [value], [{ ...value }], [value]],
    ['lets the wider one of the second list win', [value], [key], [key]],
    ['lets the wider one of the first list win', [all], [key, value], [all]],
    [
      'compares seconds',
      [{ ...key, effect: 'NoExecute', tolerationSeconds: 5 }],
      [{ ...key, effect: 'NoExecute', tolerationSeconds: 9 }],
      [{ ...key, effect: 'NoExecute', tolerationSeconds: 9 }],
    ],
  ];
  for (const [what, first, second, expected] of cases) {
    it(what, () => assert.deepEqual(mergeTolerations(first, second), expected));
  }
});

describe('PodTopologyLabels', () => {
  it('copies the zone and the region of the node', async () => {
    const labels = {
      'topology.kubernetes.io/zone': 'z',
      'topology.kubernetes.io/region': 'r',
      other: 'o',
    };
    const plugin = podTopologyLabels(
      testEnvironment({ nodes: [{ metadata: { name: 'n', labels } }] }),
    );
    const object = pod({ nodeName: 'n' });
    await judge(plugin, attributes({ object }));
    const copied = { 'topology.kubernetes.io/zone': 'z', 'topology.kubernetes.io/region': 'r' };
    assert.deepEqual(object.metadata?.labels, copied);
    const binding: KubeObject & { target: object } = { target: { kind: 'Node', name: 'n' } };
    await judge(plugin, attributes({ object: binding, subresource: 'binding' }));
    assert.deepEqual(binding.metadata?.labels, copied);
    const elsewhere = pod({ nodeName: 'm' });
    await judge(plugin, attributes({ object: elsewhere }));
    assert.equal(elsewhere.metadata?.labels, undefined);
  });
});

describe('ExtendedResourceToleration', () => {
  it('tolerates the taints of devices once', async () => {
    const resources = { requests: { cpu: '1', 'x.com/gpu': '1', 'kubernetes.io/y': '1' } };
    const object = pod({ containers: [{ name: 'c', resources }] });
    await judge(extendedResourceToleration, attributes({ object }));
    await judge(extendedResourceToleration, attributes({ object }));
    assert.deepEqual(object.spec?.tolerations, [
      { key: 'x.com/gpu', operator: 'Exists', effect: 'NoSchedule' },
    ]);
  });
});

describe('AlwaysPullImages', () => {
  it('pulls always, and on updates only what is new', async () => {
    const image = { name: 'v', image: { reference: 'r', pullPolicy: 'Never' } };
    const containers = [{ name: 'c', image: 'a', imagePullPolicy: 'Never' }];
    const made = () => pod({ containers: structuredClone(containers), volumes: [image] });
    const object = made();
    await judge(alwaysPullImages, attributes({ object }));
    assert.equal(object.spec?.containers[0]?.imagePullPolicy, 'Always');
    assert.equal(object.spec?.volumes?.[0]?.image?.pullPolicy, 'Always');
    const updated = made();
    const update = { operation: 'UPDATE' as const, object: updated, oldObject: made() };
    await judge(alwaysPullImages, attributes(update));
    assert.equal(updated.spec?.containers[0]?.imagePullPolicy, 'Never');
    assert.throws(
      () => alwaysPullImages.validate?.(attributes({ object: updated })),
      /"p" is forbidden: spec\.containers\[0\]\.imagePullPolicy: Unsupported value: "Never": supported values: "Always"/,
    );
  });
});

describe('LimitPodHardAntiAffinityTopology', () => {
  it('refuses other topologies than nodes', async () => {
    const judged = (topologyKey: string) => {
      const rules = { requiredDuringSchedulingIgnoredDuringExecution: [{ topologyKey }] };
      const object = pod({ affinity: { podAntiAffinity: rules } });
      return judge(limitPodHardAntiAffinityTopology, attributes({ object }));
    };
    assert.equal(await judged('kubernetes.io/hostname'), undefined);
    assert.match((await judged('zone')) ?? '', /has TopologyKey zone but only key/);
  });
});

describe('changes of running pods', () => {
  const node = (declaredFeatures: string[], os = 'linux'): Node =>
    ({
      metadata: { name: 'n', labels: { 'kubernetes.io/os': os } },
      status: { declaredFeatures, allocatable: { cpu: '2', memory: '1Gi' } },
    }) as Node;
  const change = (spec: object) => {
    const oldObject = pod({ nodeName: 'n', initContainers: [{ name: 'i' }] });
    const object = structuredClone(oldObject);
    Object.assign(object.spec!, spec);
    object.metadata!.generation = 2;
    return attributes({ operation: 'UPDATE', subresource: 'resize', object, oldObject });
  };
  const asks = (requests: object) => ({ containers: [{ name: 'c', resources: { requests } }] });
  const initAsks = { initContainers: [{ name: 'i', resources: { requests: { cpu: '1' } } }] };
  const features = 'InPlacePodVerticalScalingInitContainers';

  const cases: [string, Node[], object, string | undefined, string | undefined][] = [
    ['a small one', [node([])], asks({ cpu: '1' }), undefined, undefined],
    [
      'one of the whole pod',
      [node([])],
      { resources: { requests: { cpu: '1' } } },
      'pod update requires features InPlacePodLevelResourcesVerticalScaling which are not available on node "n"',
      undefined,
    ],
    ['one that the node declares', [node([features])], initAsks, undefined, undefined],
    ['one without its node', [], initAsks, 'node "n" not found', 'node "n" not found'],
    [
      'one that does not fit',
      [node([])],
      asks({ cpu: '2500m', memory: '2Gi' }),
      undefined,
      "node didn't have enough allocatable resources: cpu, requested: 2500, allocatable: 2000; memory, requested: 2147483648, allocatable: 1073741824",
    ],
    [
      'one on another system',
      [node([], 'windows')],
      asks({ cpu: '1' }),
      undefined,
      'pod resize is only supported on linux nodes, node "n" is "windows"',
    ],
  ];
  for (const [what, nodes, spec, declared, fits] of cases) {
    it(`judges ${what}`, async () => {
      const env = testEnvironment({ nodes });
      const text = (why?: string) => (why === undefined ? why : `pods "p" is forbidden: ${why}`);
      assert.equal(await judge(nodeDeclaredFeatures(env), change(spec)), text(declared));
      assert.equal(await judge(podResizeValidator(env), change(spec)), text(fits));
    });
  }
});
