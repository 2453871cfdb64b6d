/** Taking out of an object what its applier names no longer. */
import { difference, type FieldSet, intersection, isEmptySet, leaf, union } from './field-set.ts';
import type { FieldOwnership } from './managed-fields.ts';
import type { Manager, Managers } from './managers.ts';
import { fieldSetOf } from './named-fields.ts';
import { type Shape, shapeOf } from './shape.ts';
import { removeFields, withNamedFields } from './typed-merge.ts';

/** An object in one of the versions of its kind. */
interface Versioned {
  readonly value: unknown;
  readonly apiVersion: string;
  readonly shape: Shape;
}

/** The object in another version; undefined when that is not served. */
function convert(apply: FieldOwnership, v: Versioned, apiVersion: string): Versioned | undefined {
  if (v.apiVersion === apiVersion) return v;
  if (apiVersion === apply.apiVersion) {
    const own = apply.versions?.(apiVersion);
    if (own === undefined) return undefined;
    const value = own.convert(v.value, v.apiVersion);
    return { value, apiVersion, shape: shapeOf(apply.type) };
  }
  const other = apply.versions?.(apiVersion);
  if (other === undefined) return undefined;
  return { value: other.convert(v.value, v.apiVersion), apiVersion, shape: other.shape };
}

/**
 * Removes what the applier named last time, does not name now, and nobody else owns. What nobody
 * owned, or what was in a list item that is kept, stays.
 */
export function prune(
  apply: FieldOwnership,
  value: unknown,
  managers: Managers,
  last: Manager,
): unknown {
  const owned = new Map<string, FieldSet>();
  for (const m of managers.values()) {
    owned.set(m.apiVersion, union(owned.get(m.apiVersion) ?? leaf, m.set));
  }
  if (isEmptySet(difference(last.set, owned.get(last.apiVersion) ?? leaf))) return value;
  const start: Versioned = { value, apiVersion: apply.apiVersion, shape: shapeOf(apply.type) };
  const merged = convert(apply, start, last.apiVersion);
  if (merged === undefined) return value;
  const lastSet = withNamedFields(last.set, merged.shape);
  let pruned: Versioned = { ...merged, value: removeFields(merged.shape, merged.value, lastSet) };
  // The version pruned in comes first: what others need for a conversion is back by then.
  const versions = [last.apiVersion, ...owned.keys()].filter((v, i, all) => all.indexOf(v) === i);
  for (const version of versions) {
    const set = owned.get(version);
    if (set !== undefined) pruned = addBackOwned(apply, merged, pruned, version, set);
  }
  const rest = convert(apply, pruned, last.apiVersion);
  if (rest === undefined) return value;
  const gone = intersection(difference(named(merged), named(rest)), lastSet);
  const out = { ...merged, value: removeFields(merged.shape, merged.value, gone) };
  return convert(apply, out, apply.apiVersion)?.value ?? value;
}

/** The fields of an object with the structs on the way. */
function named(v: Versioned): FieldSet {
  return withNamedFields(fieldSetOf(v.shape, v.value), v.shape);
}

/** Puts back what a manager (this one's new configuration included) owns. */
function addBackOwned(
  apply: FieldOwnership,
  merged: Versioned,
  pruned: Versioned,
  version: string,
  owned: FieldSet,
): Versioned {
  const all = convert(apply, merged, version);
  const left = convert(apply, pruned, version);
  if (all === undefined || left === undefined) return pruned;
  const kept = union(named(left), withNamedFields(owned, all.shape));
  const gone = difference(named(all), kept);
  return { ...all, value: removeFields(all.shape, all.value, gone) };
}
