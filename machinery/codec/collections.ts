/** Converters of lists and maps over the converter of what they hold. */
import { type DecodeContext, isObject } from './decode-context.ts';
import { setMember } from './json-text.ts';
import type { Convert, Converter } from './scalars.ts';

/** A list; null elements become the element type's zero value. Converts in place. */
export function listConverter(element: Converter, goType: string): Converter {
  const convert: Convert = (value, context) => {
    if (!Array.isArray(value)) {
      return value === null || value === undefined ? undefined : context.mismatch(value, goType);
    }
    const { path } = context;
    for (let i = 0; i < value.length; i++) {
      const before: unknown = value[i];
      path.push(i);
      const after = element.convert(before, context) ?? element.zero();
      path.pop();
      if (after !== before) value[i] = after;
    }
    return value;
  };
  return {
    convert,
    zero: () => null,
    isEmpty: (v) => (v as unknown[]).length === 0,
    structLike: false,
  };
}

/** A map; keys come out sorted, as the real server writes them. Converts in place. */
export function mapConverter(element: Converter, goType: string): Converter {
  const convert: Convert = (value, context) => {
    if (!isObject(value)) {
      return value === null || value === undefined ? undefined : context.mismatch(value, goType);
    }
    const map = value;
    let last = '';
    let sorted = true;
    for (const key in map) {
      if (key < last) sorted = false;
      last = key;
      const before = map[key];
      const after = memberOf(element, key, before, context);
      if (after !== before) map[key] = after;
    }
    return sorted ? map : sortedCopy(map);
  };
  return { convert, zero: () => null, isEmpty: isEmptyMap, structLike: false };
}

function memberOf(element: Converter, key: string, before: unknown, context: DecodeContext) {
  if (typeof before !== 'object') return element.convert(before, context) ?? element.zero();
  context.path.push({ key });
  const after = element.convert(before, context) ?? element.zero();
  context.path.pop();
  return after;
}

function sortedCopy(map: Record<string, unknown>): Record<string, unknown> {
  const out: Record<string, unknown> = {};
  for (const key of Object.keys(map).sort()) setMember(out, key, map[key]);
  return out;
}

function isEmptyMap(value: unknown): boolean {
  for (const _ in value as object) return false;
  return true;
}
