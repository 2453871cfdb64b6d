import assert from 'node:assert/strict';
import { type Loose, problems, sameTexts, TestRegistry } from './test-registry.ts';

const base64 = (text: string): string => Buffer.from(text).toString('base64');
const claim = (spec: Loose = {}): Loose => ({
  spec: {
    accessModes: ['ReadWriteOnce'],
    storageClassName: 'fast',
    resources: { requests: { storage: '1Gi' } },
    ...spec,
  },
});
const volume = (spec: Loose = {}): Loose => ({
  spec: {
    capacity: { storage: '1Gi' },
    accessModes: ['ReadWriteOnce'],
    hostPath: { path: '/x' },
    ...spec,
  },
});
const controller = {
  spec: {
    template: {
      metadata: { labels: { a: 'b' } },
      spec: { containers: [{ name: 'c', image: 'x' }] },
    },
  },
};
const bound = (c: Loose): void => {
  c.status = { phase: 'Bound', capacity: { storage: '1Gi' } };
};

type Case = [
  plural: string,
  what: string,
  body: Loose,
  change: (object: Loose) => void,
  ...problems: string[],
];

const cases: Case[] = [
  ['configmaps', 'data', { data: { k: '1' } }, (m) => (m.data.k = '2')],
  [
    'configmaps',
    'data of an immutable one',
    { data: { k: '1' }, immutable: true },
    (m) => (m.data.k = '2'),
    'data: Forbidden: field is immutable when `immutable` is set',
  ],
  [
    'configmaps',
    'immutable to not',
    { immutable: true },
    (m) => delete m.immutable,
    'immutable: Forbidden: field is immutable when `immutable` is set',
  ],
  ['secrets', 'data', { data: { k: base64('1') } }, (s) => (s.data.k = base64('2'))],
  [
    'secrets',
    'the type',
    {},
    (s) => (s.type = 'other'),
    'type: Invalid value: "other": field is immutable',
  ],
  [
    'secrets',
    'no type',
    { type: 'x' },
    (s) => delete s.type,
    'type: Invalid value: "Opaque": field is immutable',
  ],
  [
    'resourcequotas',
    'scopes',
    { spec: { hard: { pods: '1' }, scopes: ['BestEffort'] } },
    (q) => (q.spec.scopes = ['NotBestEffort']),
    'spec.scopes: Invalid value: ["NotBestEffort"]: field is immutable',
  ],
  [
    'limitranges',
    'limits',
    { spec: { limits: [{ type: 'Pod' }] } },
    (l) => (l.spec.limits[0].max = { cpu: '1' }),
  ],
  ['nodes', 'its range, once', {}, (n) => Object.assign(n.spec, { podCIDR: '10.0.0.0/24' })],
  [
    'nodes',
    'its range again',
    { spec: { podCIDR: '10.0.0.0/24' } },
    (n) => Object.assign(n.spec, { podCIDR: '10.1.0.0/24', podCIDRs: ['10.1.0.0/24'] }),
    'spec.podCIDRs: Forbidden: node updates may not change podCIDR except from "" to valid',
  ],
  [
    'nodes',
    'its provider',
    { spec: { providerID: 'a' } },
    (n) => (n.spec.providerID = 'b'),
    'spec.providerID: Forbidden: node updates may not change providerID except from "" to valid',
  ],
  [
    'persistentvolumes',
    'the policy',
    volume(),
    (v) => (v.spec.persistentVolumeReclaimPolicy = 'Delete'),
  ],
  [
    'persistentvolumes',
    'the source',
    volume(),
    (v) => (v.spec.hostPath.path = '/y'),
    'spec.persistentvolumesource: Forbidden: spec.persistentvolumesource is immutable after creation\n…',
  ],
  [
    'persistentvolumes',
    'the mode',
    volume(),
    (v) => (v.spec.volumeMode = 'Block'),
    'volumeMode: Invalid value: "Block": field is immutable',
  ],
  [
    'persistentvolumeclaims',
    'the modes',
    claim(),
    (c) => (c.spec.accessModes = ['ReadOnlyMany']),
    'spec: Forbidden: spec is immutable after creation except resources.requests and volumeAttributesClassName for bound claims\n…',
  ],
  ['persistentvolumeclaims', 'the volume', claim(), (c) => (c.spec.volumeName = 'v')],
  [
    'persistentvolumeclaims',
    'the size before it is bound',
    claim(),
    (c) => (c.spec.resources.requests.storage = '2Gi'),
    'spec: Forbidden: spec is immutable after creation except resources.requests and volumeAttributesClassName for bound claims\n…',
  ],
  ['replicationcontrollers', 'the replicas', controller, (c) => (c.spec.replicas = 3)],
  [
    'podtemplates',
    'the template',
    { template: controller.spec.template },
    (t) => (t.template.spec.containers[0].image = 'y'),
  ],
  ['serviceaccounts', 'secrets', {}, (a) => (a.secrets = [{ name: 's' }])],
  [
    'endpoints',
    'subsets',
    {},
    (e) => (e.subsets = [{ addresses: [{ ip: '1.2.3.4' }], ports: [{ port: 1 }] }]),
  ],
];

describe('updates of core kinds', () => {
  for (const [plural, what, body, change, ...expected] of cases) {
    it(`${plural}: ${expected.length === 0 ? 'may' : 'may not'} change ${what}`, async () => {
      await using registry = await TestRegistry.open();
      await registry.create(plural, { metadata: { name: 'a' }, ...body });
      sameTexts(await problems(registry.update(plural, 'a', change)), expected);
    });
  }

  it('bound claims grow, and never shrink below what they have', async () => {
    await using registry = await TestRegistry.open();
    await registry.create('persistentvolumeclaims', {
      metadata: { name: 'a' },
      ...claim({ volumeName: 'v' }),
    });
    await registry.update('persistentvolumeclaims', 'a', bound, { subresource: 'status' });
    const resize = (storage: string) =>
      registry.update('persistentvolumeclaims', 'a', (c) => {
        c.spec.resources.requests.storage = storage;
      });
    assert.equal((await resize('2Gi')).spec.resources.requests.storage, '2Gi');
    assert.deepEqual(await problems(resize('512Mi')), [
      'spec.resources.requests.storage: Forbidden: field can not be less than status.capacity',
    ]);
  });

  it('namespaces stay until the controller has emptied them', async () => {
    await using registry = await TestRegistry.open();
    const made = await registry.create('namespaces', { metadata: { name: 'a' } });
    assert.deepEqual(made.metadata.labels, { 'kubernetes.io/metadata.name': 'a' });
    assert.deepEqual([made.spec.finalizers, made.status.phase], [['kubernetes'], 'Active']);
    assert.equal(await registry.delete('namespaces', 'a'), false);
    const [leaving] = await registry.list('namespaces');
    assert.equal(leaving.status.phase, 'Terminating');
    assert.equal(leaving.metadata.deletionGracePeriodSeconds, undefined);
    await registry.update(
      'namespaces',
      'a',
      (n) => {
        n.spec.finalizers = [];
      },
      { subresource: 'finalize' },
    );
    assert.deepEqual(await registry.list('namespaces'), []);
  });

  it('namespaces that nothing holds go with the second request', async () => {
    await using registry = await TestRegistry.open();
    await registry.create('namespaces', { metadata: { name: 'a' } });
    const unhold = (n: Loose) => {
      n.spec.finalizers = [];
    };
    await registry.update('namespaces', 'a', unhold, { subresource: 'finalize' });
    assert.equal(await registry.delete('namespaces', 'a'), false);
    assert.equal((await registry.list('namespaces'))[0].status.phase, 'Terminating');
    assert.equal(await registry.delete('namespaces', 'a'), true);
    assert.deepEqual(await registry.list('namespaces'), []);
  });

  it('namespaces are active or terminating as their deletion says', async () => {
    await using registry = await TestRegistry.open();
    await registry.create('namespaces', { metadata: { name: 'a' } });
    const write = registry.update(
      'namespaces',
      'a',
      (n) => {
        n.status.phase = 'Terminating';
      },
      { subresource: 'status' },
    );
    assert.deepEqual(await problems(write), [
      'status.Phase: Invalid value: "Terminating": may only be \'Active\' if `deletionTimestamp` is empty',
    ]);
  });

  it('secrets take texts, and show them encoded', async () => {
    await using registry = await TestRegistry.open();
    const secret = await registry.create('secrets', {
      metadata: { name: 'a' },
      data: { a: base64('1') },
      stringData: { a: '2', b: '3' },
    });
    assert.equal(secret.type, 'Opaque');
    assert.equal(secret.stringData, undefined);
    assert.deepEqual(secret.data, { a: base64('2'), b: base64('3') });
  });

  it('limit ranges get a name when they have none', async () => {
    await using registry = await TestRegistry.open();
    const made = await registry.create('limitranges', { spec: { limits: [] } });
    assert.match(made.metadata.name, /^[0-9a-f-]{36}$/);
  });

  it('nodes come with the status they report', async () => {
    await using registry = await TestRegistry.open();
    const status = { capacity: { cpu: '4' }, addresses: [{ type: 'Hostname', address: 'a' }] };
    const node = await registry.create('nodes', { metadata: { name: 'a' }, status });
    assert.equal(node.status.allocatable.cpu, '4');
    const same = [...status.addresses, ...status.addresses];
    const doubled = registry.update(
      'nodes',
      'a',
      (n) => {
        n.status.addresses = same;
      },
      { subresource: 'status' },
    );
    sameTexts(await problems(doubled), ['status.addresses[1]: Duplicate value: …']);
  });

  it('volumes say when their phase changed', async () => {
    await using registry = await TestRegistry.open();
    const made = await registry.create('persistentvolumes', {
      metadata: { name: 'a' },
      ...volume(),
    });
    assert.equal(made.status.phase, 'Pending');
    assert.ok(made.status.lastPhaseTransitionTime);
    const write = (v: Loose): void => {
      v.status = { phase: 'Available', lastPhaseTransitionTime: '2020-01-01T00:00:00Z' };
    };
    const next = await registry.update('persistentvolumes', 'a', write, { subresource: 'status' });
    assert.equal(next.status.lastPhaseTransitionTime, '2020-01-01T00:00:00Z');
  });

  it('replication controllers count generations of their spec only', async () => {
    await using registry = await TestRegistry.open();
    const made = await registry.create('replicationcontrollers', {
      metadata: { name: 'a' },
      ...controller,
    });
    assert.deepEqual(made.spec.selector, { a: 'b' });
    assert.deepEqual([made.metadata.generation, made.spec.replicas], [1, 1]);
    const labelled = await registry.update('replicationcontrollers', 'a', (c) => {
      c.metadata.labels = { x: 'y' };
    });
    assert.equal(labelled.metadata.generation, 1);
    const scaled = await registry.update('replicationcontrollers', 'a', (c) => {
      c.spec.replicas = 2;
    });
    assert.equal(scaled.metadata.generation, 2);
    const counts = (c: Loose): void => {
      c.status = { replicas: 1, readyReplicas: 2 };
    };
    const status = registry.update('replicationcontrollers', 'a', counts, {
      subresource: 'status',
    });
    assert.deepEqual(await problems(status), [
      'status.readyReplicas: Invalid value: 2: cannot be greater than status.replicas',
    ]);
  });
});
