/** Options in a query string, read as the real server's conversions from URL values read them. */
import { quote } from '../../machinery/meta/field-error.ts';
import { badRequest } from '../../machinery/meta/status-error.ts';

/** False only for an absent value, `false` and `0`. */
export function boolOption(query: URLSearchParams, name: string): boolean {
  const value = query.get(name);
  return value !== null && value.toLowerCase() !== 'false' && value !== '0';
}

/** Throws 400 for what is no integer. */
export function integerOption(query: URLSearchParams, name: string): number | undefined {
  const value = query.get(name);
  if (value === null) return undefined;
  if (!/^[+-]?\d+$/.test(value)) {
    throw badRequest(`strconv.ParseInt: parsing ${quote(value)}: invalid syntax`);
  }
  const integer = BigInt(value.replace(/^\+/, ''));
  if (BigInt.asIntN(64, integer) !== integer) {
    throw badRequest(`strconv.ParseInt: parsing ${quote(value)}: value out of range`);
  }
  return Number(integer);
}

/** A query string with its keys in order, as Go writes it. */
export function encodeQuery(pairs: readonly (readonly [string, string])[]): string {
  return pairs
    .toSorted(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0))
    .map(([k, v]) => `${encodeValue(k)}=${encodeValue(v)}`)
    .join('&');
}

function encodeValue(text: string): string {
  return encodeURIComponent(text)
    .replace(/[!'()*]/g, (c) => `%${c.charCodeAt(0).toString(16).toUpperCase()}`)
    .replaceAll('%20', '+');
}
