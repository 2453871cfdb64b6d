/**
 * The hash in names and labels of what is made from a pod template. Of the same form as
 * upstream's (FNV-32a, written in the name alphabet); the value differs, which no controller
 * relies on: owned objects are found by comparing templates.
 */
import { safeEncode } from '../../machinery/meta/random.ts';

/** The hash of any JSON value; `collisions` (where given) makes it another one. */
export function templateHash(value: unknown, collisions?: number): string {
  let hash = 0x811c9dc5;
  const add = (byte: number): void => {
    hash = Math.imul(hash ^ byte, 0x01000193) >>> 0;
  };
  for (const byte of Buffer.from(canonicalJson(value))) add(byte);
  if (collisions !== undefined) {
    for (let shift = 0; shift < 32; shift += 8) add((collisions >>> shift) & 0xff);
    for (let i = 0; i < 4; i++) add(0);
  }
  return safeEncode(String(hash));
}

/** JSON with sorted members, without undefined ones: equal values give equal texts. */
export function canonicalJson(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonicalJson).join(',')}]`;
  if (typeof value !== 'object' || value === null) return JSON.stringify(value) ?? 'null';
  const members = Object.entries(value)
    .filter(([, v]) => v !== undefined)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([k, v]) => `${JSON.stringify(k)}:${canonicalJson(v)}`);
  return `{${members.join(',')}}`;
}
