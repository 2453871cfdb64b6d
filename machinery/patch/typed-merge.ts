/** Merging a configuration into an object and removing fields from one, seen through its shape. */
import { setMember } from '../codec/json-text.ts';
import { member } from '../meta/member.ts';
import { type FieldSet, hasChildren, isMember, leaf, type MutableFieldSet } from './field-set.ts';
import { elementOf } from './list-element.ts';
import type { ListShape, MapShape, Shape } from './shape.ts';
import { asList, asMap, formOf, memberShape } from './typed.ts';

/**
 * The object with the configuration laid over it: nothing is taken away, of a value in both the
 * configuration's wins, items of lists are put in the configuration's order where it has them.
 * Shares parts with both.
 */
export function merge(shape: Shape, live: unknown, config: unknown): unknown {
  if (config === undefined) return live;
  if (live === undefined) return config;
  switch (formOf(shape, config)) {
    case 'scalar':
      return config;
    case 'list':
      return mergeLists(shape.list!, live, config);
    default:
      return mergeMaps(shape.map!, live, config);
  }
}

function mergeMaps(map: MapShape, live: unknown, config: unknown): unknown {
  const l = asMap(live);
  const r = asMap(config);
  const empty = Object.keys(l ?? {}).length === 0 && Object.keys(r ?? {}).length === 0;
  if (map.atomic || empty) return config;
  const out: Record<string, unknown> = { ...l };
  for (const name in r) {
    const shape = memberShape(map, map.fields.get(name));
    setMember(out, name, merge(shape, member(out, name), r[name]));
  }
  return out;
}

function mergeLists(list: ListShape, live: unknown, config: unknown): unknown {
  const l = asList(live) ?? [];
  const r = asList(config) ?? [];
  if (list.atomic || (l.length === 0 && r.length === 0)) return config;
  const left = l.map((item) => elementOf(list, item));
  const right = r.map((item) => elementOf(list, item));
  const itemOf = new Map<string, unknown>();
  for (const [i, element] of left.entries()) {
    // One of several under one element is not merged with: nobody knows which.
    itemOf.set(element, itemOf.has(element) ? null : l[i]);
  }
  const inRight = new Set(right);
  const shared = right.filter((element) => itemOf.has(element));
  const done = new Set<string>();
  const out: unknown[] = [];
  let nextShared = shared.shift();
  let i = 0;
  let j = 0;
  const takeRight = (): void => {
    const element = right[j]!;
    done.add(element);
    out.push(merge(list.element, itemOf.get(element), r[j]));
    j++;
    if (nextShared === element) nextShared = shared.shift();
  };
  while (i < left.length || j < right.length) {
    const element = left[i];
    if (element !== undefined && j < right.length) {
      if (element === right[j]) {
        i++;
        takeRight();
        continue;
      }
      if (inRight.has(element) && nextShared !== undefined && nextShared !== element) {
        // Its turn comes where the configuration has it.
        i++;
        continue;
      }
    }
    if (element !== undefined) {
      if (!inRight.has(element)) {
        out.push(l[i]);
        i++;
        continue;
      }
      if (done.has(element)) i++;
    }
    if (j < right.length) takeRight();
  }
  return out;
}

/**
 * The object without these fields and items; what becomes empty by that stays, empty. Atomic
 * values and lists or maps that are empty come out as null, as in the real server. Shares parts.
 */
export function removeFields(shape: Shape, value: unknown, gone: FieldSet): unknown {
  switch (formOf(shape, value)) {
    case 'scalar':
      return value;
    case 'list':
      return removeItems(shape.list!, asList(value), gone);
    default:
      return removeMembers(shape.map!, asMap(value), gone);
  }
}

function removeItems(
  list: ListShape,
  items: readonly unknown[] | undefined,
  gone: FieldSet,
): unknown {
  if (items === undefined || items.length === 0 || list.atomic) return null;
  const out: unknown[] = [];
  let touched = false;
  for (const item of items) {
    const node = gone[elementOf(list, item)];
    if (node === undefined) out.push(item);
    else if (!isMember(node)) {
      touched = true;
      out.push(removeBelow(list.element, item, node));
    }
  }
  return out.length > 0 || touched ? out : null;
}

function removeMembers(
  map: MapShape,
  m: Readonly<Record<string, unknown>> | undefined,
  gone: FieldSet,
): unknown {
  if (m === undefined || map.atomic) return null;
  const out: Record<string, unknown> = {};
  let touched = false;
  let any = false;
  for (const name in m) {
    const field = map.fields.get(name);
    const node = gone[field?.path ?? `f:${name}`];
    if (node === undefined) setMember(out, name, m[name]);
    else {
      if (isMember(node)) continue;
      touched = true;
      setMember(out, name, removeBelow(memberShape(map, field), m[name], node));
    }
    any = true;
  }
  return any || touched ? out : null;
}

/** A container that loses all it holds stays as an empty one. */
function removeBelow(shape: Shape, value: unknown, gone: FieldSet): unknown {
  const rest = removeFields(shape, value, gone);
  if (rest !== null) return rest;
  if (Array.isArray(value)) return [];
  return typeof value === 'object' && value !== null ? {} : null;
}

/** The set with every declared field on the way to a member being a member too. */
export function withNamedFields(set: FieldSet, shape: Shape | undefined): FieldSet {
  const map = shape?.map;
  const out: MutableFieldSet = {};
  for (const k in set) {
    const node = set[k]!;
    if (k === '.' || !hasChildren(node)) {
      out[k] = node;
      continue;
    }
    const field = map !== undefined && k.startsWith('f:') ? map.fields.get(k.slice(2)) : undefined;
    let below: Shape | undefined;
    if (k.startsWith('f:')) below = map === undefined ? undefined : (field?.shape ?? map.element);
    else if (k.startsWith('k:')) below = shape?.list?.element;
    const inner = withNamedFields(node, below);
    out[k] = field === undefined ? inner : { '.': leaf, ...inner };
  }
  return out;
}

/**
 * A set written when the type was another: what is now one piece is owned as one piece.
 * The same set when nothing is to be changed, which is the rule.
 */
export function reconcile(set: FieldSet, shape: Shape): FieldSet {
  let out: MutableFieldSet | undefined;
  for (const k in set) {
    if (k === '.') continue;
    const node = set[k]!;
    if (!hasChildren(node)) continue;
    const below = shapeBelow(shape, k);
    if (below === undefined) continue;
    const next = isOnePiece(below) ? leaf : reconcile(node, below);
    if (next === node) continue;
    out ??= { ...set };
    out[k] = next;
  }
  return out ?? set;
}

function shapeBelow(shape: Shape, element: string): Shape | undefined {
  if (shape.map !== undefined) {
    // Free-form maps are left alone: nobody said how they are to be owned.
    if (shape.scalar !== undefined && !shape.map.atomic) return undefined;
    const field = element.startsWith('f:') ? shape.map.fields.get(element.slice(2)) : undefined;
    return field?.shape ?? shape.map.element;
  }
  return shape.list?.element;
}

function isOnePiece(shape: Shape): boolean {
  if (shape.map !== undefined) return shape.map.atomic;
  return shape.scalar === undefined && shape.list?.atomic === true;
}
