/** The entries of managedFields, one per manager: reading, writing, order, and their limit. */
import type { ManagedFieldsEntry } from '../schema/wire.ts';
import { decodeFieldSet, type FieldSet, isEmptySet, leaf, sorted, union } from './field-set.ts';
import { FieldSetError } from './path-element.ts';

/** One entry. Immutable; changing one means replacing it. */
export interface Manager {
  readonly manager: string;
  readonly operation: 'Apply' | 'Update';
  readonly apiVersion: string;
  readonly subresource: string;
  /** When it last changed something; RFC 3339 in seconds. */
  readonly time: string | undefined;
  readonly set: FieldSet;
  /** The entry that this was read from, when the server itself had written it. */
  readonly entry?: ManagedFieldsEntry;
}

/** Entries by identity. */
export type Managers = Map<string, Manager>;

/**
 * What makes two entries one: appliers are told apart by name and subresource, updaters by their
 * apiVersion too. The text is the real server's, which sorts conflicts by it.
 */
export function managerId(m: Omit<Manager, 'set' | 'time' | 'entry'>): string {
  return JSON.stringify({
    ...(m.manager === '' ? {} : { manager: m.manager }),
    operation: m.operation,
    ...(m.operation === 'Apply' ? {} : { apiVersion: m.apiVersion }),
    ...(m.subresource === '' ? {} : { subresource: m.subresource }),
  });
}

/**
 * Reads entries; throws FieldSetError when one is no entry. `trusted`: they were written by
 * encodeManagers, so that their sets need no check.
 */
export function decodeManagers(
  entries: readonly ManagedFieldsEntry[] | undefined | null,
  trusted: boolean,
): Managers {
  const managers: Managers = new Map();
  for (const [i, e] of (entries ?? []).entries()) {
    if (e.operation !== 'Apply' && e.operation !== 'Update') {
      throw new FieldSetError('operation must be `Apply` or `Update`');
    }
    if ((e.apiVersion ?? '') === '') throw new FieldSetError('apiVersion must not be empty');
    if (e.fieldsType !== 'FieldsV1') {
      throw new FieldSetError(
        (e.fieldsType ?? '') === ''
          ? `missing fieldsType in managed fields entry ${i}`
          : `invalid fieldsType ${JSON.stringify(e.fieldsType)} in managed fields entry ${i}`,
      );
    }
    const fields = (e.fieldsV1 ?? leaf) as unknown;
    const m: Manager = {
      manager: e.manager ?? '',
      operation: e.operation,
      apiVersion: e.apiVersion!,
      subresource: e.subresource ?? '',
      time: e.time ?? undefined,
      set: trusted ? (fields as FieldSet) : decodeFieldSet(fields),
      ...(trusted ? { entry: e } : {}),
    };
    managers.set(managerId(m), m);
  }
  return managers;
}

/**
 * Why entries cannot be read, undefined when they can: entries that admission left in such a
 * state are put back, with a warning.
 */
export function managedFieldsProblem(
  entries: readonly ManagedFieldsEntry[] | undefined,
): string | undefined {
  try {
    decodeManagers(entries, false);
    return undefined;
  } catch (e) {
    if (e instanceof FieldSetError) return e.message;
    throw e;
  }
}

/** The entries in the order the real server has them; undefined when there is none. */
export function encodeManagers(managers: Managers): ManagedFieldsEntry[] | undefined {
  if (managers.size === 0) return undefined;
  const list = [...managers.values()];
  if (list.length > 1) list.sort(inOrder);
  return list.map(encodeManager);
}

function encodeManager(m: Manager): ManagedFieldsEntry {
  // What has not changed is as it was written, in order.
  if (m.entry?.fieldsV1 === m.set && m.entry.time === m.time) return m.entry;
  return encodeEntry({ ...m, set: sorted(m.set) });
}

/** The entry of a manager whose set is in order. */
export function encodeEntry(m: Manager): ManagedFieldsEntry {
  return {
    ...(m.manager === '' ? {} : { manager: m.manager }),
    operation: m.operation,
    apiVersion: m.apiVersion,
    ...(m.time === undefined ? {} : { time: m.time }),
    fieldsType: 'FieldsV1',
    fieldsV1: m.set,
    ...(m.subresource === '' ? {} : { subresource: m.subresource }),
  };
}

function inOrder(a: Manager, b: Manager): number {
  return (
    textOrder(a.operation, b.operation) ||
    secondsOf(a.time) - secondsOf(b.time) ||
    textOrder(a.manager, b.manager) ||
    textOrder(a.apiVersion, b.apiVersion) ||
    textOrder(a.subresource, b.subresource)
  );
}

function textOrder(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

function secondsOf(time: string | undefined): number {
  return time === undefined ? 0 : Math.floor(Date.parse(time) / 1000) || 0;
}

const maxUpdaters = 10;

/**
 * Keeps at most ten entries of updaters: the oldest are merged into one per apiVersion, called
 * `ancient-changes`. In place.
 */
export function capUpdaters(managers: Managers): void {
  const updaters = [...managers].filter(([, m]) => m.operation === 'Update');
  if (updaters.length <= maxUpdaters) return;
  updaters.sort(
    ([idA, a], [idB, b]) => secondsOf(a.time) - secondsOf(b.time) || textOrder(idA, idB),
  );
  let count = updaters.length;
  const firstOf = new Map<string, string>();
  const merged = new Map<string, FieldSet[]>();
  for (const [id, m] of updaters) {
    if (count <= maxUpdaters) break;
    const first = firstOf.get(m.apiVersion);
    if (first === undefined) {
      firstOf.set(m.apiVersion, id);
      continue;
    }
    const bucket: Manager = {
      manager: 'ancient-changes',
      operation: 'Update',
      apiVersion: m.apiVersion,
      subresource: '',
      time: m.time,
      set: leaf,
    };
    const bucketId = managerId(bucket);
    let sets = merged.get(bucketId);
    if (sets === undefined) {
      const into = managers.has(bucketId) ? bucketId : first;
      sets = [managers.get(into)!.set];
      merged.set(bucketId, sets);
      managers.delete(into);
    }
    sets.push(m.set);
    managers.delete(id);
    managers.set(bucketId, bucket);
    count--;
  }
  for (const [id, sets] of merged) managers.set(id, { ...managers.get(id)!, set: unionOf(sets) });
}

/** In pairs: one after the other would copy what has been gathered each time. */
function unionOf(sets: readonly FieldSet[]): FieldSet {
  let left = sets;
  while (left.length > 1) {
    const pairs: FieldSet[] = [];
    for (let i = 0; i < left.length; i += 2) {
      const [one, other] = [left[i]!, left[i + 1]];
      pairs.push(other === undefined ? one : union(one, other));
    }
    left = pairs;
  }
  return left[0]!;
}

/** Replaces a manager's set; one that owns nothing any more goes. In place. */
export function setFields(managers: Managers, id: string, set: FieldSet): void {
  const m = managers.get(id);
  if (m === undefined || m.set === set) return;
  if (isEmptySet(set)) managers.delete(id);
  else managers.set(id, { ...m, set });
}
