import assert from 'node:assert/strict';
import { endpointSlices, nodes, pods, services } from '../../client/resources.ts';
import type { EndpointSlice, Pod, Service } from '../../machinery/schema/wire.ts';
import { TestBed } from '../test-bed.ts';
import { endpointSliceController } from './endpointslice.ts';
import { planSlices } from './slices.ts';

function service(extra: object = {}): Service {
  return {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { namespace: 'a', name: 'web', uid: 'svc', labels: { l: '1' } },
    spec: {
      selector: { app: 'web' },
      clusterIP: '10.0.0.1',
      ipFamilies: ['IPv4'],
      ports: [{ name: 'http', port: 80 }],
      ...extra,
    },
  };
}

function pod(i: number, ready = true, extra: Partial<Pod> = {}): Pod {
  return {
    metadata: { namespace: 'a', name: `p${i}`, uid: `u${i}`, labels: { app: 'web' } },
    spec: { nodeName: 'n', containers: [] },
    status: {
      phase: 'Running',
      podIPs: [{ ip: `10.1.0.${i}` }, { ip: `fd00::${i}` }],
      conditions: [{ type: 'Ready', status: ready ? 'True' : 'False' }],
    },
    ...extra,
  };
}

const range = (n: number, from = 0): Pod[] => Array.from({ length: n }, (_, i) => pod(i + from));
const node = { metadata: { name: 'n', labels: { 'topology.kubernetes.io/zone': 'z' } } };

function plan(list: Pod[], slices: EndpointSlice[] = [], s = service(), maxEndpoints = 3) {
  return planSlices({ service: s, pods: list, slices, nodeOf: () => node, maxEndpoints });
}

/** The slices after a plan, named in the order of their making. */
function applied(slices: EndpointSlice[], p: ReturnType<typeof plan>): EndpointSlice[] {
  const gone = new Set(p.remove.map((s) => s.metadata?.name));
  const changed = new Map(p.update.map((s) => [s.metadata?.name, s]));
  const made = p.create.map((s, i) => ({
    ...s,
    metadata: { ...s.metadata, name: `s${slices.length + i}` },
  }));
  return [
    ...slices
      .filter((s) => !gone.has(s.metadata?.name))
      .map((s) => changed.get(s.metadata?.name) ?? s),
    ...made,
  ];
}

const counts = (p: ReturnType<typeof plan>): string =>
  `+${p.create.length} ~${p.update.length} -${p.remove.length}`;
const sizes = (slices: EndpointSlice[]) => slices.map((s) => s.endpoints?.length);

describe('planSlices', () => {
  it('makes slices of limited size and then leaves them alone', () => {
    const first = plan(range(7));
    assert.deepEqual(sizes(first.create), [3, 3, 1]);
    const slices = applied([], first);
    assert.equal(counts(plan(range(7), slices)), '+0 ~0 -0');
    const [slice] = slices;
    assert.deepEqual(slice?.metadata?.labels, {
      l: '1',
      'kubernetes.io/service-name': 'web',
      'endpointslice.kubernetes.io/managed-by': 'endpointslice-controller.k8s.io',
    });
    assert.deepEqual(slice?.endpoints?.[0], {
      addresses: ['10.1.0.0'],
      conditions: { ready: true, serving: true, terminating: false },
      nodeName: 'n',
      targetRef: { kind: 'Pod', namespace: 'a', name: 'p0', uid: 'u0' },
      zone: 'z',
    });
  });

  for (const [name, before, after, want, then] of [
    ['one goes: one update', range(7), range(6), '+0 ~0 -1', [3, 3]],
    ['one comes: into the slice with room', range(7), range(8), '+0 ~1 -0', [3, 3, 2]],
    ['one comes, none has room', range(6), range(7), '+1 ~0 -0', [3, 3, 1]],
    ['an exchange: in the slice that changes', range(6), range(6, 1), '+0 ~1 -0', [3, 3]],
    ['all are exchanged: written over', range(3), range(3, 3), '+0 ~1 -0', [3]],
    ['none left: an empty one in its place', range(2), [], '+0 ~1 -0', [0]],
    ['a state changes', range(3), [pod(0, false), ...range(2, 1)], '+0 ~1 -0', [3]],
  ] as const) {
    it(name, () => {
      const slices = applied([], plan([...before]));
      const next = plan([...after], slices);
      assert.equal(counts(next), want);
      const result = applied(slices, next);
      assert.deepEqual(sizes(result), then);
      assert.equal(counts(plan([...after], result)), '+0 ~0 -0');
    });
  }

  it('has slices per family and per set of ports', () => {
    const dual = service({ ipFamilies: ['IPv4', 'IPv6'], ports: [{ port: 1, targetPort: 'x' }] });
    const ports = (n: number) => ({
      spec: {
        nodeName: 'n',
        containers: [{ name: 'c', ports: [{ name: 'x', containerPort: n }] }],
      },
    });
    const list = [pod(1, true, ports(1)), pod(2, true, ports(2))];
    const { create } = plan(list, [], dual);
    const text = create.map((s) => `${s.addressType} ${s.ports?.[0]?.port} ${s.endpoints?.length}`);
    assert.deepEqual(text.sort(), ['IPv4 1 1', 'IPv4 2 1', 'IPv6 1 1', 'IPv6 2 1']);
  });

  it('tells ready, serving and terminating apart', () => {
    const dying = pod(1);
    dying.metadata!.deletionTimestamp = '2026-01-01T00:00:00Z';
    const conditions = (s: Service) => plan([dying], [], s).create[0]?.endpoints?.[0]?.conditions;
    assert.deepEqual(conditions(service()), { ready: false, serving: true, terminating: true });
    const all = service({ publishNotReadyAddresses: true });
    assert.equal(conditions(all)?.ready, true);
  });

  it('hints by trafficDistribution, and takes hints away again', () => {
    const near = service({ trafficDistribution: 'PreferSameNode' });
    const slices = applied([], plan(range(1), [], near));
    assert.deepEqual(slices[0]?.endpoints?.[0]?.hints, {
      forZones: [{ name: 'z' }],
      forNodes: [{ name: 'n' }],
    });
    assert.equal(counts(plan(range(1), slices, near)), '+0 ~0 -0');
    const next = plan(range(1), slices, service());
    assert.equal(next.update[0]?.endpoints?.[0]?.hints, undefined);
  });

  it('leaves out pods whose node is not known', () => {
    const p = planSlices({
      service: service(),
      pods: range(1),
      slices: [],
      nodeOf: () => undefined,
      maxEndpoints: 3,
    });
    assert.deepEqual(p.skipped, ['p0']);
    assert.deepEqual(sizes(p.create), [0]);
  });

  it('follows the labels of the service', () => {
    const slices = applied([], plan(range(1)));
    const s = service();
    s.metadata!.labels = { l: '2', 'endpointslice.kubernetes.io/managed-by': 'me' };
    const { update } = plan(range(1), slices, s);
    assert.equal(update[0]?.metadata?.labels?.['l'], '2');
    assert.match(
      update[0]?.metadata?.labels?.['endpointslice.kubernetes.io/managed-by'] ?? '',
      /^endp/,
    );
  });
});

describe('endpointslice controller', () => {
  it('follows pods and repairs what others change', async () => {
    await using bed = new TestBed();
    bed.client.seed(nodes, node);
    bed.client.seed(services, service());
    await bed.start([endpointSliceController]);
    assert.deepEqual(sizes(bed.client.objects(endpointSlices)), [0]);
    bed.client.seed(pods, ...range(2));
    await bed.advance(1_500);
    const [slice] = bed.client.objects(endpointSlices);
    assert.equal(slice?.endpoints?.length, 2);
    const writes = bed.client.writes.length;
    await bed.advance(10_000);
    assert.equal(bed.client.writes.length, writes);

    const { name = '' } = slice?.metadata ?? {};
    await bed.client.patch(
      endpointSlices,
      { namespace: 'a', name },
      { endpoints: [] },
      { type: 'merge' },
    );
    await bed.advance(1_500);
    assert.equal(bed.client.objects(endpointSlices)[0]?.endpoints?.length, 2);
    await bed.client.delete(endpointSlices, { namespace: 'a', name });
    await bed.advance(1_500);
    assert.equal(bed.client.objects(endpointSlices)[0]?.endpoints?.length, 2);
    assert.deepEqual(bed.complaints, []);
  });
});
