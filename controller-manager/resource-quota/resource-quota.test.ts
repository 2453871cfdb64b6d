import assert from 'node:assert/strict';
import {
  configMaps,
  deployments,
  deviceClasses,
  pods,
  resourceClaims,
  resourceQuotas,
} from '../../client/resources.ts';
import type { Pod } from '../../machinery/schema/wire.ts';
import { TestBed } from '../test-bed.ts';
import { resourceQuotaController } from './resource-quota.ts';

describe('resource quota controller', () => {
  const pod = (name: string, cpu: string): Pod => ({
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { namespace: 'a', name },
    spec: { containers: [{ name: 'c', resources: { requests: { cpu } } }] },
    status: { phase: 'Running' },
  });
  const quota = (hard: Record<string, string>) => ({
    apiVersion: 'v1',
    kind: 'ResourceQuota',
    metadata: { namespace: 'a', name: 'q' },
    spec: { hard },
  });
  const statusOf = (bed: TestBed) => bed.client.objects(resourceQuotas)[0]?.status;

  it('fills in, takes back and recounts', async () => {
    await using bed = new TestBed();
    bed.client.served = [pods, configMaps, deployments, resourceQuotas];
    bed.client.seed(pods, pod('p', '1'), pod('q', '500m'));
    bed.client.seed(configMaps, { metadata: { namespace: 'a', name: 'c' } });
    bed.client.seed(deployments, { metadata: { namespace: 'b', name: 'd' } });
    const hard = {
      cpu: '2',
      pods: '5',
      configmaps: '3',
      'count/deployments.apps': '1',
      'count/widgets.example.com': '1',
    };
    bed.client.seed(resourceQuotas, quota(hard));
    await bed.start([resourceQuotaController]);
    assert.deepEqual(statusOf(bed), {
      hard,
      used: { cpu: '1500m', pods: '2', configmaps: '1', 'count/deployments.apps': '0' },
    });
    await bed.client.delete(pods, { namespace: 'a', name: 'p' }, { gracePeriodSeconds: 0 });
    await bed.client.delete(configMaps, { namespace: 'a', name: 'c' });
    await bed.settle();
    assert.equal(statusOf(bed)?.used?.['cpu'], '500m');
    assert.equal(statusOf(bed)?.used?.['configmaps'], '0');
    const q = await bed.client.get(pods, { namespace: 'a', name: 'q' });
    await bed.client.update(pods, { ...q, status: { phase: 'Failed' } }, { subresource: 'status' });
    await bed.settle();
    assert.equal(statusOf(bed)?.used?.['pods'], '0');
    // What admission missed is found by the next full count.
    bed.client.seed(pods, pod('r', '250m'));
    await bed.advance(5 * 60_000);
    assert.equal(statusOf(bed)?.used?.['cpu'], '250m');
    assert.deepEqual(bed.complaints, []);
  });

  it('counts the devices of claims', async () => {
    await using bed = new TestBed();
    bed.client.served = [pods, resourceClaims, deviceClasses, resourceQuotas];
    bed.client.seed(deviceClasses, {
      metadata: { name: 'gpu' },
      spec: { extendedResourceName: 'example.com/gpu' },
    });
    const exactly = { deviceClassName: 'gpu', allocationMode: 'ExactCount' as const, count: 3 };
    bed.client.seed(resourceClaims, {
      metadata: { namespace: 'a', name: 'c' },
      spec: { devices: { requests: [{ name: 'r', exactly }] } },
    });
    const hard = {
      'gpu.deviceclass.resource.k8s.io/devices': '9',
      'requests.example.com/gpu': '9',
      'count/resourceclaims.resource.k8s.io': '9',
    };
    bed.client.seed(resourceQuotas, quota(hard));
    await bed.start([resourceQuotaController]);
    assert.deepEqual(statusOf(bed)?.used, {
      'gpu.deviceclass.resource.k8s.io/devices': '3',
      'requests.example.com/gpu': '3',
      'count/resourceclaims.resource.k8s.io': '1',
    });
    await bed.client.delete(resourceClaims, { namespace: 'a', name: 'c' });
    await bed.settle();
    assert.equal(statusOf(bed)?.used?.['requests.example.com/gpu'], '0');
    assert.deepEqual(bed.complaints, []);
  });

  it('follows a change of what is limited', async () => {
    await using bed = new TestBed();
    bed.client.seed(resourceQuotas, quota({ pods: '1' }));
    await bed.start([resourceQuotaController]);
    const now = await bed.client.get(resourceQuotas, { namespace: 'a', name: 'q' });
    await bed.client.update(resourceQuotas, { ...now, spec: { hard: { services: '1' } } });
    await bed.settle();
    assert.deepEqual(statusOf(bed), { hard: { services: '1' }, used: { services: '0' } });
  });
});
