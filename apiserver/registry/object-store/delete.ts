/** Deletes: at once, or with a mark that leaves the object to finalizers and grace periods. */
import { jsonEqual } from '../../../machinery/meta/equality.ts';
import { layOutMetadata } from '../../../machinery/meta/metadata-order.ts';
import type { KubeObject } from '../../../machinery/schema/wire.ts';
import type { StoredObject } from '../../storage/cache/stored-object.ts';
import type { WriteContext } from '../resource.ts';
import {
  beforeDelete,
  type DeletionOptions,
  deletionFinalizers,
  markAsDeleting,
  namesPolicy,
} from './deletion.ts';
import { isContended, isMissing } from './refusals.ts';
import type { StoredObjects } from './stored-objects.ts';
import { maxUpdateAttempts } from './update.ts';

/**
 * Admission of a delete: sees the stored object before anything happens, and the time that a
 * graceful one leaves to it.
 */
export type AdmitDelete = (current: KubeObject, graceSeconds?: number) => Promise<void>;

export interface DeleteOutcome {
  readonly object: StoredObject;
  /** false: it is still there, marked. */
  readonly deleted: boolean;
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

/** Deletes, or starts to: graceful deletion and finalizers leave the object behind, marked. */
export async function deleteObject(
  objects: StoredObjects,
  namespace: string,
  name: string,
  options: DeletionOptions,
  ctx: WriteContext,
  admit: AdmitDelete | undefined,
): Promise<DeleteOutcome> {
  const { definition: d, storage } = objects;
  const warning = d.defaultPropagationWarning;
  if (warning !== undefined && !namesPolicy(options)) ctx.warn(warning);
  let current = objects.cached(namespace, name);
  let fresh = false;
  for (let attempt = 0; attempt < maxUpdateAttempts; attempt++) {
    if (fresh && current === undefined) throw isMissing(d, name, ctx);
    let plan: DeletePlan | undefined;
    let refusal: unknown;
    try {
      if (current !== undefined) plan = await planDelete(objects, current, options, ctx, admit);
    } catch (e) {
      if (fresh) throw e;
      refusal = e;
    }
    // What the cache shows may be old: it counts when a write at its revision succeeds.
    if (!fresh && (plan === undefined || ctx.dryRun || !plan.writes)) {
      const latest = await objects.read(namespace, name);
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
        ? await objects.replace(current!, object, objects.encode(object), current!.sound, ctx)
        : current!;
      if (marked === undefined) {
        current = await objects.read(namespace, name);
        fresh = true;
        continue;
      }
      if (held || (object.metadata!.deletionGracePeriodSeconds ?? 0) > 0 || ctx.dryRun) {
        return { object: marked, deleted: false };
      }
      current = marked;
      // Two writes, each of which admission is asked about.
      if (writes) await admit?.(asMarked(object, marked));
    }
    if (ctx.dryRun) return { object: current!, deleted: true };
    const result = await storage.delete(current!.key, current!.revision);
    if (result.ok) {
      const last = current!.at(result.revision);
      await d.afterDelete?.(last.object(), ctx);
      return { object: last, deleted: true };
    }
    fresh = true;
    current = result.current === undefined ? undefined : objects.found(result.current);
  }
  throw isContended(d, name, ctx);
}

/** What `marked` shows, without reading it: `object` was written as it is. */
function asMarked(object: KubeObject, { revision }: StoredObject): KubeObject {
  return { ...object, metadata: { ...object.metadata, resourceVersion: String(revision) } };
}

/** What a delete does to the object as it stands. Throws what admission and conditions refuse. */
async function planDelete(
  { definition: d, now }: StoredObjects,
  current: StoredObject,
  options: DeletionOptions,
  ctx: WriteContext,
  admit: AdmitDelete | undefined,
): Promise<DeletePlan> {
  const object = current.object<KubeObject>();
  // What admission sees: metadata is marked in place.
  const found = { ...object, metadata: { ...object.metadata } };
  const when = beforeDelete(d, object, options, now());
  const meta = object.metadata!;
  const hold = d.deletionHold;
  const emptying = meta.deletionTimestamp !== undefined && hold?.pending(object) === true;
  if (when === 'pending' || emptying) return { object, marks: false, held: false, writes: false };
  await admit?.(found, when === 'graceful' ? meta.deletionGracePeriodSeconds : undefined);
  await d.beforeDelete?.(object, ctx);
  const finalizers = deletionFinalizers(meta, options, d);
  if (finalizers !== undefined) {
    if (finalizers.length > 0) meta.finalizers = finalizers;
    else delete meta.finalizers;
  }
  // A kind with a hold is only marked by the first request, even when nothing holds it.
  const first = hold !== undefined && meta.deletionTimestamp === undefined;
  const held = first || (meta.finalizers?.length ?? 0) > 0 || hold?.pending(object) === true;
  const marks = when === 'graceful' || held || hold !== undefined;
  if (!marks) return { object, marks, held, writes: true };
  if (when !== 'graceful') markAsDeleting(meta, now());
  layOutMetadata(meta);
  hold?.mark(object);
  // A graceful one has changed at least its time.
  const writes = when === 'graceful' || !jsonEqual(object, current.object());
  return { object, marks, held, writes };
}
