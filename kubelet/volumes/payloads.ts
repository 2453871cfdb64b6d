/** The files that objects of the API become in a volume. */
import { StatusError } from '../../machinery/meta/status-error.ts';
import type { ConfigMap, Secret } from '../../machinery/schema/wire.ts';
import { type DownwardFacts, fieldValue, resourceValue } from '../env/downward.ts';
import { decodeSecretValue } from '../env/environment.ts';
import type { NodePod } from '../pods/pod.ts';
import type { FileContent } from './atomic-writer.ts';

/** `items` of configMap and secret volumes. */
export interface KeyToPath {
  readonly key: string;
  readonly path: string;
  readonly mode?: number;
}

/** A file of a downwardAPI volume. */
export interface DownwardFile {
  readonly path: string;
  readonly fieldRef?: { readonly fieldPath: string };
  readonly resourceFieldRef?: {
    readonly resource: string;
    readonly containerName?: string;
    readonly divisor?: string;
  };
  readonly mode?: number;
}

/** All keys of a config map, text and binary. */
export function configMapKeys(map: ConfigMap): Map<string, Buffer> {
  const out = new Map<string, Buffer>();
  for (const [k, v] of Object.entries(map.data ?? {})) out.set(k, Buffer.from(v));
  for (const [k, v] of Object.entries(map.binaryData ?? {})) out.set(k, Buffer.from(v, 'base64'));
  return out;
}

export function secretKeys(secret: Secret): Map<string, Buffer> {
  return new Map(Object.entries(secret.data ?? {}).map(([k, v]) => [k, decodeSecretValue(v)]));
}

const missingKey = {
  configmap: 'configmap references non-existent config key',
  secret: 'references non-existent secret key',
};

/** Files for chosen keys, or for all; a chosen key that is missing throws unless optional. */
export function keyFiles(
  keys: ReadonlyMap<string, Buffer>,
  items: readonly KeyToPath[] | undefined,
  defaultMode: number,
  optional: boolean,
  kind: 'configmap' | 'secret',
): Map<string, FileContent> {
  const out = new Map<string, FileContent>();
  if (items === undefined || items.length === 0) {
    for (const [key, data] of keys) out.set(key, { data, mode: defaultMode });
    return out;
  }
  for (const { key, path, mode } of items) {
    const data = keys.get(key);
    if (data !== undefined) out.set(path, { data, mode: mode ?? defaultMode });
    else if (!optional) throw new Error(`${missingKey[kind]}: ${key}`);
  }
  return out;
}

/** Files with fields and resources of the pod. */
export function downwardFiles(
  items: readonly DownwardFile[],
  pod: NodePod,
  facts: DownwardFacts,
  defaultMode: number,
): Map<string, FileContent> {
  const out = new Map<string, FileContent>();
  for (const { path, fieldRef, resourceFieldRef, mode } of items) {
    let text = '';
    if (fieldRef) text = fieldValue(fieldRef.fieldPath, pod, facts);
    else if (resourceFieldRef) text = resourceValue(resourceFieldRef, pod, undefined, facts);
    out.set(path, { data: Buffer.from(text), mode: mode ?? defaultMode });
  }
  return out;
}

/** The object, or undefined when it is missing and may be. */
export async function optionalObject<T>(
  optional: boolean | undefined,
  get: () => Promise<T>,
): Promise<T | undefined> {
  try {
    return await get();
  } catch (error) {
    if (optional && error instanceof StatusError && error.reason === 'NotFound') return undefined;
    throw error;
  }
}
