/** What the real server defaults when it reads: shown at once, stored by the first update. */
import assert from 'node:assert/strict';
import { type Loose, TestRegistry } from './core/test-registry.ts';

const claim = {
  apiVersion: 'v1',
  kind: 'PersistentVolumeClaim',
  metadata: { name: 'a', namespace: 'ns' },
  spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Gi' } } },
};
const template = {
  spec: { containers: [{ name: 'c', image: 'x' }], restartPolicy: 'Never' },
};
const job = {
  apiVersion: 'batch/v1',
  kind: 'Job',
  metadata: { name: 'a', namespace: 'ns' },
  spec: { template },
};
const labelled = { ...job, metadata: { ...job.metadata, labels: { own: 'x' } } };
const configMap = {
  apiVersion: 'v1',
  kind: 'ConfigMap',
  metadata: { name: 'a', namespace: 'ns' },
};

describe('defaults on reading', () => {
  const cases: [name: string, resource: string, body: object, rewritten: boolean][] = [
    ['a claim without a phase', 'persistentvolumeclaims', claim, true],
    ['a job without labels', 'jobs', job, true],
    ['a job with labels', 'jobs', labelled, false],
    ['a config map', 'configmaps', configMap, false],
  ];
  for (const [name, resource, body, rewritten] of cases) {
    it(`${name} is ${rewritten ? '' : 'not '}written by an update without a change`, async () => {
      await using registry = await TestRegistry.openAll();
      const request = { apiVersion: (body as Loose).apiVersion };
      const change = () => undefined;
      const created: Loose = await registry.create(resource, body, request);
      const first: Loose = await registry.update(resource, 'a', change, request);
      const second: Loose = await registry.update(resource, 'a', change, request);
      const version = (o: Loose) => Number(o.metadata.resourceVersion);
      assert.equal(version(first) > version(created), rewritten);
      assert.equal(version(second), version(first));
      const { resourceVersion: _, ...before } = created.metadata;
      const { resourceVersion: __, ...after } = first.metadata;
      assert.deepEqual({ ...first, metadata: after }, { ...created, metadata: before });
    });
  }

  it('shows them from the start', async () => {
    await using registry = await TestRegistry.openAll();
    const { status }: Loose = await registry.create('persistentvolumeclaims', claim);
    assert.deepEqual(status, { phase: 'Pending' });
    const { metadata, spec }: Loose = await registry.create('jobs', job, {
      apiVersion: 'batch/v1',
    });
    assert.deepEqual(metadata.labels, spec.template.metadata.labels);
  });
});
