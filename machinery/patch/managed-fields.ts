/**
 * managedFields of writes that are no apply: whoever changes a field owns it. Rules as in the
 * field manager of the real server (KEP-555, "server-side apply").
 */
import { jsonEqual } from '../meta/equality.ts';
import type { StructType } from '../schema/schema.ts';
import type { KubeObject, ManagedFieldsEntry } from '../schema/wire.ts';
import { createdFields } from './created-fields.ts';
import {
  difference,
  type FieldSet,
  fieldsOf,
  intersection,
  isEmptySet,
  leaf,
  recursiveDifference,
  setOf,
  union,
} from './field-set.ts';
import { ListElementError } from './list-element.ts';
import {
  capUpdaters,
  decodeManagers,
  encodeEntry,
  encodeManagers,
  type Manager,
  type Managers,
  managerId,
  setFields,
} from './managers.ts';
import { FieldSetError } from './path-element.ts';
import { type Shape, shapeOf } from './shape.ts';
import { type Comparison, compare } from './typed.ts';
import { reconcile } from './typed-merge.ts';

/** Keeps of a set what a write through this endpoint can own. */
export type FieldFilter = (set: FieldSet) => FieldSet;

/** An object as another version of its kind shows it. */
export interface OtherVersion {
  readonly shape: Shape;
  /** Throws when the object cannot be shown in that version. */
  convert(object: unknown, fromApiVersion: string): unknown;
}

/** The versions of the kind, the request's included; undefined for one that is not served. */
export type VersionLookup = (apiVersion: string) => OtherVersion | undefined;

/** What both kinds of write need to know. */
export interface FieldOwnership {
  /** The type of the object in `apiVersion`. */
  readonly type: StructType | Shape;
  /** The version of the request; objects are given in it. */
  readonly apiVersion: string;
  /** Empty or absent: the object itself. */
  readonly subresource?: string;
  /** The time of the request, RFC 3339 in seconds. */
  readonly now: string;
  /**
   * Paths that a write through this endpoint leaves alone (`[['status']]`), or a filter that
   * takes them out.
   */
  readonly resetFields?: readonly (readonly string[])[] | FieldFilter;
  /** Without it only entries of the same apiVersion are kept apart from unknown versions. */
  readonly versions?: VersionLookup;
}

/** A create, a replace or a patch that is no apply. */
export interface ManagedFieldsUpdate extends FieldOwnership {
  /** The stored object; undefined on create. Not changed. */
  readonly live: KubeObject | undefined;
  /** The object to be stored; its managedFields are set in place. */
  readonly next: KubeObject;
  /** The client sent `managedFields: []`, which decoding drops: tracking is to stop. */
  readonly sentEmpty?: boolean;
  readonly manager: string;
}

/**
 * Sets `next.metadata.managedFields`. An object that a manager of versions cannot follow (an item
 * of a list without its key, say) loses them, as in the real server; nothing is thrown for that.
 * Both objects must be in the form the server writes (defaulted, empty structs present).
 */
export function updateManagedFields(update: ManagedFieldsUpdate): void {
  const { live, next } = update;
  const entries = managedFieldsAfter(update, live, next);
  if (next.metadata === undefined) {
    if (entries !== undefined) next.metadata = { managedFields: entries };
  } else if (entries === undefined) delete next.metadata.managedFields;
  else next.metadata.managedFields = entries;
}

function managedFieldsAfter(
  update: ManagedFieldsUpdate,
  live: KubeObject | undefined,
  next: KubeObject,
): ManagedFieldsEntry[] | undefined {
  const sent = update.sentEmpty === true ? [] : next.metadata?.managedFields;
  const stored = live?.metadata?.managedFields;
  // A body without kind or apiVersion has no type to the field manager: nothing is tracked.
  if (live === undefined && (next.kind === undefined || next.apiVersion === undefined)) {
    return undefined;
  }
  const { managers, untouched } = currentManagers(sent, stored, (update.subresource ?? '') !== '');
  // Objects that were never tracked, or had it taken away, are tracked again from an apply on.
  if (managers.size === 0 && live !== undefined) return undefined;
  try {
    if (managers.size === 0) return creatorsEntry(update, next);
    const before = new Map(managers);
    trackUpdate(update, live, next, managers);
    if (untouched && sameManagers(before, managers)) return stored;
    return encodeManagers(managers);
  } catch (e) {
    if (e instanceof ListElementError || e instanceof FieldSetError) return undefined;
    throw e;
  }
}

/** The entry of a create that nobody else has a part in: what trackUpdate would make of it. */
function creatorsEntry(
  update: ManagedFieldsUpdate,
  next: KubeObject,
): ManagedFieldsEntry[] | undefined {
  const all = createdFields(shapeOf(update.type), next);
  const mine = stripIdentity(filterOf(update.resetFields)(all));
  return isEmptySet(mine) ? undefined : [encodeEntry(updaterOf(update, mine))];
}

function sameManagers(a: Managers, b: Managers): boolean {
  if (a.size !== b.size) return false;
  for (const [id, m] of a) if (b.get(id) !== m) return false;
  return true;
}

/** Which entries count: those sent, when they can be read, else those stored. */
function currentManagers(
  sent: readonly ManagedFieldsEntry[] | undefined | null,
  stored: readonly ManagedFieldsEntry[] | undefined,
  isSubresource: boolean,
): { managers: Managers; untouched: boolean } {
  if (isSubresource || sent === undefined || sent === null || jsonEqual(sent, stored)) {
    return { managers: storedManagers(stored), untouched: true };
  }
  if (isReset(sent)) return { managers: new Map(), untouched: false };
  try {
    return { managers: decodeManagers(sent, false), untouched: false };
  } catch (e) {
    if (e instanceof FieldSetError) return { managers: storedManagers(stored), untouched: true };
    throw e;
  }
}

/** The entries of a stored object; none when they cannot be read. */
export function storedManagers(stored: readonly ManagedFieldsEntry[] | undefined): Managers {
  try {
    return decodeManagers(stored, true);
  } catch (e) {
    if (e instanceof FieldSetError) return new Map();
    throw e;
  }
}

/** `[]` and `[{}]` ask for tracking to be dropped. */
function isReset(entries: readonly ManagedFieldsEntry[]): boolean {
  if (entries.length === 0) return true;
  return entries.length === 1 && Object.values(entries[0]!).every((v) => v === undefined);
}

/** Never owned by anybody: identity and what the server itself writes. */
const stripped = union(
  fieldsOf('apiVersion', 'kind', 'metadata'),
  fieldsOf(
    'metadata.name',
    'metadata.namespace',
    'metadata.creationTimestamp',
    'metadata.selfLink',
    'metadata.uid',
    'metadata.clusterName',
    'metadata.generation',
    'metadata.managedFields',
    'metadata.resourceVersion',
  ),
);

/** The set without the fields nobody owns. */
export function stripIdentity(set: FieldSet): FieldSet {
  return difference(set, stripped);
}

const resetFilters = new WeakMap<object, FieldFilter>();

/** The filter of an endpoint. */
export function filterOf(reset: FieldOwnership['resetFields']): FieldFilter {
  if (typeof reset === 'function') return reset;
  if (reset === undefined || reset.length === 0) return (set) => set;
  let filter = resetFilters.get(reset);
  if (filter === undefined) {
    const excluded = setOf(...reset.map((path) => path.map((name) => `f:${name}`)));
    filter = (set) => recursiveDifference(set, excluded);
    resetFilters.set(reset, filter);
  }
  return filter;
}

/** Works out who owns what after an update; changes `managers` in place. */
export function trackUpdate(
  update: FieldOwnership & { readonly manager: string },
  live: unknown,
  next: unknown,
  managers: Managers,
): void {
  const filter = filterOf(update.resetFields);
  const comparison = disown(update, live, next, managers, undefined);
  const mine = stripIdentity(filter(union(comparison.modified, comparison.added)));
  if (!isEmptySet(mine)) {
    const entry = updaterOf(update, mine);
    const id = managerId(entry);
    const previous = managers.get(id);
    managers.set(id, previous === undefined ? entry : { ...entry, set: union(previous.set, mine) });
  }
  capUpdaters(managers);
}

function updaterOf(update: FieldOwnership & { readonly manager: string }, set: FieldSet): Manager {
  return {
    manager: update.manager === '' ? 'unknown' : update.manager,
    operation: 'Update',
    apiVersion: update.apiVersion,
    subresource: update.subresource ?? '',
    time: update.now,
    set,
  };
}

/** What others own of the fields that a change sets. */
export interface Ownership {
  readonly id: string;
  readonly manager: Manager;
  readonly set: FieldSet;
}

/**
 * Takes from all managers but `self` what the change from `live` to `next` sets or removes, in
 * place; returns the change as the request's version shows it. With `onConflict`, what others own
 * of the fields that are set goes there first, and nothing is changed when it throws.
 */
export function disown(
  update: FieldOwnership,
  live: unknown,
  next: unknown,
  managers: Managers,
  self: string | undefined,
  onConflict?: (conflicts: readonly Ownership[]) => void,
): Comparison {
  const filter = filterOf(update.resetFields);
  const shape = shapeOf(update.type);
  const before = live ?? {};
  reconcileManagers(update, managers);
  const seen = new Map<string, Comparison | undefined>();
  seen.set(update.apiVersion, filtered(compare(shape, before, next), filter));
  const conflicts: Ownership[] = [];
  const left = new Map<string, FieldSet>();
  for (const [id, m] of managers) {
    if (id === self) continue;
    if (!seen.has(m.apiVersion)) {
      const other = update.versions?.(m.apiVersion);
      seen.set(
        m.apiVersion,
        other === undefined
          ? undefined
          : filtered(
              compare(
                other.shape,
                other.convert(before, update.apiVersion),
                other.convert(next, update.apiVersion),
              ),
              filter,
            ),
      );
    }
    const change = seen.get(m.apiVersion);
    if (change === undefined) {
      // A version that is not served any more: nobody can follow its fields.
      left.set(id, leaf);
      continue;
    }
    if (isSame(change)) continue;
    const taken = intersection(m.set, union(change.modified, change.added));
    if (!isEmptySet(taken)) conflicts.push({ id, manager: m, set: taken });
    const rest = difference(difference(m.set, taken), change.removed);
    left.set(id, rest);
  }
  if (conflicts.length > 0) onConflict?.(conflicts);
  for (const [id, set] of left) setFields(managers, id, set);
  return seen.get(update.apiVersion)!;
}

function filtered(c: Comparison, filter: FieldFilter): Comparison {
  return { added: filter(c.added), modified: filter(c.modified), removed: filter(c.removed) };
}

function isSame(c: Comparison): boolean {
  return isEmptySet(c.added) && isEmptySet(c.modified) && isEmptySet(c.removed);
}

/** Brings sets up to date with types that changed since they were written. In place. */
function reconcileManagers(update: FieldOwnership, managers: Managers): void {
  for (const [id, m] of managers) {
    const shape =
      m.apiVersion === update.apiVersion
        ? shapeOf(update.type)
        : update.versions?.(m.apiVersion)?.shape;
    if (shape === undefined) continue;
    setFields(managers, id, reconcile(m.set, shape));
  }
}
