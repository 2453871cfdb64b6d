/** Updates: read, transform, check and write until no other writer came between. */
import { StatusError } from '../../../machinery/meta/status-error.ts';
import { keepTimesWhenUnchanged } from '../../../machinery/patch/apply.ts';
import type { KubeObject } from '../../../machinery/schema/wire.ts';
import type { StoredObject } from '../../storage/cache/stored-object.ts';
import type { UpdateStrategy, WriteContext } from '../resource.ts';
import { noteSound } from '../sound-objects.ts';
import { prepareCreate } from './create.ts';
import { checkRevision, checkVersionText, prepareUpdate } from './prepare-update.ts';
import { isAnother, isContended, isMissing } from './refusals.ts';
import type { StoredObjects } from './stored-objects.ts';

/** How often a write is tried again when others write the same object. */
export const maxUpdateAttempts = 100;

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

export interface UpdateOutcome {
  readonly object: StoredObject;
  readonly created: boolean;
}

/** `unchanged`: there is nothing to write; `lost`: another writer came first. */
type Attempt = UpdateOutcome | 'unchanged' | 'lost';

/** Changes an object, or creates it where the request or the kind says so. */
export async function updateObject(
  objects: StoredObjects,
  request: UpdateRequest,
  ctx: WriteContext,
): Promise<UpdateOutcome> {
  const { namespace, name } = request;
  let current = objects.cached(namespace, name);
  let fresh = false;
  for (let attempt = 0; attempt < maxUpdateAttempts; attempt++) {
    let outcome: Attempt = 'lost';
    let refusal: unknown;
    try {
      outcome = await (current === undefined
        ? createInstead(objects, request, ctx)
        : updateOnce(objects, request, ctx, current));
    } catch (e) {
      // What was read from the cache may be old: only a refusal of the present state counts.
      if (fresh) throw e;
      refusal = e;
    }
    if (typeof outcome === 'object') return outcome;
    const latest = await objects.read(namespace, name);
    if (latest?.revision === current?.revision) {
      if (refusal !== undefined) throw refusal;
      if (outcome === 'unchanged') return { object: current!, created: false };
    }
    current = latest;
    fresh = true;
  }
  throw isContended(objects.definition, name, ctx);
}

async function createInstead(
  objects: StoredObjects,
  request: UpdateRequest,
  ctx: WriteContext,
): Promise<Attempt> {
  const { definition: d } = objects;
  const { namespace, name, uid } = request;
  if (!d.createOnUpdate && request.forceCreate !== true) throw isMissing(d, name, ctx);
  if (uid) throw isAnother(d, name, objects.key(namespace, name), uid, '', ctx);
  const next = await request.transform(undefined);
  checkVersionText(next.metadata?.resourceVersion);
  const finish = await prepareCreate(objects, next, ctx, (o) =>
    Promise.resolve(request.admit?.(o, undefined)),
  );
  let stored = false;
  try {
    const object = await objects.add(next, ctx);
    stored = true;
    return { object, created: true };
  } catch (e) {
    if (e instanceof StatusError && e.reason === 'AlreadyExists') return 'lost';
    throw e;
  } finally {
    await finish?.(stored && !ctx.dryRun);
  }
}

async function updateOnce(
  objects: StoredObjects,
  request: UpdateRequest,
  ctx: WriteContext,
  current: StoredObject,
): Promise<Attempt> {
  const { definition: d } = objects;
  const { name, uid } = request;
  const prev = current.object<KubeObject>();
  if (current.sound) noteSound(prev);
  const has = prev.metadata?.uid ?? '';
  if (uid && uid !== has) throw isAnother(d, name, current.key, uid, has, ctx);
  const next = await request.transform(request.keepsCurrent ? prev : current.object());
  checkRevision(d, next, prev, name, ctx);
  const finish = await d.beginUpdate?.(next, prev, ctx);
  let stored = false;
  try {
    prepareUpdate(objects, next, prev, request.strategy, ctx);
    const unchanged = keepTimesWhenUnchanged(next, prev);
    await request.admit?.(next, prev);
    if (deletesByUpdate(next, prev) && d.deletionHold?.pending(next) !== true) {
      stored = await remove(objects, current, ctx);
      if (!stored) return 'lost';
      next.metadata!.resourceVersion = prev.metadata!.resourceVersion!;
      return { object: objects.shown(current.key, current.revision, next), created: false };
    }
    const stale = current.outOfDate || objects.storage.isStale?.(current.key) === true;
    if (unchanged && !stale) return 'unchanged';
    const sound =
      request.strategy === 'main' || (request.strategy.keepsRest === true && current.sound);
    const object = await objects.replace(current, next, objects.valueOf(next), sound, ctx);
    if (object === undefined) return 'lost';
    stored = true;
    return { object, created: false };
  } finally {
    await finish?.(stored && !ctx.dryRun);
  }
}

/** True when the update takes away the last finalizer of an object that is being deleted. */
function deletesByUpdate(next: KubeObject, prev: KubeObject): boolean {
  if ((next.metadata?.finalizers?.length ?? 0) > 0) return false;
  if (prev.metadata?.deletionTimestamp === undefined) return false;
  return (prev.metadata.deletionGracePeriodSeconds ?? 0) === 0;
}

/** False when another writer came first. */
async function remove(
  { storage, definition }: StoredObjects,
  current: StoredObject,
  ctx: WriteContext,
): Promise<boolean> {
  if (ctx.dryRun) return true;
  const result = await storage.delete(current.key, current.revision);
  if (!result.ok) return result.current === undefined;
  await definition.afterDelete?.(current.object(), ctx);
  return true;
}
