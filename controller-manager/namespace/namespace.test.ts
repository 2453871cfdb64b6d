import assert from 'node:assert/strict';
import { configMaps, leases, namespaces, nodes, pods } from '../../client/resources.ts';
import { TestBed } from '../test-bed.ts';
import { namespaceConditions } from './conditions.ts';
import { namespaceController } from './namespace.ts';

describe('namespaceConditions', () => {
  it('says what is left and changes only what changed', () => {
    const none = { discoveryFailures: [], deletionErrors: [] };
    const left = {
      ...none,
      resources: new Map([['pods.', 2]]),
      finalizers: new Map([['x/y', 1]]),
    };
    const first = namespaceConditions([], left, 0);
    assert.equal(first.length, 5);
    const text = (type: string, list: typeof first) => {
      const c = list.find((x) => x.type === type);
      return `${c?.status} ${c?.reason} ${c?.message}`;
    };
    assert.equal(
      text('NamespaceContentRemaining', first),
      'True SomeResourcesRemain Some resources are remaining: pods. has 2 resource instances',
    );
    assert.equal(
      text('NamespaceFinalizersRemaining', first),
      'True SomeFinalizersRemain Some content in the namespace has finalizers remaining: ' +
        'x/y in 1 resource instances',
    );
    assert.equal(namespaceConditions(first, left, 1000), first);
    const done = namespaceConditions(
      first,
      { ...none, resources: new Map(), finalizers: new Map() },
      1000,
    );
    assert.match(text('NamespaceContentRemaining', done), /^False ContentRemoved/);
    assert.equal(
      done.find((c) => c.type.includes('Discovery'))?.lastTransitionTime,
      '1970-01-01T00:00:00Z',
    );
  });
});

describe('namespace controller', () => {
  const key = { namespace: 'n', name: 'x' };

  it('deletes pods first, then the rest, then the namespace', async () => {
    await using bed = new TestBed();
    bed.client.served = [pods, configMaps, leases, nodes];
    await bed.client.create(namespaces, { metadata: { name: 'n' } });
    bed.client.seed(pods, {
      metadata: key,
      spec: { nodeName: 'm', containers: [], terminationGracePeriodSeconds: 20 },
    });
    bed.client.seed(configMaps, { metadata: key }, { metadata: { namespace: 'other', name: 'x' } });
    bed.client.seed(leases, { metadata: key });
    await bed.start([namespaceController]);
    await bed.client.delete(namespaces, { name: 'n' });
    await bed.advance(5_000);
    assert.equal(bed.client.objects(configMaps).length, 2);
    const [waiting] = bed.client.objects(namespaces);
    assert.match(
      waiting?.status?.conditions?.find((c) => c.type === 'NamespaceContentRemaining')?.message ??
        '',
      /pods\. has 1 resource instances/,
    );
    await bed.client.delete(pods, key, { gracePeriodSeconds: 0 });
    await bed.settle();
    assert.deepEqual(bed.client.objects(namespaces), []);
    assert.deepEqual(bed.client.objects(leases), []);
    assert.deepEqual(
      bed.client.objects(configMaps).map((c) => c.metadata?.namespace),
      ['other'],
    );
    assert.deepEqual(bed.complaints, []);
  });

  it('waits for finalizers of others and says so', async () => {
    await using bed = new TestBed();
    bed.client.served = [pods, configMaps];
    await bed.client.create(namespaces, { metadata: { name: 'n' } });
    bed.client.seed(configMaps, { metadata: { ...key, finalizers: ['x/y'] } });
    await bed.client.delete(namespaces, { name: 'n' });
    await bed.start([namespaceController]);
    await bed.advance(5_000);
    const [waiting] = bed.client.objects(namespaces);
    assert.match(JSON.stringify(waiting?.status?.conditions), /x\/y in 1 resource instances/);
    const patch = { metadata: { finalizers: null } };
    await bed.client.patch(configMaps, key, patch, { type: 'merge' });
    await bed.advance(9_000);
    assert.deepEqual(bed.client.objects(namespaces), []);
  });
});
