/**
 * The life of one resource's objects in the store: create, update, delete with finalizers and
 * graceful deletion. What the real server does in its generic registry
 * (k8s.io/apiserver/pkg/registry/generic/registry/store.go), over our Storage contract.
 * Objects are in the stored version; the watch cache answers reads.
 */
import { formatTime } from '../../../machinery/meta/times.ts';
import type { KubeObject } from '../../../machinery/schema/wire.ts';
import type { Cacher } from '../../storage/cache/cacher.ts';
import type { ResourceCache } from '../../storage/cache/resource-cache.ts';
import type { StoredObject } from '../../storage/cache/stored-object.ts';
import type { Storage } from '../../storage/storage.ts';
import type { ResourceDefinition, WriteContext } from '../resource.ts';
import { type AdmitCreate, createObject } from './create.ts';
import { type AdmitDelete, type DeleteOutcome, deleteObject } from './delete.ts';
import type { DeletionOptions } from './deletion.ts';
import { isMissing } from './refusals.ts';
import { type ObjectStoreOptions, StoredObjects } from './stored-objects.ts';
import { type UpdateOutcome, type UpdateRequest, updateObject } from './update.ts';

export class ObjectStore {
  readonly definition: ResourceDefinition;
  readonly cache: ResourceCache;
  readonly cacher: Cacher;
  readonly storage: Storage;
  readonly #objects: StoredObjects;

  constructor(options: ObjectStoreOptions) {
    this.definition = options.definition;
    this.cache = options.cache;
    this.cacher = options.cacher;
    this.storage = options.storage;
    this.#objects = new StoredObjects(options);
  }

  key(namespace: string, name: string): string {
    return this.#objects.key(namespace, name);
  }

  /** The present object, as fresh as a quorum read. Throws NotFound. */
  async get(namespace: string, name: string): Promise<StoredObject> {
    await this.cacher.fresh();
    const found = this.#objects.cached(namespace, name);
    if (found === undefined) throw isMissing(this.definition, name);
    return found;
  }

  /** Stores a new object; changes `object` in place. `admit` runs after validation. */
  create(object: KubeObject, ctx: WriteContext, admit?: AdmitCreate): Promise<StoredObject> {
    return this.#acting(createObject(this.#objects, object, ctx, admit), (o) => o);
  }

  /** Reads, transforms, checks and writes until no other writer came between. */
  update(request: UpdateRequest, ctx: WriteContext): Promise<UpdateOutcome> {
    return this.#acting(updateObject(this.#objects, request, ctx), ({ object }) => object);
  }

  /**
   * Deletes, or starts to: graceful deletion and finalizers leave the object behind, marked.
   * `admit` sees the stored object before anything happens.
   */
  delete(
    namespace: string,
    name: string,
    options: DeletionOptions,
    ctx: WriteContext,
    admit?: AdmitDelete,
  ): Promise<DeleteOutcome> {
    const deleting = deleteObject(this.#objects, namespace, name, options, ctx, admit);
    return this.#acting(deleting, ({ object }) => object);
  }

  /** Of objects that the server goes by, a write has ended when the cache shows it. */
  #acting<T>(write: Promise<T>, written: (outcome: T) => StoredObject): Promise<T> {
    if (!this.definition.actsAtOnce) return write;
    return write.then(async (outcome) => {
      await this.cacher.shows(written(outcome).revision);
      return outcome;
    });
  }

  /** The time that new objects carry. */
  timestamp(): string {
    return formatTime(this.#objects.now());
  }
}
