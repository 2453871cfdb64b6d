/** A resource as it is served under one group version: the declaration with what hangs on it. */
import type { StructType } from '../../machinery/schema/schema.ts';
import type { KubeObject } from '../../machinery/schema/wire.ts';
import type { ObjectStore } from './object-store/object-store.ts';
import type { ResourceDefinition, VersionConversion } from './resource.ts';
import type { Subresource } from './subresource.ts';

export interface ServedResource {
  readonly definition: ResourceDefinition;
  readonly group: string;
  readonly version: string;
  /** `v1` or `group/version`. */
  readonly apiVersion: string;
  readonly type: StructType;
  /** Set where this group version is not the stored one. */
  readonly conversion: VersionConversion | undefined;
  readonly store: ObjectStore;
  /** By name; `status` and `scale` of the declaration are not among them. */
  readonly subresources: ReadonlyMap<string, Subresource>;
}

/** `plural` or `plural.group`. */
export function qualifiedName(group: string, plural: string): string {
  return group === '' ? plural : `${plural}.${group}`;
}

/** `v1` or `group/version`. */
export function apiVersionOf(group: string, version: string): string {
  return group === '' ? version : `${group}/${version}`;
}

/** An object of the stored version as this group version shows it; may be the same object. */
export function toServed(r: ServedResource, stored: KubeObject): KubeObject {
  return r.conversion === undefined ? stored : r.conversion.fromStored(stored);
}

/** An object of this group version in the stored form; may be the same object. */
export function toStored(r: ServedResource, object: KubeObject): KubeObject {
  return r.conversion === undefined ? object : r.conversion.toStored(object);
}
