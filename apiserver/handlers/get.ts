/** GET of one object. */
import { notFound } from '../../machinery/meta/status-error.ts';
import type { ApiResponse } from '../server/api-response.ts';
import { type RenderContext, renderObject } from '../server/rendering.ts';
import { parseRevision, reached } from './list.ts';

/** Answers a GET; with `resourceVersion` the object may be that old. */
export async function get(
  c: RenderContext,
  namespace: string,
  name: string,
  resourceVersion: string,
): Promise<ApiResponse> {
  const { store, definition } = c.resource;
  const revision = parseRevision(resourceVersion);
  if (revision === undefined) await store.cacher.fresh();
  else if (revision > 0) await reached(c.resource, revision, resourceVersion);
  const found = store.cache.get(definition.namespaced ? namespace : '', name);
  if (found === undefined) {
    throw notFound({ group: c.resource.group, resource: definition.plural }, name);
  }
  return renderObject(c, found, 200);
}
