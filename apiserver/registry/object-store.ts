/**
 * The life of one resource's objects in the store: create, update, delete with finalizers and
 * graceful deletion. What the real server does in its generic registry
 * (k8s.io/apiserver/pkg/registry/generic/registry/store.go), over our Storage contract.
 * Objects are in the stored version; the watch cache answers reads.
 */
import { randomUUID } from 'node:crypto';
import { normalize } from '../../machinery/codec/decode.ts';
import { deepCopy } from '../../machinery/meta/copy.ts';
import { jsonEqual, semanticEqual } from '../../machinery/meta/equality.ts';
import * as fe from '../../machinery/meta/field-error.ts';
import { nameIsDnsSubdomain, nameIsPathSegment } from '../../machinery/meta/names.ts';
import {
  validateKubeFinalizers,
  validateObjectMeta,
  validateObjectMetaUpdate,
} from '../../machinery/meta/object-meta-validation.ts';
import { simpleNameGenerator } from '../../machinery/meta/random.ts';
import {
  alreadyExists,
  badRequest,
  conflict,
  invalid,
  notFound,
  StatusError,
} from '../../machinery/meta/status-error.ts';
import { formatTime } from '../../machinery/meta/times.ts';
import { keepTimesWhenUnchanged } from '../../machinery/patch/apply.ts';
import { kindType, type StructType } from '../../machinery/schema/schema.ts';
import type { KubeObject, ObjectMeta } from '../../machinery/schema/wire.ts';
import type { Cacher } from '../storage/cache/cacher.ts';
import type { ResourceCache } from '../storage/cache/resource-cache.ts';
import { type Selectable, StoredObject, selectableOf } from '../storage/cache/stored-object.ts';
import { LeasePool } from '../storage/lease-pool.ts';
import { LeaseNotFoundError, type Storage, type WriteResult } from '../storage/storage.ts';
import {
  beforeDelete,
  type DeletionOptions,
  deletionFinalizers,
  layOutMarked,
  markAsDeleting,
  namesPolicy,
} from './deletion.ts';
import { encodeOutOfDate, encodeStored } from './object-encoding.ts';
import type {
  Finish,
  MetadataCheck,
  ResourceDefinition,
  UpdateStrategy,
  WriteContext,
} from './resource.ts';
import { apiVersionOf } from './served-resource.ts';

/** The text of a lost optimistic lock. */
export const optimisticLockMessage =
  'the object has been modified; please apply your changes to the latest version and try again';

/** Largest value that etcd takes by default (its --max-request-bytes), less some room. */
const maxValueBytes = 1.5 * 1024 * 1024;
/** How often an update is tried again when others write the same object. */
const maxUpdateAttempts = 100;
const maxGenerateNameAttempts = 8;

export interface ObjectStoreOptions {
  readonly definition: ResourceDefinition;
  readonly storage: Storage;
  readonly cacher: Cacher;
  readonly cache: ResourceCache;
  /** Milliseconds since 1970. */
  now(): number;
}

export interface UpdateRequest {
  readonly namespace: string;
  readonly name: string;
  /** '' for the object, else the subresource whose strategy applies. */
  readonly strategy: UpdateStrategy<KubeObject> | 'main';
  /**
   * Makes the new object from the stored one, a copy that may be changed; `undefined` when there is
   * none. Called again when somebody else wrote meanwhile.
   */
  transform(current: KubeObject | undefined): Promise<KubeObject>;
  /** `transform` leaves the stored object as it is: it need not be a copy of its own. */
  readonly keepsCurrent?: boolean;
  /** Runs after validation, before storing. */
  admit?(next: KubeObject, prev: KubeObject | undefined): Promise<void>;
  /** Creates what is not there (server-side apply; resources with createOnUpdate do anyway). */
  readonly forceCreate?: boolean;
  /** A uid that the stored object must have. */
  readonly uid?: string | undefined;
}

/** What becomes of an object that is to be deleted. */
interface DeletePlan {
  /** With the mark of deletion, if it gets one. */
  readonly object: KubeObject;
  /** It stays for a while, or for a moment, as marked. */
  readonly marks: boolean;
  /** Somebody has to let go of it first. */
  readonly held: boolean;
  /** The store is changed: with a mark, or by the delete itself. */
  readonly writes: boolean;
}

export interface UpdateOutcome {
  readonly object: StoredObject;
  readonly created: boolean;
}

export class ObjectStore {
  readonly definition: ResourceDefinition;
  readonly cache: ResourceCache;
  readonly cacher: Cacher;
  readonly storage: Storage;
  readonly #now: () => number;
  readonly #apiVersion: string;
  readonly #type: StructType;
  /** Of resources whose objects expire. */
  readonly #leases: LeasePool | undefined;

  constructor(options: ObjectStoreOptions) {
    this.definition = options.definition;
    this.cache = options.cache;
    this.cacher = options.cacher;
    this.storage = options.storage;
    this.#now = options.now;
    this.#apiVersion = apiVersionOf(options.definition.group, options.definition.version);
    this.#type = kindType(this.#apiVersion, options.definition.kind)!;
    const ttl = options.definition.ttlSeconds;
    this.#leases = ttl === undefined ? undefined : new LeasePool(options.storage, ttl, options.now);
  }

  /** As the request calls it: two groups may share what is stored. */
  #resource(ctx?: WriteContext): { group: string; resource: string } {
    const { group, plural } = this.definition;
    const slash = ctx?.requestVersion?.indexOf('/') ?? -1;
    return { group: slash < 0 ? group : ctx!.requestVersion!.slice(0, slash), resource: plural };
  }

  key(namespace: string, name: string): string {
    const { storagePrefix, namespaced } = this.definition;
    return namespaced ? `${storagePrefix}/${namespace}/${name}` : `${storagePrefix}/${name}`;
  }

  /** The present object, as fresh as a quorum read. Throws NotFound. */
  async get(namespace: string, name: string): Promise<StoredObject> {
    await this.cacher.fresh();
    const found = this.cache.get(this.definition.namespaced ? namespace : '', name);
    if (found === undefined) throw notFound(this.#resource(), name);
    return found;
  }

  /** Stores a new object; changes `object` in place. `admit` runs after validation. */
  async create(
    object: KubeObject,
    ctx: WriteContext,
    admit?: (object: KubeObject) => Promise<void>,
  ): Promise<StoredObject> {
    const generated = !object.metadata?.name && Boolean(object.metadata?.generateName);
    for (let attempt = 1; ; attempt++) {
      const last = !generated || attempt === maxGenerateNameAttempts;
      const candidate = last ? object : deepCopy(object);
      try {
        return await this.#createOnce(candidate, ctx, admit);
      } catch (e) {
        if (!(e instanceof StatusError) || e.reason !== 'AlreadyExists' || last) throw e;
      }
    }
  }

  async #createOnce(
    object: KubeObject,
    ctx: WriteContext,
    admit: ((object: KubeObject) => Promise<void>) | undefined,
  ): Promise<StoredObject> {
    const finish = await this.#prepareCreate(object, ctx, admit);
    let stored = false;
    try {
      refuseVersion(object, ctx);
      const result = await this.#put(object, ctx, undefined);
      stored = true;
      return result;
    } finally {
      await finish?.(stored && !ctx.dryRun);
    }
  }

  async #prepareCreate(
    object: KubeObject,
    ctx: WriteContext,
    admit: ((object: KubeObject) => Promise<void>) | undefined,
  ): Promise<Finish | undefined> {
    const d = this.definition;
    object.metadata ??= {};
    const meta = object.metadata;
    meta.creationTimestamp = ctx.now;
    meta.uid = randomUUID();
    if (!meta.name && meta.generateName) meta.name = simpleNameGenerator(meta.generateName);
    const finish = await d.beginCreate?.(object, ctx);
    try {
      ensureNamespace(d.namespaced ? ctx.namespace : '', meta);
      if (d.status !== false && !d.createWithStatus) clearStatus(object);
      if (d.generationOf !== undefined) meta.generation = 1;
      d.prepareForCreate?.(object, ctx);
      normalize(object, this.#type);
      const errors = [
        ...(d.metadataLast ? [] : validateNewMeta(d, meta)),
        ...(d.validate?.(object, ctx) ?? []),
      ];
      // A rule of the kind's own may let through a name that cannot stand in a path.
      if (errors.length === 0 && (d.metadataLast || d.nameRule !== undefined)) {
        const { namespaced } = d;
        errors.push(...validateObjectMeta(meta, { namespaced, nameFn: nameIsPathSegment }));
      }
      if (errors.length > 0) throw this.#invalid(object, errors);
      for (const w of d.warnings?.(object, undefined) ?? []) ctx.warn(w);
      d.canonicalize?.(object);
      await admit?.(object);
    } catch (e) {
      await finish?.(false);
      throw e;
    }
    return finish;
  }

  /** Reads, transforms, checks and writes until no other writer came between. */
  async update(request: UpdateRequest, ctx: WriteContext): Promise<UpdateOutcome> {
    const { namespace, name } = request;
    const scoped = this.definition.namespaced ? namespace : '';
    let current = this.cache.get(scoped, name);
    let fresh = false;
    for (let attempt = 0; attempt < maxUpdateAttempts; attempt++) {
      let outcome: UpdateOutcome | 'unchanged' | 'lost' = 'lost';
      let refusal: unknown;
      try {
        outcome = await this.#updateOnce(request, ctx, current);
      } catch (e) {
        // What was read from the cache may be old: only a refusal of the present state counts.
        if (fresh) throw e;
        refusal = e;
      }
      if (typeof outcome === 'object') return outcome;
      const latest = await this.#read(namespace, name);
      if (latest?.revision === current?.revision) {
        if (refusal !== undefined) throw refusal;
        if (outcome === 'unchanged') return { object: current!, created: false };
      }
      current = latest;
      fresh = true;
    }
    throw conflict(this.#resource(ctx), name, 'too many writers of this object; try again');
  }

  async #updateOnce(
    request: UpdateRequest,
    ctx: WriteContext,
    current: StoredObject | undefined,
  ): Promise<UpdateOutcome | 'unchanged' | 'lost'> {
    const d = this.definition;
    const { name } = request;
    if (request.uid && request.uid !== (current?.object<KubeObject>().metadata?.uid ?? '')) {
      throw this.#uidMismatch(name, request.uid, current, ctx);
    }
    if (current === undefined) {
      if (!d.createOnUpdate && request.forceCreate !== true)
        throw notFound(this.#resource(ctx), name);
      const next = await request.transform(undefined);
      const finish = await this.#prepareCreate(next, ctx, (o) =>
        Promise.resolve(request.admit?.(o, undefined)),
      );
      let stored = false;
      try {
        const object = await this.#put(next, ctx, undefined);
        stored = true;
        return { object, created: true };
      } catch (e) {
        if (e instanceof StatusError && e.reason === 'AlreadyExists') return 'lost';
        throw e;
      } finally {
        await finish?.(stored && !ctx.dryRun);
      }
    }
    const prev = current.object<KubeObject>();
    const next = await request.transform(request.keepsCurrent ? prev : current.object());
    this.#checkRevision(next, prev, name, ctx);
    const finish = await d.beginUpdate?.(next, prev, ctx);
    let stored = false;
    try {
      this.#prepareUpdate(next, prev, request.strategy, ctx);
      const unchanged = keepTimesWhenUnchanged(next, prev);
      await request.admit?.(next, prev);
      if (deletesByUpdate(next, prev) && d.deletionHold?.pending(next) !== true) {
        const gone = await this.#remove(current, ctx);
        stored = gone;
        if (!gone) return 'lost';
        next.metadata!.resourceVersion = prev.metadata!.resourceVersion!;
        return { object: this.#shown(current.key, current.revision, next), created: false };
      }
      const stale = current.outOfDate || this.storage.isStale?.(current.key) === true;
      if (unchanged && !stale) return 'unchanged';
      const object = await this.#put(next, ctx, current, this.#valueOf(next));
      if (object === undefined) return 'lost';
      stored = true;
      return { object, created: false };
    } finally {
      await finish?.(stored && !ctx.dryRun);
    }
  }

  #uidMismatch(
    name: string,
    uid: string,
    current: StoredObject | undefined,
    ctx: WriteContext,
  ): StatusError {
    const has = current?.object<KubeObject>().metadata?.uid ?? '';
    return conflict(
      this.#resource(ctx),
      name,
      `StorageError: invalid object, Code: 4, Key: ${current?.key ?? ''}, ResourceVersion: 0, ` +
        `AdditionalErrorMsg: Precondition failed: UID in precondition: ${uid}, UID in object meta: ${has}`,
    );
  }

  #checkRevision(next: KubeObject, prev: KubeObject, name: string, ctx: WriteContext): void {
    next.metadata ??= {};
    const asked = next.metadata.resourceVersion ?? '';
    if (asked !== '' && !/^\d+$/.test(asked)) {
      // Answered 500 by the real server: the text of Go's parser comes through.
      throw new StatusError('', `strconv.ParseUint: parsing ${fe.quote(asked)}: invalid syntax`);
    }
    if (asked === '' || asked === '0') {
      if (!this.definition.unconditionalUpdate) {
        throw invalid(this.#resource(ctx), name, [
          fe.invalidValue(
            fe.FieldPath.of('metadata', 'resourceVersion'),
            0,
            'must be specified for an update',
          ),
        ]);
      }
      next.metadata.resourceVersion = prev.metadata!.resourceVersion!;
      return;
    }
    if (asked !== prev.metadata!.resourceVersion) {
      throw conflict(this.#resource(ctx), name, optimisticLockMessage);
    }
  }

  #prepareUpdate(
    next: KubeObject,
    prev: KubeObject,
    strategy: UpdateStrategy<KubeObject> | 'main',
    ctx: WriteContext,
  ): void {
    const d = this.definition;
    const meta = next.metadata!;
    const old = prev.metadata!;
    ensureNamespace(d.namespaced ? ctx.namespace : '', meta);
    setOrDelete(meta, 'generation', old.generation);
    if (strategy === 'main') {
      if (d.status !== false) keepStatus(next, prev);
      const asSent = d.countsDroppedFields && this.#isNewGeneration(next, prev);
      d.prepareForUpdate?.(next, prev, ctx);
      if (d.countsDroppedFields ? asSent : this.#isNewGeneration(next, prev)) {
        meta.generation = (old.generation ?? 0) + 1;
      }
    } else strategy.prepareForUpdate?.(next, prev, ctx);
    if (!meta.uid && old.uid !== undefined) meta.uid = old.uid;
    if (old.creationTimestamp !== undefined) meta.creationTimestamp = old.creationTimestamp;
    if (old.deletionTimestamp !== undefined) meta.deletionTimestamp = old.deletionTimestamp;
    if (old.deletionGracePeriodSeconds !== undefined) {
      meta.deletionGracePeriodSeconds ??= old.deletionGracePeriodSeconds;
    }
    normalize(next, this.#type);
    const validateUpdate =
      strategy === 'main' ? d.validateUpdate?.bind(d) : strategy.validateUpdate?.bind(strategy);
    const { metadataChecks } = strategy === 'main' ? d : strategy;
    const errors = [
      ...validateChangedMeta(d, meta, old, metadataChecks ?? ['change']),
      ...(validateUpdate?.(next, prev, ctx) ?? []),
    ];
    if (errors.length > 0) throw this.#invalid(next, errors);
    const warnings =
      strategy === 'main' ? d.warnings?.(next, prev) : strategy.warnings?.(next, prev);
    for (const w of warnings ?? []) ctx.warn(w);
    d.canonicalize?.(next);
  }

  #isNewGeneration(next: KubeObject, prev: KubeObject): boolean {
    const { generationOf } = this.definition;
    if (generationOf === undefined) return false;
    const [a, b] = [generationOf(next), generationOf(prev)];
    // Most writes change nothing here, which the cheaper comparison finds.
    return !jsonEqual(a, b) && !semanticEqual({ kind: 'struct', type: this.#type }, a, b);
  }

  /**
   * Deletes, or starts to: graceful deletion and finalizers leave the object behind, marked.
   * `admit` sees the stored object before anything happens.
   */
  async delete(
    namespace: string,
    name: string,
    options: DeletionOptions,
    ctx: WriteContext,
    admit?: (current: KubeObject) => Promise<void>,
  ): Promise<{ object: StoredObject; deleted: boolean }> {
    const { defaultPropagationWarning: warning } = this.definition;
    if (warning !== undefined && !namesPolicy(options)) ctx.warn(warning);
    let current = this.cache.get(this.definition.namespaced ? namespace : '', name);
    let fresh = false;
    for (let attempt = 0; attempt < maxUpdateAttempts; attempt++) {
      if (fresh && current === undefined) throw notFound(this.#resource(ctx), name);
      let plan: DeletePlan | undefined;
      let refusal: unknown;
      try {
        if (current !== undefined) plan = await this.#planDelete(current, options, ctx, admit);
      } catch (e) {
        if (fresh) throw e;
        refusal = e;
      }
      // What the cache shows may be old: it counts when a write at its revision succeeds.
      if (!fresh && (plan === undefined || ctx.dryRun || !plan.writes)) {
        const latest = await this.#read(namespace, name);
        fresh = true;
        if (latest?.revision !== current?.revision || latest === undefined) {
          current = latest;
          continue;
        }
        if (refusal !== undefined) throw refusal;
      }
      const { object, marks, held, writes } = plan!;
      if (!marks && !writes) return { object: current!, deleted: false };
      if (marks) {
        const marked = writes
          ? await this.#put(object, ctx, current!, this.#encode(object))
          : current!;
        if (marked === undefined) {
          current = await this.#read(namespace, name);
          fresh = true;
          continue;
        }
        if (held || (object.metadata!.deletionGracePeriodSeconds ?? 0) > 0 || ctx.dryRun) {
          return { object: marked, deleted: false };
        }
        current = marked;
      }
      if (ctx.dryRun) return { object: current!, deleted: true };
      const result = await this.storage.delete(current!.key, current!.revision);
      if (result.ok) {
        const last = current!.at(result.revision);
        await this.definition.afterDelete?.(last.object(), ctx);
        return { object: last, deleted: true };
      }
      fresh = true;
      current =
        result.current === undefined
          ? undefined
          : new StoredObject(
              this.cache.spec,
              result.current.key,
              result.current.modRevision,
              result.current.value,
            );
    }
    throw conflict(this.#resource(ctx), name, 'too many writers of this object; try again');
  }

  /** What a delete does to the object as it stands. Throws what admission and conditions refuse. */
  async #planDelete(
    current: StoredObject,
    options: DeletionOptions,
    ctx: WriteContext,
    admit: ((current: KubeObject) => Promise<void>) | undefined,
  ): Promise<DeletePlan> {
    const object = current.object<KubeObject>();
    const when = beforeDelete(this.definition, object, options, this.#now());
    if (when === 'pending') return { object, marks: false, held: false, writes: false };
    await admit?.(object);
    await this.definition.beforeDelete?.(object, ctx);
    const meta = object.metadata!;
    const finalizers = deletionFinalizers(meta, options, this.definition);
    if (finalizers !== undefined) {
      if (finalizers.length > 0) meta.finalizers = finalizers;
      else delete meta.finalizers;
    }
    const hold = this.definition.deletionHold;
    // A kind with a hold is only marked by the first request, even when nothing holds it.
    const first = hold !== undefined && meta.deletionTimestamp === undefined;
    const held = first || (meta.finalizers?.length ?? 0) > 0 || hold?.pending(object) === true;
    const marks = when === 'graceful' || held || hold !== undefined;
    if (!marks) return { object, marks, held, writes: true };
    if (when !== 'graceful') markAsDeleting(meta, this.#now());
    layOutMarked(meta);
    hold?.mark(object);
    // A graceful one has changed at least its time.
    const writes = when === 'graceful' || !jsonEqual(object, current.object());
    return { object, marks, held, writes };
  }

  async #remove(current: StoredObject, ctx: WriteContext): Promise<boolean> {
    if (ctx.dryRun) return true;
    const result = await this.storage.delete(current.key, current.revision);
    if (!result.ok) return result.current === undefined;
    await this.definition.afterDelete?.(current.object(), ctx);
    return true;
  }

  async #read(namespace: string, name: string): Promise<StoredObject | undefined> {
    await this.cacher.fresh();
    return this.cache.get(this.definition.namespaced ? namespace : '', name);
  }

  #put(object: KubeObject, ctx: WriteContext, current: undefined): Promise<StoredObject>;
  #put(
    object: KubeObject,
    ctx: WriteContext,
    current: StoredObject,
    value: Buffer,
  ): Promise<StoredObject | undefined>;
  async #put(
    object: KubeObject,
    ctx: WriteContext,
    current: StoredObject | undefined,
    value = this.#valueOf(object),
  ): Promise<StoredObject | undefined> {
    const { name, namespace } = object.metadata!;
    const key = this.key(namespace ?? '', name!);
    if (value.length > maxValueBytes) {
      throw new StatusError('RequestEntityTooLarge', 'etcdserver: request is too large', {});
    }
    if (ctx.dryRun) {
      if (current === undefined && (await this.#read(namespace ?? '', name!)) !== undefined) {
        throw this.#exists(name!, this.cache.get(namespace ?? '', name!), ctx);
      }
      return this.#shown(key, current?.revision ?? 0, object);
    }
    const selectable = selectableOf(this.cache.spec, object);
    const result = await this.#write(key, value, current, selectable);
    if (result.ok)
      return new StoredObject(this.cache.spec, key, result.revision, value, selectable);
    if (current !== undefined) return undefined;
    const there =
      result.current === undefined
        ? undefined
        : new StoredObject(this.cache.spec, key, result.current.modRevision, result.current.value);
    throw this.#exists(name!, there, ctx);
  }

  /** Writes, having told the cache what will come back. */
  async #write(
    key: string,
    value: Buffer,
    current: StoredObject | undefined,
    selectable: Selectable,
  ): Promise<WriteResult> {
    let written = false;
    this.cacher.expect(key, value, selectable);
    try {
      const result = await (this.#leases === undefined
        ? this.#send(key, value, current)
        : this.#sendLeased(this.#leases, key, value, current));
      written = result.ok;
      return result;
    } finally {
      if (!written) this.cacher.forget(key);
    }
  }

  #send(
    key: string,
    value: Buffer,
    current: StoredObject | undefined,
    lease?: number,
  ): Promise<WriteResult> {
    return current === undefined
      ? this.storage.create(key, value, lease)
      : this.storage.update(key, value, current.revision, lease);
  }

  /** Writes what expires; a lease that is gone before its time is replaced. */
  async #sendLeased(
    leases: LeasePool,
    key: string,
    value: Buffer,
    current: StoredObject | undefined,
  ): Promise<WriteResult> {
    try {
      return await this.#send(key, value, current, await leases.lease());
    } catch (e) {
      if (!(e instanceof LeaseNotFoundError)) throw e;
      leases.forget();
      return this.#send(key, value, current, await leases.lease());
    }
  }

  #exists(name: string, there: StoredObject | undefined, ctx: WriteContext): StatusError {
    const e = alreadyExists(this.#resource(ctx), name);
    if (there?.object<KubeObject>().metadata?.deletionTimestamp === undefined) return e;
    return new StatusError('AlreadyExists', `object is being deleted: ${e.message}`, e.details);
  }

  /** An object that is shown without having been stored (dry run). */
  #shown(key: string, revision: number, object: KubeObject): StoredObject {
    return new StoredObject(this.cache.spec, key, revision, this.#encode(object));
  }

  /** What is stored of an object; what is left to defaulting is set in it. */
  #valueOf(object: KubeObject): Buffer {
    const late = this.definition.defaultOnRead?.(object) === true;
    return late
      ? encodeOutOfDate(this.definition.kind, this.#apiVersion, object)
      : this.#encode(object);
  }

  #encode(object: KubeObject): Buffer {
    return encodeStored(this.definition.kind, this.#apiVersion, object);
  }

  #invalid(object: KubeObject, errors: fe.FieldError[]): StatusError {
    const d = this.definition;
    return invalid({ group: d.group, resource: d.kind }, object.metadata?.name ?? '', errors);
  }

  /** The time that new objects carry. */
  timestamp(): string {
    return formatTime(this.#now());
  }
}

function validateNewMeta(
  { namespaced, nameRule = nameIsDnsSubdomain, anyFinalizer }: ResourceDefinition,
  meta: ObjectMeta,
): fe.FieldError[] {
  const errors = validateObjectMeta(meta, { namespaced, nameFn: nameRule });
  return anyFinalizer ? errors : [...errors, ...validateKubeFinalizers(meta.finalizers)];
}

/** The checks of metadata that every update makes, and those that the kind repeats. */
function validateChangedMeta(
  { namespaced, nameRule = nameIsDnsSubdomain, anyFinalizer }: ResourceDefinition,
  next: ObjectMeta,
  prev: ObjectMeta,
  repeated: readonly MetadataCheck[],
): fe.FieldError[] {
  const common = validateObjectMeta(next, { namespaced, nameFn: nameIsPathSegment });
  const change = validateObjectMetaUpdate(next, prev);
  const finalizers = anyFinalizer ? [] : validateKubeFinalizers(next.finalizers);
  const again = repeated.flatMap((check) => [
    ...(check === 'change' ? change : validateObjectMeta(next, { namespaced, nameFn: nameRule })),
    ...finalizers,
  ]);
  return [...common, ...change, ...again];
}

/** What is to be created has no version yet; a text that is none is passed over, as in a dry run. */
function refuseVersion(object: KubeObject, { dryRun }: WriteContext): void {
  const version = object.metadata?.resourceVersion;
  if (version === undefined) return;
  if (!dryRun && /^\d*[1-9]\d*$/.test(version)) {
    throw new StatusError('', 'resourceVersion should not be set on objects to be created');
  }
  delete object.metadata!.resourceVersion;
}

/** Sets the namespace, or refuses one that is not the request's. */
export function ensureNamespace(requestNamespace: string, meta: ObjectMeta): void {
  const own = meta.namespace ?? '';
  if (own === requestNamespace) {
    if (own === '') delete meta.namespace;
  } else if (own === '') meta.namespace = requestNamespace;
  else if (requestNamespace === '') delete meta.namespace;
  else {
    throw badRequest(
      'the namespace of the provided object does not match the namespace sent on the request',
    );
  }
}

type WithStatus = KubeObject & { status?: unknown };

function clearStatus(object: WithStatus): void {
  if (object.status !== undefined) object.status = {};
}

function keepStatus(next: WithStatus, prev: WithStatus): void {
  if (prev.status === undefined) delete next.status;
  else next.status = prev.status;
}

function setOrDelete(meta: ObjectMeta, key: 'generation', value: number | undefined): void {
  if (value === undefined) delete meta[key];
  else meta[key] = value;
}

/** True when the update takes away the last finalizer of an object that is being deleted. */
function deletesByUpdate(next: KubeObject, prev: KubeObject): boolean {
  if ((next.metadata?.finalizers?.length ?? 0) > 0) return false;
  if (prev.metadata?.deletionTimestamp === undefined) return false;
  return (prev.metadata.deletionGracePeriodSeconds ?? 0) === 0;
}
