/**
 * Path elements, the members of field sets: `f:name` a field, `k:{"name":"a"}` a list item by its
 * keys, `v:"a"` an item of a set, `i:0` an index. Their one spelling, order and text.
 */
import { quote } from '../meta/field-error.ts';

/** A set that cannot be read; the message is for the log. */
export class FieldSetError extends Error {
  override readonly name = 'FieldSetError';
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

/** One key whose text value has nothing escaped: `k:{"name":"a"}`. */
const plainKey = /^k:\{"[^"\\]*":"([^"\\]*)"\}$/;

function compareKeys(a: string, b: string): number {
  const value = plainKey.exec(a)?.[1];
  const other = plainKey.exec(b)?.[1];
  if (value !== undefined && other !== undefined) {
    // The same key in front: the texts are in the order of the values.
    const start = a.length - value.length - 2;
    if (start === b.length - other.length - 2 && a.startsWith(b.slice(0, start))) {
      return value < other ? -1 : value > other ? 1 : 0;
    }
  }
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

/** The element of a list item with these keys; they are put in order by name. */
export function keyElement(keys: readonly (readonly [string, unknown])[]): string {
  const ordered = isInOrder(keys)
    ? keys
    : keys.toSorted((a, b) => (a[0] < b[0] ? -1 : a[0] > b[0] ? 1 : 0));
  let text = 'k:{';
  for (let i = 0; i < ordered.length; i++) {
    const [name, value] = ordered[i]!;
    text += `${i === 0 ? '' : ','}${JSON.stringify(name)}:${encodeJson(value)}`;
  }
  return `${text}}`;
}

function isInOrder(keys: readonly (readonly [string, unknown])[]): boolean {
  for (let i = 1; i < keys.length; i++) if (keys[i - 1]![0] > keys[i]![0]) return false;
  return true;
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

/**
 * An element in its one spelling; undefined for kinds that a later version may know. Throws
 * FieldSetError.
 */
export function decodeElement(k: string): string | undefined {
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
