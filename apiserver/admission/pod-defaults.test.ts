import assert from 'node:assert/strict';
import type { KubeObject, Pod } from '../../machinery/schema/wire.ts';
import { defaultStorageClass } from './default-storage-class.ts';
import { defaultTolerationSeconds } from './default-toleration-seconds.ts';
import { namespaceLifecycle } from './namespace-lifecycle.ts';
import { newestMarked } from './newest-marked.ts';
import { priority } from './priority.ts';
import { storageObjectInUseProtection } from './storage-object-in-use-protection.ts';
import { taintNodesByCondition } from './taint-nodes-by-condition.ts';
import { attributes, judge, testEnvironment } from './test-environment.ts';

const pod = (spec: Partial<Pod['spec'] & {}> = {}): Pod => ({
  metadata: { name: 'p', namespace: 'ns' },
  spec: { containers: [{ name: 'c' }], ...spec },
});

describe('NamespaceLifecycle', () => {
  const namespace = (name: string, phase: string): KubeObject & { status: object } => ({
    metadata: { name },
    status: { phase },
  });
  const env = testEnvironment({
    namespaces: [namespace('ns', 'Active'), namespace('going', 'Terminating')],
  });
  const plugin = namespaceLifecycle(env);
  const cases: [string, Parameters<typeof attributes>[0], string | undefined][] = [
    ['lets a create into an active namespace', { object: pod() }, undefined],
    [
      'refuses a create in a terminating one',
      { object: pod(), namespace: 'going' },
      'pods "p" is forbidden: unable to create new content in namespace going because it is being terminated',
    ],
    [
      'lets an update in a terminating one',
      { operation: 'UPDATE', object: pod(), namespace: 'going' },
      undefined,
    ],
    [
      'refuses a namespace that is not there',
      { object: pod(), namespace: 'none' },
      'namespaces "none" not found',
    ],
    ['lets deletes', { operation: 'DELETE', namespace: 'none' }, undefined],
    [
      'lets access reviews anywhere',
      {
        group: 'authorization.k8s.io',
        resource: 'localsubjectaccessreviews',
        namespace: 'none',
        object: {},
      },
      undefined,
    ],
    [
      'keeps the namespaces of the system',
      {
        operation: 'DELETE',
        resource: 'namespaces',
        kind: 'Namespace',
        name: 'kube-system',
        namespace: 'kube-system',
      },
      'namespaces "kube-system" is forbidden: this namespace may not be deleted',
    ],
  ];
  for (const [what, given, expected] of cases) {
    it(what, async () => assert.equal(await judge(plugin, attributes(given)), expected));
  }
});

describe('Priority', () => {
  const pc = 'priorityclasses.scheduling.k8s.io';
  const high = { metadata: { name: 'high' }, value: 1000, preemptionPolicy: 'Never' };
  const plain = { metadata: { name: 'plain' }, value: 5, globalDefault: true };

  const resolved = async (classes: object[], spec: object) => {
    const object = pod(spec);
    const plugin = priority(testEnvironment({ [pc]: classes as KubeObject[] }));
    const problem = await judge(plugin, attributes({ object }));
    if (problem !== undefined) return problem;
    const { priority: number, priorityClassName, preemptionPolicy } = object.spec!;
    return [number, priorityClassName, preemptionPolicy];
  };
  const cases: [string, object[], object, unknown][] = [
    ['no class', [high], {}, [0, undefined, 'PreemptLowerPriority']],
    ['the default class', [high, plain], {}, [5, 'plain', undefined]],
    ['a named class', [high], { priorityClassName: 'high' }, [1000, 'high', 'Never']],
    [
      'a class that is not there',
      [],
      { priorityClassName: 'x' },
      'pods "p" is forbidden: no PriorityClass with name x was found',
    ],
    [
      'a number of its own',
      [high],
      { priorityClassName: 'high', priority: 7 },
      'pods "p" is forbidden: the integer value of priority (7) must not be provided in pod spec; priority admission controller computed 1000 from the given PriorityClass name',
    ],
    [
      'the lowest of several defaults',
      [plain, { metadata: { name: 'lower' }, value: 1, globalDefault: true }],
      {},
      [1, 'lower', undefined],
    ],
  ];
  for (const [what, classes, spec, expected] of cases) {
    it(`resolves ${what}`, async () => assert.deepEqual(await resolved(classes, spec), expected));
  }

  it('keeps the numbers of an update that leaves them out', async () => {
    const next = pod();
    const prev = pod({ priority: 9, preemptionPolicy: 'Never' });
    const a = attributes({ operation: 'UPDATE', object: next, oldObject: prev });
    assert.equal(await judge(priority(testEnvironment()), a), undefined);
    assert.equal(next.spec?.priority, 9);
    assert.equal(next.spec?.preemptionPolicy, 'Never');
  });

  it('refuses a second default class', async () => {
    const plugin = priority(testEnvironment({ [pc]: [plain as KubeObject] }));
    const object = { metadata: { name: 'other' }, globalDefault: true, value: 1 };
    const given = { group: 'scheduling.k8s.io', resource: 'priorityclasses', object };
    assert.equal(
      await judge(plugin, attributes(given)),
      'priorityclasses.scheduling.k8s.io "other" is forbidden: PriorityClass plain is already marked as default. Only one default can exist',
    );
    const same = { ...given, operation: 'UPDATE' as const, object: plain };
    assert.equal(await judge(plugin, attributes(same)), undefined);
  });
});

describe('DefaultTolerationSeconds', () => {
  const tolerated = async (tolerations: object[]) => {
    const object = pod({ tolerations: tolerations as never });
    await judge(defaultTolerationSeconds, attributes({ object }));
    return object.spec!.tolerations!.map((t) => [t.key, t.tolerationSeconds]);
  };
  it('adds what is missing', async () => {
    const notReady = 'node.kubernetes.io/not-ready';
    const unreachable = 'node.kubernetes.io/unreachable';
    assert.deepEqual(await tolerated([]), [
      [notReady, 300],
      [unreachable, 300],
    ]);
    assert.deepEqual(await tolerated([{ key: notReady, effect: 'NoExecute' }]), [
      [notReady, undefined],
      [unreachable, 300],
    ]);
    assert.deepEqual(await tolerated([{ operator: 'Exists' }]), [[undefined, undefined]]);
    assert.equal((await tolerated([{ operator: 'Exists', effect: 'NoSchedule' }])).length, 3);
  });
});

describe('TaintNodesByCondition', () => {
  it('taints a new node once', async () => {
    const object: KubeObject & { spec: { taints?: object[] } } = {
      metadata: { name: 'n' },
      spec: {},
    };
    const a = attributes({ resource: 'nodes', namespace: '', object });
    await judge(taintNodesByCondition, a);
    await judge(taintNodesByCondition, a);
    assert.deepEqual(object.spec.taints, [
      { key: 'node.kubernetes.io/not-ready', effect: 'NoSchedule' },
    ]);
  });
});

describe('StorageObjectInUseProtection', () => {
  it('adds the finalizer of the kind', async () => {
    const object: KubeObject = { metadata: { name: 'c', finalizers: ['a/b'] } };
    const a = attributes({ resource: 'persistentvolumeclaims', object });
    await judge(storageObjectInUseProtection, a);
    await judge(storageObjectInUseProtection, a);
    assert.deepEqual(object.metadata?.finalizers, ['a/b', 'kubernetes.io/pvc-protection']);
  });
});

describe('DefaultStorageClass', () => {
  const key = 'storageclass.kubernetes.io/is-default-class';
  const cls = (name: string, at: string, mark = 'true') => ({
    provisioner: 'x',
    metadata: { name, creationTimestamp: at, annotations: { [key]: mark } },
  });
  const classes = [
    cls('b', '2026-01-01T00:00:00Z'),
    cls('a', '2026-01-01T00:00:00Z'),
    cls('old', '2025-01-01T00:00:00Z'),
    cls('no', '2026-02-01T00:00:00Z', 'false'),
  ];

  it('takes the newest, then the first by name', () => {
    assert.equal(newestMarked(classes, [key])?.metadata?.name, 'a');
    assert.equal(newestMarked([], [key]), undefined);
  });

  it('leaves claims that name a class, even none', async () => {
    const plugin = defaultStorageClass(
      testEnvironment({ 'storageclasses.storage.k8s.io': classes }),
    );
    const named = async (claim: KubeObject & { spec: { storageClassName?: string } }) => {
      await judge(plugin, attributes({ resource: 'persistentvolumeclaims', object: claim }));
      return claim.spec.storageClassName;
    };
    assert.equal(await named({ spec: {} }), 'a');
    assert.equal(await named({ spec: { storageClassName: '' } }), '');
    const annotations = { 'volume.beta.kubernetes.io/storage-class': 'x' };
    assert.equal(await named({ metadata: { annotations }, spec: {} }), undefined);
  });
});
