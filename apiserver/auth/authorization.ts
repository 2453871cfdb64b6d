/** The authorizers of a server, in the order of its flags or of a file whose changes it follows. */
import { readFileSync } from 'node:fs';
import { followFile } from '../configuration/file-follower.ts';
import type { Reloads } from '../metrics/reloads.ts';
import { rbacBootstrap } from '../registry/bootstrap/bootstrap.ts';
import type { Catalog } from '../registry/catalog.ts';
import { abacAuthorizer } from './abac.ts';
import { alwaysAllow, alwaysDeny } from './always.ts';
import type { AuthOptions } from './auth-options.ts';
import {
  type AuthorizerConfiguration,
  authorizersOf,
  parseAuthorizers,
} from './authorization-configuration.ts';
import { type Authorizer, unionAuthorizer } from './authorizer.ts';
import { nodeAuthorizer } from './node/node-authorizer.ts';
import { NodeRelations } from './node/relations.ts';
import { Rbac, rbacCaches } from './rbac.ts';
import { systemMasters } from './system-masters.ts';
import { webhookAuthorizer } from './webhook-authorizer.ts';

export interface AuthorizationSetup {
  readonly authorizer: Authorizer;
  /** Tells what roles grant, whatever the modes are: nobody grants more than they have. */
  readonly rbac: Rbac;
  /** Follows the file, if there is one; resolves after `signal`. */
  run(signal: AbortSignal): Promise<void>;
}

const everyMs = 10_000;

/**
 * Call when the catalog's caches are loaded. `reloads` counts those of the file. Throws an Error of one line for flags or a file that
 * cannot be.
 */
export function createAuthorization(
  options: AuthOptions,
  catalog: Catalog,
  onProblem: (what: string, error: unknown) => void,
  reloads?: Reloads,
): AuthorizationSetup {
  const rbac = new Rbac(rbacCaches((name) => catalog.stored(name)!.store.cache));
  const made = new Map<string, Authorizer>();
  const initial = authorizersOf(options);
  const types = new Set(initial.map((a) => a.type));
  const make = (a: AuthorizerConfiguration): Authorizer => {
    const { type = '', name = '' } = a;
    if (type === 'Webhook') return webhookAuthorizer(name, a.webhook!, () => Date.now());
    // What they know of the cluster stays when the file changes.
    let authorizer = made.get(type);
    if (authorizer === undefined) {
      authorizer = builtIn(type, options, catalog, rbac);
      made.set(type, authorizer);
    }
    return authorizer;
  };
  const joined = (all: readonly AuthorizerConfiguration[]) =>
    unionAuthorizer([systemMasters, ...all.map(make)]);
  let current = joined(initial);
  const path = options.authorizationConfig;
  return {
    authorizer: {
      name: 'union',
      authorize: (a) => current.authorize(a),
      rules: (user, namespace) => current.rules!(user, namespace),
    },
    rbac,
    async run(signal) {
      if (path === undefined) return;
      await followFile(
        {
          path,
          text: readFileSync(path, 'utf8'),
          everyMs,
          async changed(text) {
            const next = parseAuthorizers(Buffer.from(text));
            checkTypes(types, new Set(next.map((a) => a.type)));
            current = joined(next);
          },
          onProblem: (e) => onProblem('the authorization configuration stays as it was', e),
          reloads,
        },
        signal,
      );
    },
  };
}

/** Webhooks may come and go; the other types are those of the start. */
function checkTypes(
  initial: ReadonlySet<string | undefined>,
  next: ReadonlySet<string | undefined>,
): void {
  const missing = [...initial].filter((type) => type !== 'Webhook' && !next.has(type));
  if (missing.length > 0) throw new Error(`missing required types: [${missing.join(' ')}]`);
  const stateful = ['Node', 'RBAC', 'ABAC'];
  const added = stateful.find((type) => next.has(type) && !initial.has(type));
  if (added === undefined) return;
  throw new Error(
    `authorizer type ${added} is not allowed if it was not enabled at initial server startup`,
  );
}

function builtIn(type: string, options: AuthOptions, catalog: Catalog, rbac: Rbac): Authorizer {
  switch (type) {
    case 'Node':
      return createNodeAuthorizer(catalog);
    case 'RBAC':
      return rbac;
    case 'AlwaysAllow':
      return alwaysAllow;
    case 'AlwaysDeny':
      return alwaysDeny;
    case 'ABAC': {
      const file = options.authorizationPolicyFile;
      if (file === undefined)
        throw new Error('authorizer ABAC: --authorization-policy-file not passed');
      return abacAuthorizer(file, readFileSync(file, 'utf8'));
    }
    default:
      throw new Error(`unknown authorization mode ${type} specified`);
  }
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
