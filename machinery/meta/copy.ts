/** Copies of JSON values, several times faster than structuredClone. */
import { carryEmptied } from './emptied.ts';

/**
 * A copy that shares nothing with the original. For plain JSON values only: objects, arrays,
 * scalars. Members that are undefined are kept.
 */
export function deepCopy<T>(value: T): T {
  if (typeof value !== 'object' || value === null) return value;
  if (Array.isArray(value)) {
    const out = new Array(value.length);
    for (let i = 0; i < value.length; i++) out[i] = deepCopy(value[i]);
    return out as T;
  }
  const out: Record<string, unknown> = {};
  for (const k in value) {
    const v: unknown = value[k];
    const copy = typeof v === 'object' && v !== null ? deepCopy(v) : v;
    // Assigning to this name would set the prototype instead of a member.
    if (k === '__proto__') define(out, k, copy);
    else out[k] = copy;
  }
  carryEmptied(value, out);
  return out as T;
}

function define(target: object, key: string, value: unknown): void {
  Object.defineProperty(target, key, {
    value,
    writable: true,
    enumerable: true,
    configurable: true,
  });
}
