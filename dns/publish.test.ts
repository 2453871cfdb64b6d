import assert from 'node:assert/strict';
import { FakeClient } from '../client/fake-client.ts';
import { endpointSlices, services } from '../client/resources.ts';
import { publish, withdraw } from './publish.ts';

describe('publishing the DNS service', () => {
  const publication = {
    namespace: 'kube-system',
    service: 'kube-dns',
    clusterIps: ['10.96.0.10'],
    instance: 'n1',
    address: '192.168.0.1',
    port: 53,
    metricsPort: 9153,
  };

  it('creates what is missing, corrects the address, and takes itself away', async () => {
    const client = new FakeClient();
    await publish(client, publication);
    assert.equal(client.objects(services)[0]?.spec?.clusterIP, '10.96.0.10');
    await publish(client, publication);
    assert.equal(client.writes.filter((w) => w.verb === 'update').length, 0);
    await publish(client, { ...publication, address: '192.168.0.2' });
    assert.deepEqual(client.objects(endpointSlices)[0]?.endpoints?.[0]?.addresses, ['192.168.0.2']);
    await withdraw(client, publication);
    await withdraw(client, publication);
    assert.deepEqual(client.objects(endpointSlices), []);
    assert.equal(client.objects(services).length, 1);
  });
});
