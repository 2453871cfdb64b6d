import assert from 'node:assert/strict';
import { endpoints, pods, services } from '../../client/resources.ts';
import type { Pod, Service, ServicePort } from '../../machinery/schema/wire.ts';
import { TestBed } from '../test-bed.ts';
import { endpointsController } from './endpoints.ts';
import { subsetsOf, truncate } from './subsets.ts';

function service(ports: ServicePort[], extra: object = {}): Service {
  return {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { namespace: 'a', name: 'web', labels: { l: '1' } },
    spec: {
      selector: { app: 'web' },
      clusterIP: '10.0.0.1',
      ipFamilies: ['IPv4'],
      ports,
      ...extra,
    },
  };
}

function pod(name: string, ip: string, ready = true, port?: number): Pod {
  return {
    metadata: { namespace: 'a', name, uid: name, labels: { app: 'web' } },
    spec: {
      nodeName: 'n',
      containers: [
        {
          name: 'c',
          ...(port === undefined ? {} : { ports: [{ name: 'http', containerPort: port }] }),
        },
      ],
    },
    status: {
      phase: 'Running',
      podIP: ip,
      podIPs: [{ ip }],
      conditions: [{ type: 'Ready', status: ready ? 'True' : 'False' }],
    },
  };
}

const shape = (s: Service, list: Pod[]) =>
  subsetsOf(s, list).map((subset) => ({
    ready: (subset.addresses ?? []).map((x) => x.ip).join(' '),
    not: (subset.notReadyAddresses ?? []).map((x) => x.ip).join(' '),
    ports: (subset.ports ?? []).map((p) => `${p.name ?? ''}:${p.port}`).join(' '),
  }));

describe('subsetsOf', () => {
  const two = service([
    { name: 'a', port: 80 },
    { name: 'b', port: 81, targetPort: 9000 },
  ]);
  it('puts addresses with the same ports together', () => {
    const list = [pod('y', '10.1.0.2'), pod('x', '10.1.0.1'), pod('z', '10.1.0.3', false)];
    assert.deepEqual(shape(two, list), [
      { ready: '10.1.0.1 10.1.0.2', not: '10.1.0.3', ports: 'a:80 b:9000' },
    ]);
  });

  it('separates pods whose named port differs, and leaves out those without it', () => {
    const named = service([{ port: 80, targetPort: 'http' }]);
    const list = [
      pod('x', '10.1.0.1', true, 1),
      pod('y', '10.1.0.2', true, 2),
      pod('z', '10.1.0.3'),
    ];
    assert.deepEqual(shape(named, list), [
      { ready: '10.1.0.1', not: '', ports: ':1' },
      { ready: '10.1.0.2', not: '', ports: ':2' },
    ]);
  });

  it('has addresses without ports for headless services, unready ones where published', () => {
    const bare = service([], { clusterIP: 'None', publishNotReadyAddresses: true });
    assert.deepEqual(shape(bare, [pod('x', '10.1.0.1', false)]), [
      { ready: '10.1.0.1', not: '', ports: '' },
    ]);
  });

  it('keeps the order whatever the order of pods', () => {
    const list = Array.from({ length: 5 }, (_, i) => pod(`p${i}`, `10.1.0.${i}`, true, i % 2));
    const named = service([{ port: 80, targetPort: 'http' }]);
    assert.deepEqual(subsetsOf(named, list), subsetsOf(named, list.toReversed()));
  });

  it('is cut to 1000 addresses, ready ones first', () => {
    const addresses = Array.from({ length: 900 }, () => ({ ip: '1.1.1.1' }));
    const subset = { addresses, notReadyAddresses: addresses };
    const { subsets, truncated } = truncate([subset]);
    assert.equal(truncated, true);
    assert.equal(subsets[0]?.addresses?.length, 900);
    assert.equal(subsets[0]?.notReadyAddresses?.length, 100);
  });
});

describe('endpoints controller', () => {
  it('follows pods and removes what has no service', async () => {
    await using bed = new TestBed();
    bed.client.seed(services, service([{ port: 80 }]));
    bed.client.seed(pods, pod('x', '10.1.0.1'));
    bed.client.seed(endpoints, { metadata: { namespace: 'a', name: 'left' } });
    await bed.start([endpointsController]);
    const [made, ...rest] = bed.client.objects(endpoints);
    assert.equal(rest.length, 0);
    assert.deepEqual(made?.metadata?.labels, {
      l: '1',
      'endpoints.kubernetes.io/managed-by': 'endpoint-controller',
    });
    assert.equal(made?.subsets?.[0]?.addresses?.[0]?.targetRef?.name, 'x');
    bed.client.seed(pods, pod('y', '10.1.0.2'));
    await bed.advance(200);
    assert.equal(bed.client.objects(endpoints)[0]?.subsets?.[0]?.addresses?.length, 2);
    await bed.client.delete(services, { namespace: 'a', name: 'web' });
    await bed.advance(200);
    assert.deepEqual(bed.client.objects(endpoints), []);
    assert.deepEqual(bed.complaints, []);
  });
});
