import assert from 'node:assert/strict';
import { type Loose, problems, TestRegistry } from '../core/test-registry.ts';
import { flowcontrolBootstrap, priorityClassBootstrap, rbacBootstrap } from './bootstrap.ts';

describe('objects that a server starts with', () => {
  it('are there', () => {
    const rbac = rbacBootstrap();
    const names = rbac.clusterroles.map((r) => r.metadata?.name);
    for (const name of ['cluster-admin', 'admin', 'edit', 'view', 'system:node']) {
      assert.ok(names.includes(name), name);
    }
    assert.ok(rbac.clusterrolebindings.length > 0);
    assert.deepEqual(
      priorityClassBootstrap()
        .map((p) => p.metadata?.name)
        .sort(),
      ['system-cluster-critical', 'system-node-critical'],
    );
    const flow = flowcontrolBootstrap();
    assert.ok(flow.flowschemas.some((s) => s.metadata?.name === 'catch-all'));
  });

  it('are valid', async () => {
    await using registry = await TestRegistry.openAll();
    const each = async (apiVersion: string, plural: string, list: readonly object[]) => {
      for (const object of list) {
        const { metadata, ...rest } = structuredClone(object) as Loose;
        const { name, namespace, labels, annotations } = metadata;
        const request = { apiVersion, ...(namespace ? { namespace } : {}) };
        const body = { ...rest, metadata: { name, labels, annotations } };
        assert.deepEqual(await problems(registry.create(plural, body, request)), [], name);
      }
    };
    const rbac = rbacBootstrap();
    const rbacV1 = 'rbac.authorization.k8s.io/v1';
    await each(rbacV1, 'clusterroles', rbac.clusterroles);
    await each(rbacV1, 'clusterrolebindings', rbac.clusterrolebindings);
    await each(rbacV1, 'roles', rbac.roles);
    await each(rbacV1, 'rolebindings', rbac.rolebindings);
    const flow = flowcontrolBootstrap();
    const flowV1 = 'flowcontrol.apiserver.k8s.io/v1';
    await each(flowV1, 'flowschemas', flow.flowschemas);
    await each(flowV1, 'prioritylevelconfigurations', flow.prioritylevelconfigurations);
  });
});
