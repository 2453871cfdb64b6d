/**
 * Values seen through their shape: the difference of two objects as sets of fields. Rules:
 * structured-merge-diff, as the real server uses it.
 * `undefined` is an absent value, `null` a present one.
 */

import { holdsNotes } from '../meta/emptied.ts';
import { jsonEqual } from '../meta/equality.ts';
import { member } from '../meta/member.ts';
import { type FieldSet, leaf, type MutableFieldSet } from './field-set.ts';
import { elementOf } from './list-element.ts';
import {
  deducedShape,
  type FieldShape,
  type ListShape,
  type MapShape,
  type Shape,
} from './shape.ts';

type JsonObject = Readonly<Record<string, unknown>>;

/** What is new in `right`, changed, and gone from `left`; no field is in two of them. */
export interface Comparison {
  readonly added: FieldSet;
  readonly modified: FieldSet;
  readonly removed: FieldSet;
}

/** As `Comparison`; what is empty is undefined. */
export interface Difference {
  added: MutableFieldSet | undefined;
  modified: MutableFieldSet | undefined;
  removed: MutableFieldSet | undefined;
}

/** How a value is to be treated, given what its shape allows. */
export type Form = 'scalar' | 'list' | 'map';

/** The form of a value; of null and of what the shape does not allow, the shape's first. */
export function formOf(shape: Shape, value: unknown): Form {
  if (value !== null && typeof value === 'object') {
    if (Array.isArray(value)) {
      if (shape.list !== undefined) return 'list';
    } else if (shape.map !== undefined) return 'map';
  } else if (value !== null && shape.scalar !== undefined) return 'scalar';
  if (shape.map !== undefined) return 'map';
  return shape.scalar !== undefined ? 'scalar' : 'list';
}

/** The map, or undefined for null and anything else. */
export function asMap(value: unknown): JsonObject | undefined {
  return value !== null && typeof value === 'object' && !Array.isArray(value)
    ? (value as JsonObject)
    : undefined;
}

/** The list, or undefined for null and anything else. */
export function asList(value: unknown): readonly unknown[] | undefined {
  return Array.isArray(value) ? value : undefined;
}

/** The shape of a member; what nobody declared is taken as it comes. */
export function memberShape(map: MapShape, field: FieldShape | undefined): Shape {
  return field?.shape ?? map.element ?? deducedShape;
}

/** True without members that are set. */
export function isEmptyMap(m: JsonObject | undefined): boolean {
  if (m !== undefined) for (const k in m) if (m[k] !== undefined) return false;
  return true;
}

/** Compares two objects of one type. Throws ListElementError. */
export function compare(shape: Shape, left: unknown, right: unknown): Comparison {
  const d = compareBoth(shape, left ?? null, right ?? null);
  return { added: d?.added ?? leaf, modified: d?.modified ?? leaf, removed: d?.removed ?? leaf };
}

/** Compares two present values; undefined when they are the same. Throws ListElementError. */
export function compareBoth(shape: Shape, left: unknown, right: unknown): Difference | undefined {
  if (left === right) return undefined;
  const form = formOf(shape, right);
  const formLeft = formOf(shape, left);
  if (form === formLeft) return compareForm(shape, form, left, right);
  // A free-form value that changed its form: each form tells what it sees.
  const a = compareForm(shape, formLeft, left, right);
  const b = compareForm(shape, form, left, right);
  if (a === undefined || b === undefined) return a ?? b;
  return {
    added: a.added ?? b.added,
    modified: a.modified ?? b.modified,
    removed: a.removed ?? b.removed,
  };
}

const leafModified: Difference = { added: undefined, modified: leaf, removed: undefined };

function compareForm(
  shape: Shape,
  form: Form,
  left: unknown,
  right: unknown,
): Difference | undefined {
  switch (form) {
    case 'scalar':
      return jsonEqual(left, right) ? undefined : leafModified;
    case 'list':
      return compareLists(shape.list!, left, right);
    default:
      return compareMaps(shape.map!, left, right);
  }
}

function compareMaps(map: MapShape, left: unknown, right: unknown): Difference | undefined {
  const l = asMap(left);
  const r = asMap(right);
  if (map.atomic || (isEmptyMap(l) && isEmptyMap(r))) {
    return jsonEqual(left, right) ? undefined : leafModified;
  }
  let out: Difference | undefined;
  if (r !== undefined) {
    for (const name in r) {
      const y = r[name];
      if (y === undefined) continue;
      let x = member(l, name);
      if (x === y) continue;
      const field = map.fields.get(name);
      const shape = memberShape(map, field);
      if (x === undefined && l !== undefined) x = field?.zero;
      // A pointer that is always written, and leads nowhere.
      if (x === undefined && y === null && l !== undefined && field !== undefined) continue;
      if (x === undefined) {
        out ??= { added: undefined, modified: undefined, removed: undefined };
        out.added ??= {};
        out.added[field?.path ?? `f:${name}`] = wholeTree(shape, y);
      } else {
        const d = compareBoth(shape, x, y);
        if (d !== undefined) out = graft(out, field?.path ?? `f:${name}`, d);
      }
    }
  }
  if (l !== undefined) {
    for (const name in l) {
      const x = l[name];
      if (x === undefined || member(r, name) !== undefined) continue;
      const field = map.fields.get(name);
      const shape = memberShape(map, field);
      if (r !== undefined && field?.zero !== undefined) {
        const d = compareBoth(shape, x, field.zero);
        if (d !== undefined) out = graft(out, field.path, d);
        continue;
      }
      out ??= { added: undefined, modified: undefined, removed: undefined };
      out.removed ??= {};
      out.removed[field?.path ?? `f:${name}`] = wholeTree(shape, x);
    }
  }
  return out;
}

/** Hangs a child's difference under its element. */
function graft(into: Difference | undefined, element: string, d: Difference): Difference {
  const out = into ?? { added: undefined, modified: undefined, removed: undefined };
  if (d.added !== undefined) {
    out.added ??= {};
    out.added[element] = d.added;
  }
  if (d.modified !== undefined) {
    out.modified ??= {};
    out.modified[element] = d.modified;
  }
  if (d.removed !== undefined) {
    out.removed ??= {};
    out.removed[element] = d.removed;
  }
  return out;
}

/** Items by element; several under one are duplicates. */
function itemsByElement(list: ListShape, items: readonly unknown[]): Map<string, unknown[]> {
  const out = new Map<string, unknown[]>();
  for (const item of items) {
    const element = elementOf(list, item);
    const same = out.get(element);
    if (same === undefined) out.set(element, [item]);
    else same.push(item);
  }
  return out;
}

function compareLists(list: ListShape, left: unknown, right: unknown): Difference | undefined {
  const l = asList(left) ?? [];
  const r = asList(right) ?? [];
  if (list.atomic || (l.length === 0 && r.length === 0)) {
    // What is owned as a whole is compared exactly: a member that was sent empty is a change.
    const same = jsonEqual(left, right) && !(r.length > 0 && holdsNotes(right));
    return same ? undefined : leafModified;
  }
  if (l.length === r.length && jsonEqual(l, r)) return undefined;
  const before = itemsByElement(list, l);
  const after = itemsByElement(list, r);
  let out: Difference | undefined;
  for (const [element, items] of after) {
    const d = compareItems(list.element, before.get(element) ?? [], items);
    if (d !== undefined) out = graft(out, element, d);
  }
  for (const [element, items] of before) {
    if (after.has(element)) continue;
    const d = compareItems(list.element, items, []);
    if (d !== undefined) out = graft(out, element, d);
  }
  return out;
}

/** Duplicates are compared as a whole; going from or to duplicates replaces what is owned. */
function compareItems(
  shape: Shape,
  left: readonly unknown[],
  right: readonly unknown[],
): Difference | undefined {
  if (left.length <= 1 && right.length <= 1) {
    if (left.length === 0) return added(wholeTree(shape, right[0]));
    if (right.length === 0) return removed(wholeTree(shape, left[0]));
    return compareBoth(shape, left[0], right[0]);
  }
  if (left.length >= 2 && right.length >= 2) {
    return jsonEqual(left, right) ? undefined : leafModified;
  }
  const out: Difference = { added: undefined, modified: undefined, removed: undefined };
  if (left.length >= 2) {
    if (right.length === 1) out.added = wholeTree(shape, right[0]);
    out.removed = leaf;
  } else {
    if (left.length === 1) out.removed = wholeTree(shape, left[0]);
    out.added = leaf;
  }
  return out;
}

function added(set: FieldSet): Difference {
  return { added: set, modified: undefined, removed: undefined };
}

function removed(set: FieldSet): Difference {
  return { added: undefined, modified: undefined, removed: set };
}

/** The node of a value that is there as a whole: itself and everything below it. */
function wholeTree(shape: Shape, value: unknown): FieldSet {
  switch (formOf(shape, value)) {
    case 'scalar':
      return leaf;
    case 'list': {
      const list = shape.list!;
      const items = asList(value);
      if (list.atomic || items === undefined || items.length === 0) return leaf;
      const out: MutableFieldSet = { '.': leaf };
      for (const item of items) {
        const element = elementOf(list, item);
        out[element] = out[element] === undefined ? wholeTree(list.element, item) : leaf;
      }
      return out;
    }
    default: {
      const map = shape.map!;
      const m = asMap(value);
      if (map.atomic || isEmptyMap(m)) return leaf;
      const out: MutableFieldSet = { '.': leaf };
      for (const name in m) {
        const v = m[name];
        if (v === undefined) continue;
        const field = map.fields.get(name);
        out[field?.path ?? `f:${name}`] = wholeTree(memberShape(map, field), v);
      }
      return out;
    }
  }
}
