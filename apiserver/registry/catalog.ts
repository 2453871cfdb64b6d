/**
 * All resources that one server serves, ready for use: declarations with their caches, stores and
 * subresources, looked up by group version and plural.
 */

import { normalize } from '../../machinery/codec/decode.ts';
import { decodeProtobuf } from '../../machinery/codec/protobuf.ts';
import { applyDefaults } from '../../machinery/schema/defaults.ts';
import { kindType, type StructType } from '../../machinery/schema/schema.ts';
import type { KubeObject } from '../../machinery/schema/wire.ts';
import type { Cacher } from '../storage/cache/cacher.ts';
import type { CacheSpec } from '../storage/cache/stored-object.ts';
import type { Storage } from '../storage/storage.ts';
import type { ApiGroup } from './groups.ts';
import { ObjectStore } from './object-store/object-store.ts';
import type { ResourceDefinition } from './resource.ts';
import { apiVersionOf, qualifiedName, type ServedResource } from './served-resource.ts';
import type { Subresource } from './subresource.ts';

export interface CatalogOptions {
  readonly groups: readonly ApiGroup[];
  readonly subresources: readonly Subresource[];
  readonly storage: Storage;
  readonly cacher: Cacher;
  now(): number;
  /** What is stored and not served. */
  disabled?(group: string, version: string, plural: string): boolean;
}

/** Selectable fields that many clients select by, and which therefore have an index. */
const indexedFields: Readonly<Record<string, readonly string[]>> = { pods: ['spec.nodeName'] };

export class Catalog {
  readonly groups: readonly ApiGroup[];
  readonly #served = new Map<string, ServedResource>();
  readonly #stored = new Map<string, ServedResource>();

  constructor(options: CatalogOptions) {
    for (const group of options.groups) {
      for (const definition of group.resources) this.#add(definition, options);
    }
    // Subresources and other served versions of resources that stand in another group.
    for (const group of options.groups) {
      for (const definition of group.resources) this.#addVersions(definition);
    }
    this.groups = options.disabled === undefined ? options.groups : this.#withdraw(options);
  }

  /** The resource served under a group version; undefined when there is none. */
  find(group: string, version: string, plural: string): ServedResource | undefined {
    return this.#served.get(`${group}/${version}/${plural}`);
  }

  /** The resource in its stored version, by `plural` or `plural.group`. */
  stored(name: string): ServedResource | undefined {
    return this.#stored.get(name);
  }

  /** All that is served under a group version, by name. */
  inGroupVersion(group: string, version: string): ServedResource[] {
    const prefix = `${group}/${version}/`;
    return [...this.#served.entries()]
      .filter(([key]) => key.startsWith(prefix))
      .map(([, r]) => r)
      .sort((a, b) => (a.definition.plural < b.definition.plural ? -1 : 1));
  }

  /** How many objects of each resource the caches hold. */
  *counts(): Generator<{ group: string; plural: string; count: number }> {
    for (const { definition, store } of this.#stored.values()) {
      yield { group: definition.group, plural: definition.plural, count: store.cache.count };
    }
  }

  /** Takes away what is disabled; the groups that are left. */
  #withdraw({ groups, disabled }: CatalogOptions): readonly ApiGroup[] {
    for (const key of [...this.#served.keys()]) {
      const [group = '', version = '', plural = ''] = key.split('/');
      if (disabled?.(group, version, plural)) this.#served.delete(key);
    }
    return groups
      .map((g) => ({ ...g, versions: g.versions.filter((v) => !disabled?.(g.name, v, '')) }))
      .filter((g) => g.versions.length > 0);
  }

  #add(definition: ResourceDefinition, options: CatalogOptions): void {
    const { group, version, kind, plural } = definition;
    const apiVersion = apiVersionOf(group, version);
    const type = kindType(apiVersion, kind);
    if (type === undefined) throw new Error(`${apiVersion} ${kind} is not in the schema table`);
    const name = qualifiedName(group, plural);
    const cache = options.cacher.add(cacheSpec(definition, name, apiVersion, type));
    const store = new ObjectStore({
      definition,
      storage: options.storage,
      cacher: options.cacher,
      cache,
      now: options.now,
    });
    const subresources = new Map(
      options.subresources.filter((s) => s.resource === name).map((s) => [s.name, s]),
    );
    const served: ServedResource = {
      definition,
      group,
      version,
      apiVersion,
      type,
      conversion: undefined,
      store,
      subresources,
    };
    this.#served.set(`${group}/${version}/${plural}`, served);
    this.#stored.set(name, served);
  }

  #addVersions(definition: ResourceDefinition): void {
    const base = this.#stored.get(qualifiedName(definition.group, definition.plural))!;
    for (const conversion of definition.versions) {
      const { group, version } = conversion;
      const apiVersion = apiVersionOf(group, version);
      const type = kindType(apiVersion, definition.kind);
      if (type === undefined) {
        throw new Error(`${apiVersion} ${definition.kind} is not in the schema table`);
      }
      this.#served.set(`${group}/${version}/${definition.plural}`, {
        ...base,
        group,
        version,
        apiVersion,
        type,
        conversion,
      });
    }
  }
}

function cacheSpec(
  definition: ResourceDefinition,
  name: string,
  apiVersion: string,
  type: StructType,
): CacheSpec {
  return {
    name,
    prefix: definition.storagePrefix,
    namespaced: definition.namespaced,
    kind: definition.kind,
    apiVersion,
    selectableFields: definition.selectableFields,
    indexedFields: indexedFields[name] ?? [],
    decode: (value) => decodeForeign(value, definition, type),
  };
}

/** Values that another server wrote: protobuf, or JSON that is not laid out as ours. */
function decodeForeign(
  value: Buffer,
  definition: ResourceDefinition,
  type: StructType,
): KubeObject {
  const protobuf = value.length >= 4 && value.toString('latin1', 0, 4) === 'k8s\0';
  const decoded = protobuf
    ? (decodeProtobuf(value) as { apiVersion: string; kind: string; object: KubeObject })
    : undefined;
  let object = decoded?.object ?? (JSON.parse(value.toString('utf8')) as KubeObject);
  const from = definition.versions.find(
    (v) => apiVersionOf(v.group, v.version) === (decoded?.apiVersion ?? object.apiVersion),
  );
  if (from !== undefined) object = from.toStored(object);
  object = normalize(object, type);
  applyDefaults(apiVersionOf(definition.group, definition.version), definition.kind, object);
  return object;
}
