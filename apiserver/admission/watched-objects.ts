/** The present objects of a resource in the watch cache, parsed once. */
import type { KubeObject } from '../../machinery/schema/wire.ts';
import type { Catalog } from '../registry/catalog.ts';
import type { WatchedObjects } from './admission.ts';

/** `resource`: `plural` or `plural.group`. Throws an Error when there is no such resource. */
export function watchedObjects<T extends KubeObject>(
  catalog: Catalog,
  resource: string,
): WatchedObjects<T> {
  const served = catalog.stored(resource);
  if (served === undefined) throw new Error(`no resource ${resource}`);
  const { cache } = served.store;
  return {
    get revision() {
      return cache.changedRevision;
    },
    get count() {
      return cache.count;
    },
    list: () => Array.from(cache.objects(''), (o) => o.shared<T>()),
  };
}

/** One of them; undefined when there is none. */
export function presentObject<T extends KubeObject>(
  catalog: Catalog,
  resource: string,
  namespace: string,
  name: string,
): T | undefined {
  return catalog.stored(resource)?.store.cache.get(namespace, name)?.shared<T>();
}
