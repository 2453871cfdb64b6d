/** ResourceAccess over a catalog: what hooks, admission and the server itself read and write. */

import { normalize } from '../../machinery/codec/decode.ts';
import { hasReason, notFound } from '../../machinery/meta/status-error.ts';
import { formatTime } from '../../machinery/meta/times.ts';
import { applyDefaults } from '../../machinery/schema/defaults.ts';
import type { KubeObject } from '../../machinery/schema/wire.ts';
import { manageFields } from '../handlers/field-manager.ts';
import type { Catalog } from './catalog.ts';
import type { ResourceAccess, UserInfo, WriteContext } from './resource.ts';
import type { ServedResource } from './served-resource.ts';

/** Who owns the fields of what the server creates by itself. */
const ownManager = 'kube-apiserver';

const serverUser: UserInfo = { name: 'system:apiserver', groups: ['system:masters'] };

/**
 * `catalog` is asked for on each call: it is complete only after hooks have been built. Reads are
 * those of the cache, and see what was written here before, or stood in the way of it.
 */
export function serverAccess(catalog: () => Catalog): ResourceAccess {
  const find = (name: string): ServedResource => {
    const r = catalog().stored(name);
    if (r === undefined) throw new Error(`no resource ${name}`);
    return r;
  };
  const context = (namespace: string): WriteContext => ({
    user: serverUser,
    namespace,
    now: formatTime(Date.now()),
    dryRun: false,
    subresource: '',
    access,
    warn: () => {},
  });
  const access: ResourceAccess = {
    get<T extends KubeObject>(resource: string, namespace: string, name: string) {
      return Promise.resolve(find(resource).store.cache.get(namespace, name)?.shared<T>());
    },
    list<T extends KubeObject>(resource: string, namespace: string) {
      const { cache } = find(resource).store;
      return Promise.resolve([...cache.objects(namespace)].map((o) => o.shared<T>()));
    },
    async create<T extends KubeObject>(resource: string, object: T, manager = ownManager) {
      const r = find(resource);
      const full = normalize(
        { kind: r.definition.kind, apiVersion: r.apiVersion, ...structuredClone(object) },
        r.type,
      );
      applyDefaults(r.apiVersion, r.definition.kind, full);
      manageFields(r, undefined, full, manager, '');
      try {
        const stored = await r.store.create(full, context(object.metadata?.namespace ?? ''));
        await r.store.cacher.shows(stored.revision);
        return stored.object<T>();
      } catch (e) {
        // Another server's, which the cache does not show yet.
        if (hasReason(e, 'AlreadyExists')) await r.store.cacher.fresh();
        throw e;
      }
    },
    async update<T extends KubeObject>(
      resource: string,
      namespace: string,
      name: string,
      change: (current: T) => T,
    ) {
      const r = find(resource);
      const { object } = await r.store.update(
        {
          namespace,
          name,
          // The server changes what it must, status included, past the strategies.
          strategy: {},
          transform: (current) => {
            if (current === undefined) {
              throw notFound({ group: r.group, resource: r.definition.plural }, name);
            }
            return Promise.resolve(change(current as T));
          },
        },
        context(namespace),
      );
      await r.store.cacher.shows(object.revision);
      return object.object<T>();
    },
    async delete(resource, namespace, name, uid) {
      const r = find(resource);
      const options = uid === undefined ? {} : { preconditions: { uid } };
      const { object } = await r.store.delete(
        namespace,
        name,
        { gracePeriodSeconds: 0, ...options },
        context(namespace),
      );
      await r.store.cacher.shows(object.revision);
    },
  };
  return access;
}
