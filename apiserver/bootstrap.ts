/** The objects that a server makes sure of at start: namespaces, roles, the service `kubernetes`. */
import { hasReason } from '../machinery/meta/status-error.ts';
import type { KubeObject } from '../machinery/schema/wire.ts';
import type { ApiServerOptions } from './options.ts';
import { rbacBootstrap } from './registry/bootstrap/bootstrap.ts';
import type { ResourceAccess } from './registry/resource.ts';

const namespaces = ['default', 'kube-system', 'kube-public', 'kube-node-lease'];

/** Creates what is missing; objects that exist are left as they are. */
export async function ensureBootstrapObjects(
  access: ResourceAccess,
  _options: ApiServerOptions,
): Promise<void> {
  const make = async (resource: string, object: KubeObject) => {
    const { name = '', namespace = '' } = object.metadata ?? {};
    if ((await access.get(resource, namespace, name)) !== undefined) return;
    try {
      await access.create(resource, object);
    } catch (e) {
      // Another server of the cluster was first.
      if (!hasReason(e, 'AlreadyExists')) throw e;
    }
  };
  for (const name of namespaces) await make('namespaces', { metadata: { name } });
  const rbac = rbacBootstrap();
  const group = 'rbac.authorization.k8s.io';
  await Promise.all([
    ...rbac.clusterroles.map((o) => make(`clusterroles.${group}`, o)),
    ...rbac.clusterrolebindings.map((o) => make(`clusterrolebindings.${group}`, o)),
    ...rbac.roles.map((o) => make(`roles.${group}`, o)),
    ...rbac.rolebindings.map((o) => make(`rolebindings.${group}`, o)),
  ]);
}
