/**
 * What a DELETE means for an object: at once, gracefully, or held by finalizers.
 * Rules of the real server's rest.BeforeDelete and its garbage collection finalizers.
 */
import { conflict } from '../../../machinery/meta/status-error.ts';
import { formatTime } from '../../../machinery/meta/times.ts';
import type { KubeObject, ObjectMeta } from '../../../machinery/schema/wire.ts';
import type { ResourceDefinition } from '../resource.ts';

/** meta/v1 DeleteOptions, checked. */
export interface DeletionOptions {
  readonly gracePeriodSeconds?: number | undefined;
  readonly propagationPolicy?: 'Orphan' | 'Background' | 'Foreground' | undefined;
  readonly orphanDependents?: boolean | undefined;
  readonly preconditions?: { readonly uid?: string; readonly resourceVersion?: string } | undefined;
}

/** The request itself says what becomes of dependents. */
export function namesPolicy(options: DeletionOptions): boolean {
  return options.propagationPolicy !== undefined || options.orphanDependents !== undefined;
}

const orphanFinalizer = 'orphan';
const foregroundFinalizer = 'foregroundDeletion';

/**
 * Checks preconditions and, for a graceful delete, marks `object` (in place).
 * `pending`: it is already on its way and this request changes nothing.
 */
export function beforeDelete(
  definition: ResourceDefinition,
  object: KubeObject,
  options: DeletionOptions,
  nowMs: number,
): 'now' | 'graceful' | 'pending' {
  const meta = object.metadata!;
  checkPreconditions(definition, meta, options);
  let requested = options.gracePeriodSeconds;
  // Negative values count as one second.
  if (requested !== undefined && requested < 0) requested = 1;
  if ((meta.deletionGracePeriodSeconds ?? 0) < 0) meta.deletionGracePeriodSeconds = 1;
  if (definition.gracefulDelete === undefined) return 'now';
  if (meta.deletionTimestamp !== undefined) return shorten(meta, requested, nowMs);
  const grace = definition.gracefulDelete.gracePeriodSeconds(object, requested);
  // With 0 seconds too: watchers see the mark, then the delete.
  meta.deletionTimestamp = formatTime(nowMs + grace * 1000);
  meta.deletionGracePeriodSeconds = grace;
  if ((meta.generation ?? 0) > 0) meta.generation = meta.generation! + 1;
  return 'graceful';
}

/** A repeated delete can only shorten the time that is left. */
function shorten(
  meta: ObjectMeta,
  requested: number | undefined,
  nowMs: number,
): 'now' | 'graceful' | 'pending' {
  const present = meta.deletionGracePeriodSeconds ?? 0;
  if (present === 0) return 'now';
  if (requested === undefined || requested >= present) return 'pending';
  let period = requested;
  let at = Date.parse(meta.deletionTimestamp!) - present * 1000 + requested * 1000;
  if (at < nowMs) {
    at = nowMs;
    // Still graceful: someone else sees the update and finishes the delete.
    if (period !== 0) period = 1;
  }
  meta.deletionTimestamp = formatTime(at);
  meta.deletionGracePeriodSeconds = period;
  return 'graceful';
}

function checkPreconditions(
  definition: ResourceDefinition,
  meta: ObjectMeta,
  options: DeletionOptions,
): void {
  const { uid, resourceVersion } = options.preconditions ?? {};
  const kind = { group: definition.group, resource: definition.kind };
  if (definition.deletionHold !== undefined) checkHeldPreconditions(definition, meta, options);
  if (uid !== undefined && uid !== meta.uid) {
    throw conflict(
      kind,
      meta.name ?? '',
      `the UID in the precondition (${uid}) does not match the UID in record (${meta.uid}). The object might have been deleted and then recreated`,
    );
  }
  if (resourceVersion !== undefined && resourceVersion !== meta.resourceVersion) {
    throw conflict(
      kind,
      meta.name ?? '',
      `the ResourceVersion in the precondition (${resourceVersion}) does not match the ResourceVersion in record (${meta.resourceVersion}). The object might have been modified`,
    );
  }
}

/** Kinds with a hold look at the conditions before all else, in words of their own. */
function checkHeldPreconditions(
  { group, plural }: ResourceDefinition,
  meta: ObjectMeta,
  options: DeletionOptions,
): void {
  const { uid, resourceVersion } = options.preconditions ?? {};
  const refuse = (what: string, asked: string, found: string | undefined) =>
    conflict(
      { group, resource: plural },
      meta.name ?? '',
      `Precondition failed: ${what} in precondition: ${asked}, ${what} in object meta: ${found}`,
    );
  if (uid !== undefined && uid !== meta.uid) throw refuse('UID', uid, meta.uid);
  if (resourceVersion !== undefined && resourceVersion !== meta.resourceVersion) {
    throw refuse('ResourceVersion', resourceVersion, meta.resourceVersion);
  }
}

/** The finalizers that the garbage collector works on; undefined: no change. */
export function deletionFinalizers(
  meta: ObjectMeta,
  options: DeletionOptions,
  definition: ResourceDefinition,
): string[] | undefined {
  const present = meta.finalizers ?? [];
  const wanted = present.filter((f) => f !== orphanFinalizer && f !== foregroundFinalizer);
  const policy =
    definition.defaultPropagation === 'unsupported'
      ? undefined
      : policyOf(present, options, definition.defaultPropagation);
  if (policy === 'Orphan') wanted.push(orphanFinalizer);
  if (policy === 'Foreground') wanted.push(foregroundFinalizer);
  const same = wanted.length === present.length && wanted.every((f) => present.includes(f));
  return same ? undefined : wanted;
}

function policyOf(
  present: readonly string[],
  options: DeletionOptions,
  byDefault: 'delete' | 'orphan',
): 'Orphan' | 'Foreground' | 'Background' {
  if (options.orphanDependents !== undefined) {
    return options.orphanDependents ? 'Orphan' : 'Background';
  }
  if (options.propagationPolicy !== undefined) return options.propagationPolicy;
  for (const f of present) {
    if (f === orphanFinalizer) return 'Orphan';
    if (f === foregroundFinalizer) return 'Foreground';
  }
  return byDefault === 'orphan' ? 'Orphan' : 'Background';
}

/** Marks an object that only finalizers keep alive. */
export function markAsDeleting(meta: ObjectMeta, nowMs: number): void {
  if (meta.deletionTimestamp === undefined && (meta.generation ?? 0) > 0) {
    meta.generation = meta.generation! + 1;
  }
  if (meta.deletionTimestamp === undefined || Date.parse(meta.deletionTimestamp) > nowMs) {
    meta.deletionTimestamp = formatTime(nowMs);
  }
  meta.deletionGracePeriodSeconds = 0;
}
