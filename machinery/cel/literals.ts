/** Numbers of the text as values; `undefined` where they are out of range. */
import { Uint } from './values.ts';

/** The least int. */
export const minInt = -(2n ** 63n);
/** The greatest int. */
export const maxInt = 2n ** 63n - 1n;
/** The greatest uint. */
export const maxUint = 2n ** 64n - 1n;

/** `12`, `0x1f`, with the sign before it. */
export function parseIntLiteral(text: string, negative: boolean): bigint | undefined {
  const value = negative ? -BigInt(text) : BigInt(text);
  return value < minInt || value > maxInt ? undefined : value;
}

/** `12u`, `0x1fU`. */
export function parseUintLiteral(text: string): Uint | undefined {
  const value = BigInt(text.slice(0, -1));
  return value > maxUint ? undefined : new Uint(value);
}

/** `1.5`, `2e10`, with the sign before it. */
export function parseFloatLiteral(text: string, negative: boolean): number | undefined {
  const value = Number(text);
  if (!Number.isFinite(value)) return undefined;
  return negative ? -value : value;
}
