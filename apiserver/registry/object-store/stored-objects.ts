/** The objects of one resource in the store: keys, fresh reads, conditional writes, encoding. */

import { layOutMetadata } from '../../../machinery/meta/metadata-order.ts';
import { StatusError } from '../../../machinery/meta/status-error.ts';
import { kindType, type StructType } from '../../../machinery/schema/schema.ts';
import type { KubeObject } from '../../../machinery/schema/wire.ts';
import type { Cacher } from '../../storage/cache/cacher.ts';
import type { ResourceCache } from '../../storage/cache/resource-cache.ts';
import { type Selectable, StoredObject, selectableOf } from '../../storage/cache/stored-object.ts';
import type { KeyValue, Storage } from '../../storage/storage.ts';
import type { ResourceDefinition, WriteContext } from '../resource.ts';
import { apiVersionOf } from '../served-resource.ts';
import { AnnouncedWrites } from './announced-writes.ts';
import { encodeOutOfDate, encodeStored } from './object-encoding.ts';
import { isTaken } from './refusals.ts';

/** Largest value that etcd takes by default (its --max-request-bytes), less some room. */
const maxValueBytes = 1.5 * 1024 * 1024;

export interface ObjectStoreOptions {
  readonly definition: ResourceDefinition;
  readonly storage: Storage;
  readonly cacher: Cacher;
  readonly cache: ResourceCache;
  /** Milliseconds since 1970. */
  now(): number;
}

export class StoredObjects {
  readonly definition: ResourceDefinition;
  readonly cache: ResourceCache;
  readonly cacher: Cacher;
  readonly storage: Storage;
  readonly type: StructType;
  readonly now: () => number;
  readonly #apiVersion: string;
  readonly #writes: AnnouncedWrites;

  constructor({ definition, storage, cacher, cache, now }: ObjectStoreOptions) {
    this.definition = definition;
    this.cache = cache;
    this.cacher = cacher;
    this.storage = storage;
    this.now = now;
    this.#apiVersion = apiVersionOf(definition.group, definition.version);
    this.type = kindType(this.#apiVersion, definition.kind)!;
    this.#writes = new AnnouncedWrites(storage, cacher, definition.ttlSeconds, now);
  }

  key(namespace: string, name: string): string {
    const { storagePrefix, namespaced } = this.definition;
    return namespaced ? `${storagePrefix}/${namespace}/${name}` : `${storagePrefix}/${name}`;
  }

  /** What the cache shows now, which may be old. */
  cached(namespace: string, name: string): StoredObject | undefined {
    return this.cache.get(this.definition.namespaced ? namespace : '', name);
  }

  /** The present object, as fresh as a quorum read. */
  async read(namespace: string, name: string): Promise<StoredObject | undefined> {
    await this.cacher.fresh();
    return this.cached(namespace, name);
  }

  /** Stores a new object, which has passed all checks. Throws AlreadyExists. */
  async add(object: KubeObject, ctx: WriteContext): Promise<StoredObject> {
    const { name, namespace, generateName } = object.metadata!;
    const key = this.key(namespace ?? '', name!);
    const value = this.valueOf(object);
    refuseLarge(value);
    if (ctx.dryRun) {
      const there = await this.read(namespace ?? '', name!);
      if (there !== undefined) throw isTaken(this.definition, name!, generateName, there, ctx);
      return this.shown(key, 0, object);
    }
    const selectable = selectableOf(this.cache.spec, object);
    const result = await this.#writes.write(key, value, undefined, selectable);
    if (result.ok) return this.#written(key, result.revision, value, selectable, true);
    const there = result.current === undefined ? undefined : this.found(result.current);
    throw isTaken(this.definition, name!, generateName, there, ctx);
  }

  /**
   * Writes `value`, which is `object` encoded, over `current`; undefined: another write was first.
   * `sound`: it has passed all checks, as `sound-objects.ts` means it.
   */
  async replace(
    current: StoredObject,
    object: KubeObject,
    value: Buffer,
    sound: boolean,
    ctx: WriteContext,
  ): Promise<StoredObject | undefined> {
    refuseLarge(value);
    const { key } = current;
    if (ctx.dryRun) return this.shown(key, current.revision, object);
    const selectable = selectableOf(this.cache.spec, object);
    const result = await this.#writes.write(key, value, current, selectable);
    if (!result.ok) return undefined;
    return this.#written(key, result.revision, value, selectable, sound);
  }

  /** What has been written, as the answer shows it and the cache will keep it. */
  #written(
    key: string,
    revision: number,
    value: Buffer,
    selectable: Selectable,
    sound: boolean,
  ): StoredObject {
    const object = new StoredObject(this.cache.spec, key, revision, value, selectable).settle();
    object.sound = sound;
    this.cacher.wrote(object);
    return object;
  }

  /** What the store answered of a key of this resource. */
  found(kv: KeyValue): StoredObject {
    return new StoredObject(this.cache.spec, kv.key, kv.modRevision, kv.value);
  }

  /** An object that is shown without having been stored (dry run). */
  shown(key: string, revision: number, object: KubeObject): StoredObject {
    return new StoredObject(this.cache.spec, key, revision, this.encode(object));
  }

  /** What is stored of an object; what is left to defaulting is set in it. */
  valueOf(object: KubeObject): Buffer {
    if (this.definition.defaultOnRead?.(object) !== true) return this.encode(object);
    layOutMetadata(object.metadata!);
    return encodeOutOfDate(this.definition.kind, this.#apiVersion, object);
  }

  /** An object in the layout of the store. */
  encode(object: KubeObject): Buffer {
    return encodeStored(this.definition.kind, this.#apiVersion, object);
  }
}

function refuseLarge(value: Buffer): void {
  if (value.length <= maxValueBytes) return;
  throw new StatusError('RequestEntityTooLarge', 'etcdserver: request is too large', {});
}
