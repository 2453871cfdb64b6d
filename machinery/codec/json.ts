/**
 * JSON bodies: `JSON.parse` on the fast path, the reader of json-text.ts where a body is
 * malformed, repeats a field, or has numbers whose spelling matters.
 */
import { type JsonText, maxJsonDepth, readJson } from './json-text.ts';

/** Beyond this depth the slow reader is used: it needs no call depth. */
const fastDepth = 500;

/**
 * A number outside strings that JSON.parse would not keep as the real server does: with a
 * fraction, an exponent, or 16 digits and more. May hit a string now and then, which costs time.
 */
const unusualNumber = /(?:"\s*:|[,[]|^)\s*-?(?:\d{16}|\d+[.eE])/;
const surrogateEscape = /\\u[dD][89a-fA-F]/;

/**
 * Parses a JSON body. Integers beyond 2^53 that fit into 64 bits come as bigint, which
 * `JSON.stringify` writes exactly from then on. Of a repeated field the last one wins;
 * `duplicates` names its path (`spec.a`, `items[0].b`). Throws JsonSyntaxError with the real
 * server's text; deeper than 10000 levels is an error as well.
 */
export function decodeJson(bytes: Uint8Array): { value: unknown; duplicates: string[] } {
  const { value, duplicates } = parseJson(bytes, false);
  return { value, duplicates: [...duplicates] };
}

/** As decodeJson, with what a typed decoder needs; see readJson for `keepSpelling`. */
export function parseJson(bytes: Uint8Array, keepSpelling: boolean): JsonText {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const text = buffer.toString('utf8');
  const { members, depth } = measure(buffer);
  if (depth <= fastDepth && !unusualNumber.test(text) && !surrogateEscape.test(text)) {
    let value: unknown;
    try {
      value = JSON.parse(text);
    } catch {
      // The slow reader finds the same fault and words it as the real server does.
      return readJson(bytes, keepSpelling);
    }
    if (countMembers(value) === members) {
      return { value, duplicates: [], repeated: undefined, spelled: false };
    }
  }
  const read = readJson(bytes, keepSpelling);
  writeBigInts();
  return read;
}

/** Colons outside strings (= members of objects, when well formed) and the deepest nesting. */
function measure(bytes: Uint8Array): { members: number; depth: number } {
  let members = 0;
  let level = 0;
  let depth = 0;
  const { length } = bytes;
  for (let i = 0; i < length; i++) {
    const c = bytes[i];
    if (c === 0x22) {
      for (i++; i < length && bytes[i] !== 0x22; i++) if (bytes[i] === 0x5c) i++;
    } else if (c === 0x3a) members++;
    else if (c === 0x7b || c === 0x5b) {
      if (++level > depth) depth = level;
      if (depth > maxJsonDepth) break;
    } else if (c === 0x7d || c === 0x5d) level--;
  }
  return { members, depth };
}

function countMembers(value: unknown): number {
  if (typeof value !== 'object' || value === null) return 0;
  let n = 0;
  if (Array.isArray(value)) {
    for (const item of value) if (typeof item === 'object') n += countMembers(item);
    return n;
  }
  const object = value as Record<string, unknown>;
  for (const key in object) {
    n++;
    const member = object[key];
    if (typeof member === 'object') n += countMembers(member);
  }
  return n;
}

/**
 * Lets `JSON.stringify` write bigint as a plain integer. Done by the one place that makes
 * bigints out of JSON, so that no writer of such an object can fail.
 */
function writeBigInts(): void {
  if ('toJSON' in BigInt.prototype) return;
  Object.defineProperty(BigInt.prototype, 'toJSON', {
    value(this: bigint): unknown {
      return (JSON as unknown as { rawJSON(text: string): unknown }).rawJSON(String(this));
    },
    configurable: true,
    writable: true,
  });
}
