/** Unsigned numbers in texts, as Go's strconv reads them. */
import { quote } from './field-error.ts';

/** What Go's ParseUint says of a text that is no unsigned 64-bit number; undefined: it is one. */
export function uintProblem(text: string): string | undefined {
  const parsing = `strconv.ParseUint: parsing ${quote(text)}`;
  if (!/^\d+$/.test(text)) return `${parsing}: invalid syntax`;
  return BigInt(text) < 2n ** 64n ? undefined : `${parsing}: value out of range`;
}
