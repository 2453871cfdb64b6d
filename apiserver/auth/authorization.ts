/** The authorizers of a server, in the order of `--authorization-mode`. */
import type { ApiServerOptions } from '../options.ts';
import { rbacBootstrap } from '../registry/bootstrap/bootstrap.ts';
import type { Catalog } from '../registry/catalog.ts';
import type { Authorizer } from './authorizer.ts';
import { nodeAuthorizer } from './node/node-authorizer.ts';
import { NodeRelations } from './node/relations.ts';
import { Rbac, rbacCaches } from './rbac.ts';
import { systemMasters } from './system-masters.ts';

const alwaysAllow: Authorizer = {
  name: 'AlwaysAllow',
  authorize: () => ({ decision: 'allow', reason: '' }),
};

/** What the modes are built from; RBAC is also asked for the rules that a user has. */
export interface Authorization {
  readonly authorizers: readonly Authorizer[];
  readonly rbac: Rbac | undefined;
}

/** Call when the catalog's caches are loaded. Throws an Error for an unknown mode. */
export function createAuthorizers(options: ApiServerOptions, catalog: Catalog): Authorization {
  let rbac: Rbac | undefined;
  const authorizers: Authorizer[] = [systemMasters];
  for (const mode of options.authorizationMode) {
    switch (mode) {
      case 'AlwaysAllow':
        authorizers.push(alwaysAllow);
        break;
      case 'RBAC':
        rbac = new Rbac(rbacCaches((name) => catalog.stored(name)!.store.cache));
        authorizers.push(rbac);
        break;
      case 'Node':
        authorizers.push(createNodeAuthorizer(catalog));
        break;
      default:
        throw new Error(
          `--authorization-mode ${mode} is not supported: choose of Node, RBAC, AlwaysAllow`,
        );
    }
  }
  return { authorizers, rbac };
}

function createNodeAuthorizer(catalog: Catalog): Authorizer {
  const cache = (name: string) => catalog.stored(name)!.store.cache;
  const relations = new NodeRelations({
    pods: cache('pods'),
    persistentVolumes: cache('persistentvolumes'),
    persistentVolumeClaims: cache('persistentvolumeclaims'),
    volumeAttachments: cache('volumeattachments.storage.k8s.io'),
    resourceSlices: cache('resourceslices.resource.k8s.io'),
  });
  const role = rbacBootstrap().clusterroles.find((r) => r.metadata?.name === 'system:node');
  return nodeAuthorizer(relations, role?.rules ?? []);
}
