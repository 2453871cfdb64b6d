import assert from 'node:assert/strict';
import { type Loose, problems, TestRegistry, type TestRequest } from './core/test-registry.ts';

const pod = { spec: { containers: [{ name: 'c', image: 'x' }], serviceAccountName: 'a' } };
const cronJob = {
  spec: {
    schedule: '* * * * *',
    jobTemplate: {
      spec: { template: { spec: { ...pod.spec, restartPolicy: 'Never' } } },
    },
  },
};
const event = {
  involvedObject: { kind: 'Pod', namespace: 'ns', name: 'a' },
  reason: 'R',
  message: 'm',
  type: 'Normal',
};
const volume = {
  spec: {
    capacity: { storage: '1Gi' },
    accessModes: ['ReadWriteOnce'],
    hostPath: { path: '/x' },
  },
};
const rule = { rules: [{ verbs: ['get'], apiGroups: [''], resources: ['pods'] }] };

/** F: of any finalizer, K: of those without a domain, in the order told. */
const cases: [plural: string, body: Loose, request: TestRequest, labels: number, fin: string][] = [
  ['pods', pod, {}, 4, 'FKFK'],
  ['pods', pod, { subresource: 'status' }, 3, 'FK'],
  ['configmaps', {}, {}, 4, 'FKFK'],
  ['limitranges', {}, {}, 3, 'FFK'],
  ['services', { spec: { ports: [{ port: 80 }] } }, {}, 3, 'FK'],
  ['nodes', {}, {}, 4, 'FFKK'],
  ['events', event, {}, 2, 'F'],
  ['persistentvolumes', volume, {}, 4, 'FFKFK'],
  ['persistentvolumes', volume, { subresource: 'status' }, 3, 'FK'],
  ['cronjobs', cronJob, { apiVersion: 'batch/v1' }, 3, 'FK'],
  ['cronjobs', cronJob, { apiVersion: 'batch/v1', subresource: 'status' }, 2, 'F'],
  ['roles', rule, { apiVersion: 'rbac.authorization.k8s.io/v1' }, 4, 'FFKK'],
  ['poddisruptionbudgets', {}, { apiVersion: 'policy/v1' }, 2, 'F'],
  ['leases', {}, { apiVersion: 'coordination.k8s.io/v1' }, 3, 'F'],
];

describe('problems of metadata in an update', () => {
  for (const [plural, body, request, labels, finalizers] of cases) {
    const face = request.subresource === undefined ? '' : `/${request.subresource}`;
    it(`are named as often as the real server does: ${plural}${face}`, async () => {
      await using registry = await TestRegistry.openAll();
      const { subresource: _, ...whole } = request;
      await registry.create(plural, { metadata: { name: 'a' }, ...body }, whole);
      const told = (change: (meta: Loose) => void) =>
        problems(registry.update(plural, 'a', (o) => change(o.metadata), request));
      const ofLabels = await told((meta) => (meta.labels = { 'bad key!': 'x' }));
      assert.equal(ofLabels.filter((t) => t.startsWith('metadata.labels: ')).length, labels);
      const ofFinalizers = await told((meta) => (meta.finalizers = ['bad one']));
      const letters = ofFinalizers.map((t) => (t.startsWith('metadata.finalizers[0]') ? 'K' : 'F'));
      assert.equal(letters.join(''), finalizers);
    });
  }
});
