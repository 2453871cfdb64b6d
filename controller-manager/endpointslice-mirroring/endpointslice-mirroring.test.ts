import assert from 'node:assert/strict';
import { endpointSlices, endpoints, services } from '../../client/resources.ts';
import type { EndpointSlice, Endpoints, Service } from '../../machinery/schema/wire.ts';
import { repackSubsets } from '../endpoints/subsets.ts';
import { TestBed } from '../test-bed.ts';
import { endpointSliceMirroringController } from './endpointslice-mirroring.ts';
import { planMirror } from './mirror.ts';

/** `10.0.0.1 !10.0.0.2 :80,443 | …`: subsets with addresses (`!` not ready) and ports. */
function endpointsOf(text: string): Endpoints {
  const subsets = text
    .split('|')
    .filter((t) => t.trim() !== '')
    .map((t) => {
      const words = t.trim().split(' ');
      const ports = words.find((w) => w.startsWith(':'))?.slice(1) ?? '';
      const ips = words.filter((w) => !w.startsWith(':'));
      const addresses = ips.filter((ip) => !ip.startsWith('!')).map((ip) => ({ ip }));
      const notReadyAddresses = ips
        .filter((ip) => ip.startsWith('!'))
        .map((ip) => ({ ip: ip.slice(1) }));
      return {
        addresses,
        notReadyAddresses,
        ports: ports
          .split(',')
          .filter(Boolean)
          .map((p) => ({ port: Number(p), protocol: 'TCP' })),
      };
    });
  return {
    apiVersion: 'v1',
    kind: 'Endpoints',
    metadata: { namespace: 'a', name: 's', uid: 'e', labels: { x: 'y' } },
    subsets,
  };
}

function sliceText(s: EndpointSlice): string {
  const ips = (s.endpoints ?? []).map(
    (e) => (e.conditions?.ready === false ? '!' : '') + e.addresses[0],
  );
  const ports = (s.ports ?? []).map((p) => p.port).sort();
  return `${s.addressType} ${ips.sort().join(' ')} :${ports.join()}`;
}

describe('planMirror', () => {
  for (const [text, want] of [
    ['', []],
    ['10.0.0.1 !10.0.0.2 :80', ['IPv4 !10.0.0.2 10.0.0.1 :80']],
    ['10.0.0.1 fd00::1 :80', ['IPv4 10.0.0.1 :80', 'IPv6 fd00::1 :80']],
    ['10.0.0.1 :80 | 10.0.0.1 :443', ['IPv4 10.0.0.1 :443,80']],
    ['10.0.0.1 :80 | 10.0.0.2 :443', ['IPv4 10.0.0.2 :443', 'IPv4 10.0.0.1 :80']],
    ['10.0.0.1', ['IPv4 10.0.0.1 :']],
    ['10.0.0.1 :80 | !10.0.0.1 :80', ['IPv4 !10.0.0.1 :80']],
    ['010.0.0.1 :80', ['IPv4 10.0.0.1 :80']],
  ] as const) {
    it(text || 'nothing', () => {
      const plan = planMirror(endpointsOf(text), [], 1000);
      assert.deepEqual(plan.create.map(sliceText).toSorted(), want.toSorted());
    });
  }

  it('leaves out what is invalid or too much', () => {
    const plan = planMirror(endpointsOf('1.2.3 10.0.0.1 10.0.0.2 10.0.0.3 :80'), [], 2);
    assert.deepEqual([plan.invalid, plan.skipped], [1, 2]);
    assert.deepEqual(plan.create.map(sliceText), ['IPv4 10.0.0.1 10.0.0.2 :80']);
  });

  it('keeps, changes and reuses slices', () => {
    const [made] = planMirror(endpointsOf('10.0.0.1 :80'), [], 1000).create;
    const { generateName: _, ...metadata } = made!.metadata!;
    const slice = { ...made!, metadata: { ...metadata, name: 's-1', resourceVersion: '7' } };
    const against = (text: string) => planMirror(endpointsOf(text), [slice], 1000);
    const same = against('10.0.0.1 :80');
    assert.deepEqual([same.create, same.update, same.remove], [[], [], []]);
    const changed = against('10.0.0.2 :80').update[0];
    assert.equal(sliceText(changed!), 'IPv4 10.0.0.2 :80');
    assert.equal(changed?.metadata?.name, 's-1');
    assert.equal(changed?.metadata?.resourceVersion, '7');
    const reused = against('10.0.0.1 :81');
    assert.deepEqual([reused.create.length, reused.remove.length], [0, 0]);
    assert.equal(reused.update[0]?.metadata?.name, 's-1');
    assert.equal(against('').remove[0]?.metadata?.name, 's-1');
    const relabelled = endpointsOf('10.0.0.1 :80');
    relabelled.metadata!.labels = { x: 'z' };
    const labels = planMirror(relabelled, [slice], 1000).update[0]?.metadata?.labels;
    assert.equal(labels?.['x'], 'z');
    assert.equal(labels?.['kubernetes.io/service-name'], 's');
  });
});

it('repackSubsets joins the ports of the same addresses', () => {
  const packed = repackSubsets(endpointsOf('10.0.0.1 :1 | 10.0.0.1 :2 | 10.0.0.2 :1').subsets!);
  assert.deepEqual(
    packed.map((s) => `${s.addresses?.map((a) => a.ip)} ${s.ports?.map((p) => p.port)}`),
    ['10.0.0.1,10.0.0.2 1', '10.0.0.1 2'],
  );
});

describe('endpoint slice mirroring controller', () => {
  const service = (selector?: Record<string, string>): Service => ({
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { namespace: 'a', name: 's' },
    spec: selector === undefined ? {} : { selector },
  });
  const shown = (bed: TestBed) => bed.client.objects(endpointSlices).map(sliceText);

  it('follows endpoints, repairs and clears away', async () => {
    await using bed = new TestBed();
    bed.client.seed(services, service());
    bed.client.seed(endpoints, endpointsOf('10.0.0.1 :80'));
    await bed.start([endpointSliceMirroringController]);
    assert.deepEqual(shown(bed), ['IPv4 10.0.0.1 :80']);
    const key = { namespace: 'a', name: 's' };
    const now = await bed.client.get(endpoints, key);
    await bed.client.update(endpoints, { ...now, subsets: endpointsOf('10.0.0.2 :80').subsets! });
    await bed.advance(200);
    assert.deepEqual(shown(bed), ['IPv4 10.0.0.2 :80']);
    const [slice] = bed.client.objects(endpointSlices);
    await bed.client.update(endpointSlices, { ...slice!, endpoints: [] });
    await bed.advance(200);
    assert.deepEqual(shown(bed), ['IPv4 10.0.0.2 :80']);
    await bed.client.delete(endpointSlices, { namespace: 'a', name: slice!.metadata!.name! });
    await bed.advance(200);
    assert.deepEqual(shown(bed), ['IPv4 10.0.0.2 :80']);
    const bare = await bed.client.get(services, key);
    await bed.client.update(services, { ...bare, spec: { selector: { app: 'x' } } });
    await bed.advance(200);
    assert.deepEqual(shown(bed), []);
    assert.deepEqual(bed.complaints, []);
  });

  it('leaves alone what says so', async () => {
    await using bed = new TestBed();
    const skipped = endpointsOf('10.0.0.1 :80');
    skipped.metadata!.labels = { 'endpointslice.kubernetes.io/skip-mirror': 'true' };
    bed.client.seed(services, service());
    bed.client.seed(endpoints, skipped);
    await bed.start([endpointSliceMirroringController]);
    assert.deepEqual(shown(bed), []);
  });
});
