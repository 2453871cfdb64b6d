/**
 * Sets of fields in the very form in which managedFields carries them (FieldsV1): a tree of path
 * elements, `f:` a field, `k:` a list item by its keys, `v:` an item of a set, `i:` an index.
 * Working on that form directly spares decoding and encoding. Sets are immutable and share parts.
 *
 * A node without members is a leaf: the path itself belongs to the set. A node with members
 * belongs to the set only when it has the member `.` too.
 */
import { quote } from '../meta/field-error.ts';

/** A set, or the node of one. The empty set is `{}` at the top. */
export interface FieldSet {
  readonly [element: string]: FieldSet;
}

/** A set under construction. */
export type MutableFieldSet = Record<string, FieldSet>;

/** A path that belongs to the set and has nothing below it; also the empty set. */
export const leaf: FieldSet = Object.freeze({});

/** A set that cannot be read; the message is for the log. */
export class FieldSetError extends Error {
  override readonly name = 'FieldSetError';
}

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

function unionNodes(a: FieldSet, b: FieldSet): FieldSet {
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

const rankOfKind: Readonly<Record<string, number>> = { '.': 0, f: 1, k: 2, v: 3, i: 4 };

/** Order of elements: `.`, fields by name, items by keys, items by value, indexes. */
export function compareElements(a: string, b: string): number {
  if (a[0] === b[0]) {
    switch (a[0]) {
      case 'k':
        return compareKeys(a, b);
      case 'v':
        return compareValues(JSON.parse(a.slice(2)), JSON.parse(b.slice(2)));
      case 'i':
        return Number(a.slice(2)) - Number(b.slice(2));
      default:
        return a < b ? -1 : a > b ? 1 : 0;
    }
  }
  return (rankOfKind[a[0]!] ?? 5) - (rankOfKind[b[0]!] ?? 5);
}

function compareKeys(a: string, b: string): number {
  const x = Object.entries(JSON.parse(a.slice(2)) as object);
  const y = Object.entries(JSON.parse(b.slice(2)) as object);
  for (let i = 0; i < Math.min(x.length, y.length); i++) {
    const [nameX, valueX] = x[i]!;
    const [nameY, valueY] = y[i]!;
    if (nameX !== nameY) return nameX < nameY ? -1 : 1;
    const order = compareValues(valueX, valueY);
    if (order !== 0) return order;
  }
  return x.length - y.length;
}

const rankOfType: Readonly<Record<string, number>> = { number: 0, string: 1, boolean: 2 };

function compareValues(a: unknown, b: unknown): number {
  if (typeof a !== typeof b) return (rankOfType[typeof a] ?? 3) - (rankOfType[typeof b] ?? 3);
  if (typeof a === 'number') return a - (b as number);
  const x = typeof a === 'string' ? a : JSON.stringify(a);
  const y = typeof b === 'string' ? b : JSON.stringify(b);
  return x < y ? -1 : x > y ? 1 : 0;
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

function decodeElement(k: string): string | undefined {
  if (k.length < 2) throw new FieldSetError('key must be 2 characters long:');
  if (k[1] !== ':') throw new FieldSetError(`missing colon: ${k}`);
  switch (k[0]) {
    case 'f':
      return k;
    case 'v':
      return `v:${encodeJson(parseJson(k.slice(2)))}`;
    case 'k': {
      const keys = parseJson(k.slice(2));
      if (typeof keys !== 'object' || keys === null || Array.isArray(keys)) {
        throw new FieldSetError(`keys must be an object: ${k}`);
      }
      return keyElement(Object.entries(keys));
    }
    case 'i':
      if (!/^[-+]?[0-9]+$/.test(k.slice(2))) throw new FieldSetError(`not an index: ${k}`);
      return `i:${Number(k.slice(2))}`;
    default:
      return undefined;
  }
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (e) {
    throw new FieldSetError(`not JSON: ${text}`, { cause: e });
  }
}

/** JSON as Go's encoder writes it inside an element: `<`, `>` and `&` are escaped. */
function encodeJson(value: unknown): string {
  const text = JSON.stringify(value);
  if (!/[<>&\u2028\u2029]/.test(text)) return text;
  return text.replace(
    /[<>&\u2028\u2029]/g,
    (c) => `\\u${c.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}

/** The element of a list item with these keys; they are put in order by name. */
export function keyElement(keys: readonly (readonly [string, unknown])[]): string {
  const only = keys[0];
  if (keys.length === 1 && only !== undefined) {
    return `k:{${JSON.stringify(only[0])}:${encodeJson(only[1])}}`;
  }
  const parts = keys
    .toSorted((a, b) => (a[0] < b[0] ? -1 : a[0] > b[0] ? 1 : 0))
    .map(([name, value]) => `${JSON.stringify(name)}:${encodeJson(value)}`);
  return `k:{${parts.join(',')}}`;
}

/** The element of a set's item. */
export function valueElement(value: unknown): string {
  return `v:${encodeJson(value)}`;
}

/** A path as errors show it: `.spec.containers[name="a"].image`. */
export function pathText(path: readonly string[]): string {
  return path.map(elementText).join('');
}

/** One element as errors show it. */
export function elementText(element: string): string {
  const rest = element.slice(2);
  switch (element[0]) {
    case 'f':
      return `.${rest}`;
    case 'k': {
      const keys = Object.entries(JSON.parse(rest) as object);
      return `[${keys.map(([k, v]) => `${k}=${scalarText(v)}`).join(',')}]`;
    }
    case 'v':
      return `[=${scalarText(JSON.parse(rest))}]`;
    default:
      return `[${rest}]`;
  }
}

function scalarText(value: unknown): string {
  return typeof value === 'string' ? quote(value) : String(value);
}
