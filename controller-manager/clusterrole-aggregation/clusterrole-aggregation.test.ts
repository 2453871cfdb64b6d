import assert from 'node:assert/strict';
import { clusterRoles } from '../../client/resources.ts';
import type { ClusterRole, PolicyRule } from '../../machinery/schema/wire.ts';
import { TestBed } from '../test-bed.ts';
import { clusterRoleAggregationController } from './clusterrole-aggregation.ts';

const rule = (resource: string): PolicyRule => ({
  apiGroups: [''],
  resources: [resource],
  verbs: ['get'],
});

function role(name: string, label: string, resources: string[], selects?: string): ClusterRole {
  return {
    apiVersion: 'rbac.authorization.k8s.io/v1',
    kind: 'ClusterRole',
    metadata: { name, labels: { to: label } },
    rules: resources.map(rule),
    ...(selects === undefined
      ? {}
      : { aggregationRule: { clusterRoleSelectors: [{ matchLabels: { to: selects } }] } }),
  };
}

describe('cluster role aggregation', () => {
  const resourcesOf = (bed: TestBed, name: string) =>
    bed.client
      .objects(clusterRoles)
      .find((r) => r.metadata?.name === name)
      ?.rules?.map((r) => r.resources?.[0])
      .join(' ');

  it('collects rules, also through other aggregated roles', async () => {
    await using bed = new TestBed();
    bed.client.seed(
      clusterRoles,
      role('admin', '', [], 'admin'),
      role('edit', 'admin', ['stale'], 'edit'),
      role('z', 'edit', ['pods', 'secrets']),
      role('a', 'edit', ['pods', 'services']),
    );
    await bed.start([clusterRoleAggregationController]);
    assert.equal(resourcesOf(bed, 'edit'), 'pods services secrets');
    assert.equal(resourcesOf(bed, 'admin'), 'pods services secrets');
    await bed.client.delete(clusterRoles, { name: 'a' });
    await bed.settle();
    assert.equal(resourcesOf(bed, 'admin'), 'pods secrets');
    assert.deepEqual(bed.complaints, []);
  });
});
