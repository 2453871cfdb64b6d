/**
 * What a plain YAML scalar stands for, as the real server's YAML 1.1 reader decides: `yes` and
 * `on` are booleans, `0755` is octal, `1_000` a number, times stay text, base 60 is not read.
 */

/** A resolved scalar; `tag` is the short form of its type. */
export interface Resolved {
  readonly tag: '!!str' | '!!bool' | '!!int' | '!!float' | '!!null';
  readonly value: string | boolean | number | bigint | null;
}

const words = new Map<string, Resolved>();
for (const [value, list] of [
  [true, 'y Y yes Yes YES true True TRUE on On ON'],
  [false, 'n N no No NO false False FALSE off Off OFF'],
] as const) {
  for (const word of list.split(' ')) words.set(word, { tag: '!!bool', value });
}
for (const word of ['', '~', 'null', 'Null', 'NULL']) {
  words.set(word, { tag: '!!null', value: null });
}
for (const [word, value] of [
  ['nan', Number.NaN],
  ['inf', Number.POSITIVE_INFINITY],
] as const) {
  for (const w of [word, word.toUpperCase(), `${word[0]!.toUpperCase()}${word.slice(1)}`]) {
    words.set(`.${w}`, { tag: '!!float', value });
  }
}
for (const w of ['inf', 'Inf', 'INF']) {
  words.set(`+.${w}`, { tag: '!!float', value: Number.POSITIVE_INFINITY });
  words.set(`-.${w}`, { tag: '!!float', value: Number.NEGATIVE_INFINITY });
}
words.set('.NaN', { tag: '!!float', value: Number.NaN });

const float = /^[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?$/;
const goFloat = /^\.[0-9_]+(?:[eE][-+]?[0-9]+)?$/;

/** The value of a scalar without quotes and without a tag. */
export function resolvePlain(text: string): Resolved {
  const c = text.charCodeAt(0);
  const starts = Number.isNaN(c) || '+-.0123456789yYnNtTfFoO~'.includes(text[0]!);
  if (!starts) return { tag: '!!str', value: text };
  const word = words.get(text);
  if (word !== undefined) return word;
  if (text[0] === '.') {
    if (goFloat.test(text) && !text.includes('_')) return { tag: '!!float', value: Number(text) };
    return { tag: '!!str', value: text };
  }
  return (c >= 0x30 && c <= 0x39) || c === 0x2b || c === 0x2d
    ? (resolveNumber(text.replaceAll('_', '')) ?? { tag: '!!str', value: text })
    : { tag: '!!str', value: text };
}

function resolveNumber(text: string): Resolved | undefined {
  const whole = integer(text);
  if (whole !== undefined) return { tag: '!!int', value: whole };
  if (!float.test(text)) return undefined;
  const value = Number(text);
  return Number.isFinite(value) ? { tag: '!!float', value } : undefined;
}

const bases: readonly [RegExp, string, number][] = [
  [/^0[xX][0-9a-fA-F]+$/, '0x', 2],
  [/^0[bB][01]+$/, '0b', 2],
  [/^0[oO][0-7]+$/, '0o', 2],
  [/^0[0-7]+$/, '0o', 1],
  [/^(?:0|[1-9][0-9]*)$/, '', 0],
];

/** Integers from -2^63 to 2^64-1 in Go's notations; undefined for anything else. */
function integer(text: string): number | bigint | undefined {
  const sign = text[0] === '-' || text[0] === '+' ? text[0] : '';
  const digits = text.slice(sign.length);
  for (const [pattern, prefix, skip] of bases) {
    if (!pattern.test(digits)) continue;
    const magnitude = BigInt(`${prefix}${digits.slice(skip)}`);
    const value = sign === '-' ? -magnitude : magnitude;
    if (value < -(2n ** 63n) || value >= (sign === '' ? 2n ** 64n : 2n ** 63n)) return undefined;
    return Number.isSafeInteger(Number(value)) ? Number(value) : value;
  }
  return undefined;
}
