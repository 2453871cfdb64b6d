/**
 * Quantities as plain numbers. Every value of the API fits a double exactly here (bytes below 2^53,
 * CPU in thousandths), and the same few texts come again and again, so they are remembered.
 */
import { parseQuantity } from '../../machinery/meta/quantity.ts';

/** Texts remembered at most; the table is emptied when it is full. */
const limitEntries = 10_000;

const millis = new Map<string, number>();

/** The value in thousandths, not rounded; 0 for a text that is no quantity. */
export function milliValue(text: string): number {
  const known = millis.get(text);
  if (known !== undefined) return known;
  let value = 0;
  try {
    value = parseMillis(text);
  } catch {
    // The API server lets no such text in; a hand-made one counts as nothing.
  }
  if (millis.size >= limitEntries) millis.clear();
  millis.set(text, value);
  return value;
}

function parseMillis(text: string): number {
  const plain = /^(\d{1,12})(m|Ki|Mi|Gi|k|M|G|)$/.exec(text);
  if (plain === null) return parseQuantity(text).toNumber() * 1000;
  return Number(plain[1]) * scales[plain[2] as keyof typeof scales];
}

const scales = {
  m: 1,
  '': 1000,
  k: 1e6,
  M: 1e9,
  G: 1e12,
  Ki: 1000 * 2 ** 10,
  Mi: 1000 * 2 ** 20,
  Gi: 1000 * 2 ** 30,
} as const;

/** A sum of thousandths rounded up to whole units, as the API rounds. */
export function wholeUnits(sumMillis: number): number {
  return Math.ceil(sumMillis / 1000 - 1e-9);
}

/** A sum of thousandths rounded up to whole thousandths. */
export function wholeMillis(sumMillis: number): number {
  return Math.ceil(sumMillis - 1e-6);
}
