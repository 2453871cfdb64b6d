/** How objects are laid out in the store: JSON in normal form, without a resourceVersion. */
import type { KubeObject, ObjectMeta } from '../../../machinery/schema/wire.ts';

/**
 * The value to store. kind and apiVersion come first and metadata third with its plain strings in
 * front, so that readers can splice the revision in without parsing (see cache/stored-object.ts).
 */
export function encodeStored(kind: string, apiVersion: string, object: KubeObject): Buffer {
  const { kind: _kind, apiVersion: _apiVersion, metadata, ...rest } = object;
  return Buffer.from(
    JSON.stringify({ kind, apiVersion, metadata: ordered(metadata ?? {}), ...rest }),
  );
}

/**
 * The same in a layout that is not ours: to be written again by the next update, as what another
 * server wrote.
 */
export function encodeOutOfDate(kind: string, apiVersion: string, object: KubeObject): Buffer {
  const { kind: _kind, apiVersion: _apiVersion, metadata, ...rest } = object;
  return Buffer.from(
    JSON.stringify({ apiVersion, kind, metadata: ordered(metadata ?? {}), ...rest }),
  );
}

function ordered(m: ObjectMeta): Omit<ObjectMeta, 'resourceVersion'> {
  // What a client says of selfLink is not kept.
  const { name, generateName, namespace, selfLink: _s, uid, resourceVersion: _r, ...rest } = m;
  // Keys that are undefined are left out by JSON.stringify.
  return { name, generateName, namespace, uid, ...rest } as Omit<ObjectMeta, 'resourceVersion'>;
}
