/** The authorizers of a server, in the order of `--authorization-mode`. */
import type { ApiServerOptions } from '../options.ts';
import type { Catalog } from '../registry/catalog.ts';
import type { Authorizer } from './authorizer.ts';
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
        break;
      default:
        throw new Error(
          `--authorization-mode ${mode} is not supported: choose of Node, RBAC, AlwaysAllow`,
        );
    }
  }
  return { authorizers, rbac };
}
