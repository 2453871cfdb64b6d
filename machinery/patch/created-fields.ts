/**
 * What the creator of an object owns: a comparison with nothing, in one walk, with its members in
 * the order in which managedFields has them. Rules as in `typed.ts`.
 */
import { type FieldSet, leaf, type MutableFieldSet, sorted, unionNodes } from './field-set.ts';
import { elementOf } from './list-element.ts';
import { compareElements } from './path-element.ts';
import type { ListShape, MapShape, Shape } from './shape.ts';
import { asList, asMap, compareBoth, formOf, isEmptyMap, memberShape } from './typed.ts';

/**
 * The fields that a new object sets, what the server would write anyway left out: of
 * `compare(shape, {}, object)` what is added or modified, in order. Throws ListElementError.
 */
export function createdFields(shape: Shape, object: object): FieldSet {
  return besideZero(shape, nothingSet, object) ?? leaf;
}

const nothingSet = Object.freeze({});

/** The node of a value whose place would show `zero` without it; undefined when it is the same. */
function besideZero(shape: Shape, zero: unknown, value: unknown): FieldSet | undefined {
  const { map, list } = shape;
  const items = asList(value);
  if (items !== undefined && zero === null && map === undefined && shape.scalar === undefined) {
    if (list?.atomic === false && items.length > 0) return nodeOfItems(list, items, {});
  }
  const members = asMap(value);
  if (map === undefined || map.atomic || asMap(zero) === undefined || isEmptyMap(members)) {
    const d = compareBoth(shape, zero, value);
    const node = d?.added ?? d?.modified;
    return node === undefined ? undefined : sorted(unionNodes(node, d?.modified ?? node));
  }
  const paths: string[] = [];
  const nodes: FieldSet[] = [];
  for (const name in members) {
    const member = members[name];
    if (member === undefined) continue;
    const field = map.fields.get(name);
    // A pointer that is always written, and leads nowhere.
    if (member === null && field !== undefined && field.zero === undefined) continue;
    const node =
      field?.zero === undefined
        ? whole(memberShape(map, field), member)
        : besideZero(field.shape, field.zero, member);
    if (node === undefined) continue;
    paths.push(field?.path ?? `f:${name}`);
    nodes.push(node);
  }
  return paths.length === 0 ? undefined : nodeOf(paths, nodes, byText, {});
}

/** The node of a value that is new as a whole: itself and everything below it. */
function whole(shape: Shape, value: unknown): FieldSet {
  switch (formOf(shape, value)) {
    case 'scalar':
      return leaf;
    case 'list':
      return wholeList(shape.list!, asList(value));
    default:
      return wholeMap(shape.map!, asMap(value));
  }
}

function wholeList(list: ListShape, items: readonly unknown[] | undefined): FieldSet {
  if (list.atomic || items === undefined || items.length === 0) return leaf;
  return nodeOfItems(list, items, { '.': leaf });
}

function nodeOfItems(list: ListShape, items: readonly unknown[], out: MutableFieldSet): FieldSet {
  const paths = items.map((item) => elementOf(list, item));
  const nodes = items.map((item) => whole(list.element, item));
  return nodeOf(paths, nodes, compareElements, out);
}

function wholeMap(map: MapShape, members: Readonly<Record<string, unknown>> | undefined): FieldSet {
  if (map.atomic || members === undefined || isEmptyMap(members)) return leaf;
  const paths: string[] = [];
  const nodes: FieldSet[] = [];
  for (const name in members) {
    const member = members[name];
    if (member === undefined) continue;
    const field = map.fields.get(name);
    paths.push(field?.path ?? `f:${name}`);
    nodes.push(whole(memberShape(map, field), member));
  }
  return nodeOf(paths, nodes, byText, { '.': leaf });
}

type Order = (a: string, b: string) => number;

const byText: Order = (a, b) => (a < b ? -1 : a > b ? 1 : 0);

/** Adds children to `out` in order; a child that comes twice is owned as one piece. */
function nodeOf(
  paths: string[],
  nodes: FieldSet[],
  compare: Order,
  out: MutableFieldSet,
): FieldSet {
  sortTogether(paths, nodes, compare);
  for (let i = 0; i < paths.length; i++) {
    const path = paths[i]!;
    out[path] = out[path] === undefined ? nodes[i]! : leaf;
  }
  return out;
}

/** Up to so many moves each are cheaper than what a sort allocates. */
const fewPaths = 64;

function sortTogether(paths: string[], nodes: FieldSet[], compare: Order): void {
  for (let i = 1; i < paths.length; i++) {
    const path = paths[i]!;
    if (compare(paths[i - 1]!, path) <= 0) continue;
    if (paths.length > fewPaths) {
      sortMany(paths, nodes, compare);
      return;
    }
    const node = nodes[i]!;
    let at = i;
    for (; at > 0 && compare(paths[at - 1]!, path) > 0; at--) {
      paths[at] = paths[at - 1]!;
      nodes[at] = nodes[at - 1]!;
    }
    paths[at] = path;
    nodes[at] = node;
  }
}

function sortMany(paths: string[], nodes: FieldSet[], compare: Order): void {
  const pairs = paths.map((path, i) => ({ path, node: nodes[i]! }));
  pairs.sort((a, b) => compare(a.path, b.path));
  for (const [i, { path, node }] of pairs.entries()) {
    paths[i] = path;
    nodes[i] = node;
  }
}
