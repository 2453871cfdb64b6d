/**
 * Sets of fields in the very form in which managedFields carries them (FieldsV1): a tree of path
 * elements, `f:` a field, `k:` a list item by its keys, `v:` an item of a set, `i:` an index.
 * Working on that form directly spares decoding and encoding. Sets are immutable and share parts.
 *
 * A node without members is a leaf: the path itself belongs to the set. A node with members
 * belongs to the set only when it has the member `.` too.
 */
import { compareElements, decodeElement, FieldSetError } from './path-element.ts';

/** A set, or the node of one. The empty set is `{}` at the top. */
export interface FieldSet {
  readonly [element: string]: FieldSet;
}

/** A set under construction. */
export type MutableFieldSet = Record<string, FieldSet>;

/** A path that belongs to the set and has nothing below it; also the empty set. */
export const leaf: FieldSet = Object.freeze({});

/** True when nothing belongs to the set. For the top only: below, `{}` is a leaf. */
export function isEmptySet(s: FieldSet): boolean {
  for (const _ in s) return false;
  return true;
}

/** True when the node's own path belongs to the set. */
export function isMember(node: FieldSet): boolean {
  return node['.'] !== undefined || isEmptySet(node);
}

/** True when the node has members below it. */
export function hasChildren(node: FieldSet): boolean {
  for (const k in node) if (k !== '.') return true;
  return false;
}

/** A node with these children, `.` marking whether the path itself belongs; undefined if neither. */
function makeNode(children: MutableFieldSet | undefined, member: boolean): FieldSet | undefined {
  if (children === undefined) return member ? leaf : undefined;
  return member ? { '.': leaf, ...children } : children;
}

/** All paths of both. */
export function union(a: FieldSet, b: FieldSet): FieldSet {
  if (a === b || isEmptySet(b)) return a;
  if (isEmptySet(a)) return b;
  const out: MutableFieldSet = { ...a };
  for (const k in b) {
    if (k === '.') continue;
    const x = a[k];
    out[k] = x === undefined ? b[k]! : unionNodes(x, b[k]!);
  }
  return out;
}

/** All paths of two nodes below the top. */
export function unionNodes(a: FieldSet, b: FieldSet): FieldSet {
  if (a === b) return a;
  const member = isMember(a) || isMember(b);
  const out: MutableFieldSet = member ? { '.': leaf } : {};
  let any = false;
  for (const k in a) {
    if (k === '.') continue;
    any = true;
    const y = b[k];
    out[k] = y === undefined ? a[k]! : unionNodes(a[k]!, y);
  }
  for (const k in b) {
    if (k === '.') continue;
    any = true;
    if (out[k] === undefined) out[k] = b[k]!;
  }
  return any ? out : leaf;
}

/** The paths that both hold. */
export function intersection(a: FieldSet, b: FieldSet): FieldSet {
  return intersectChildren(a, b) ?? leaf;
}

function intersectChildren(a: FieldSet, b: FieldSet): MutableFieldSet | undefined {
  let out: MutableFieldSet | undefined;
  for (const k in a) {
    if (k === '.') continue;
    const y = b[k];
    if (y === undefined) continue;
    const x = a[k]!;
    const node = makeNode(intersectChildren(x, y), isMember(x) && isMember(y));
    if (node !== undefined) {
      out ??= {};
      out[k] = node;
    }
  }
  return out;
}

/** The paths of `a` that `b` does not hold; what is below a path of `b` stays. */
export function difference(a: FieldSet, b: FieldSet): FieldSet {
  return isEmptySet(b) ? a : (subtract(a, b, false, false) ?? leaf);
}

/** The paths of `a` that are neither in `b` nor below a path of `b`. */
export function recursiveDifference(a: FieldSet, b: FieldSet): FieldSet {
  return isEmptySet(b) ? a : (subtract(a, b, true, false) ?? leaf);
}

/**
 * What is left of a node, `a` itself when nothing is taken from it; undefined when nothing is
 * left. `below`: the node is not the top, and may be a path of the set itself.
 */
function subtract(
  a: FieldSet,
  b: FieldSet,
  recursive: boolean,
  below: boolean,
): FieldSet | undefined {
  const gone = below && isMember(b);
  if (gone && recursive) return undefined;
  const member = below && isMember(a);
  let changed = gone && member;
  let out: MutableFieldSet | undefined;
  for (const k in a) {
    if (k === '.') continue;
    const x = a[k]!;
    const y = b[k];
    const rest = y === undefined ? x : subtract(x, y, recursive, true);
    if (rest !== x) changed = true;
    if (rest === undefined) continue;
    out ??= {};
    out[k] = rest;
  }
  return changed ? makeNode(out, member && !gone) : a;
}

/** True when both hold the same paths. */
export function sameSet(a: FieldSet, b: FieldSet): boolean {
  if (a === b) return true;
  let count = 0;
  for (const k in a) {
    count++;
    const y = b[k];
    if (y === undefined || !sameSet(a[k]!, y)) return false;
  }
  for (const _ in b) count--;
  return count === 0;
}

/** Number of paths. */
export function sizeOf(s: FieldSet): number {
  let n = 0;
  for (const k in s) if (k !== '.') n += (isMember(s[k]!) ? 1 : 0) + sizeOf(s[k]!);
  return n;
}

/** The set of these paths, given as lists of elements (`['f:metadata', 'f:name']`). */
export function setOf(...paths: readonly (readonly string[])[]): FieldSet {
  let out: FieldSet = leaf;
  for (const p of paths) {
    const chain = p.reduceRight<FieldSet>((below, element) => ({ [element]: below }), leaf);
    out = union(out, chain);
  }
  return out;
}

/** The set of plain field paths such as `spec.replicas`. */
export function fieldsOf(...paths: readonly string[]): FieldSet {
  return setOf(...paths.map((p) => p.split('.').map((name) => `f:${name}`)));
}

/** Calls back for every path: the members of a level first, then what is below them. */
export function forEachPath(s: FieldSet, visit: (path: readonly string[]) => void): void {
  const path: string[] = [];
  const walk = (node: FieldSet): void => {
    const elements = Object.keys(node)
      .filter((k) => k !== '.')
      .sort(compareElements);
    for (const k of elements) {
      if (!isMember(node[k]!)) continue;
      path.push(k);
      visit(path);
      path.pop();
    }
    for (const k of elements) {
      path.push(k);
      walk(node[k]!);
      path.pop();
    }
  };
  walk(s);
}

/** True when the set holds the path. */
export function hasPath(s: FieldSet, path: readonly string[]): boolean {
  let node: FieldSet | undefined = s;
  for (const k of path) {
    node = node[k];
    if (node === undefined) return false;
  }
  return path.length > 0 && isMember(node);
}

/** The same set with its members in the order the real server writes them. */
export function sorted(s: FieldSet): FieldSet {
  let inOrder = true;
  let last: string | undefined;
  let changed: Record<string, FieldSet> | undefined;
  for (const k in s) {
    if (
      last !== undefined &&
      inOrder &&
      !(last < k && isPlain(k)) &&
      compareElements(last, k) > 0
    ) {
      inOrder = false;
    }
    last = k;
    const child = s[k]!;
    if (child === leaf) continue;
    const ordered = sorted(child);
    if (ordered !== child) {
      changed ??= {};
      changed[k] = ordered;
    }
  }
  if (inOrder && changed === undefined) return s;
  const keys = Object.keys(s);
  if (!inOrder) {
    // Fields alone, the usual thing, are in the order of their text.
    if (keys.every(isPlain)) keys.sort();
    else keys.sort(compareElements);
  }
  const out: MutableFieldSet = {};
  for (const k of keys) out[k] = changed?.[k] ?? s[k]!;
  return out;
}

/** A field or `.`: these are in the order of their text. */
function isPlain(element: string): boolean {
  const c = element.charCodeAt(0);
  return c === 102 || c === 46;
}

/** Reads a set that a client sent: elements are checked and brought to their one spelling. */
export function decodeFieldSet(value: unknown): FieldSet {
  if (value === null || value === undefined) return leaf;
  if (typeof value !== 'object' || Array.isArray(value)) {
    throw new FieldSetError('a field set must be an object');
  }
  const out: MutableFieldSet = {};
  for (const [k, v] of Object.entries(value)) {
    if (k === '.') {
      out['.'] = leaf;
      continue;
    }
    const element = decodeElement(k);
    // Kinds of elements that a later version may know are dropped, as the real server does.
    if (element === undefined) continue;
    const child = decodeFieldSet(v);
    const before = out[element];
    out[element] = before === undefined ? child : unionNodes(before, child);
  }
  return isEmptySet(out) || hasChildren(out) ? out : leaf;
}
