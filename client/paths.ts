/** URLs of the REST API: where a kind, an object and a selection stand. */
import type { ListOptions, ObjectKey, Resource, WatchOptions } from './client.ts';

/** `/api/v1`, `/apis/apps/v1`. */
export function groupVersionPath(apiVersion: string): string {
  return apiVersion.includes('/') ? `/apis/${apiVersion}` : `/api/${apiVersion}`;
}

/** The collection; over all namespaces when none is given. */
export function collectionPath(r: Resource, namespace: string | undefined): string {
  const base = groupVersionPath(r.apiVersion);
  if (!r.namespaced || namespace === undefined || namespace === '') return `${base}/${r.plural}`;
  return `${base}/namespaces/${encodeURIComponent(namespace)}/${r.plural}`;
}

/** One object or a subresource of it. Throws when a name or a needed namespace is missing. */
export function objectPath(r: Resource, key: ObjectKey, subresource?: string): string {
  if (key.name === '') throw new Error(`${r.plural}: resource name may not be empty`);
  if (r.namespaced && (key.namespace ?? '') === '') {
    throw new Error(`${r.plural} "${key.name}": an empty namespace may not be set`);
  }
  const path = `${collectionPath(r, key.namespace)}/${encodeURIComponent(key.name)}`;
  return subresource === undefined ? path : `${path}/${subresource}`;
}

/** The query of a list. */
export function listQuery(options: ListOptions): URLSearchParams {
  const query = new URLSearchParams();
  if (options.labelSelector) query.set('labelSelector', options.labelSelector);
  if (options.fieldSelector) query.set('fieldSelector', options.fieldSelector);
  if (options.limit !== undefined) query.set('limit', String(options.limit));
  if (options.continue) query.set('continue', options.continue);
  if (options.resourceVersion !== undefined) query.set('resourceVersion', options.resourceVersion);
  return query;
}

/** The query of a watch; bookmarks are always asked for. */
export function watchQuery(options: WatchOptions): URLSearchParams {
  const query = listQuery(options);
  query.set('watch', 'true');
  query.set('allowWatchBookmarks', 'true');
  if (options.sendInitialEvents === true) {
    query.set('sendInitialEvents', 'true');
    query.set('resourceVersionMatch', 'NotOlderThan');
  }
  if (options.timeoutSeconds !== undefined) {
    query.set('timeoutSeconds', String(options.timeoutSeconds));
  }
  return query;
}
