/** Searching, cutting and quoting of text, by characters. */
import { compareStrings } from '../comparison.ts';
import { CelError } from '../values.ts';

const unpaired = /[\ud800-\udfff]/;

/** Texts in which a unit is a character; others are cut up. */
function charsOf(text: string): string | readonly string[] {
  return unpaired.test(text) ? Array.from(text) : text;
}

function startsAt(
  text: string | readonly string[],
  part: string | readonly string[],
  at: number,
): boolean {
  for (let i = 0; i < part.length; i++) if (text[at + i] !== part[i]) return false;
  return true;
}

/** Where `part` is found from `from` on, -1 for nowhere. */
export function indexOfText(text: string, part: string, from: bigint): bigint | CelError {
  if (part === '') return from;
  if (from < 0n) return new CelError(`index out of range: ${from}`);
  const [chars, wanted] = [charsOf(text), charsOf(part)];
  if (from >= BigInt(chars.length)) return -1n;
  if (typeof chars === 'string') return BigInt(chars.indexOf(part, Number(from)));
  for (let i = Number(from); i <= chars.length - wanted.length; i++) {
    if (startsAt(chars, wanted, i)) return BigInt(i);
  }
  return -1n;
}

/** Where `part` is found last, beginning at `from` at the latest. */
export function lastIndexOfText(
  text: string,
  part: string,
  from: bigint | undefined,
): bigint | CelError {
  const [chars, wanted] = [charsOf(text), charsOf(part)];
  if (part === '') return from ?? BigInt(chars.length);
  if (from !== undefined && from < 0n) return new CelError(`index out of range: ${from}`);
  if (from !== undefined && from >= BigInt(chars.length)) return -1n;
  const last = chars.length - wanted.length;
  for (let i = Math.min(Number(from ?? last), last); i >= 0; i--) {
    if (startsAt(chars, wanted, i)) return BigInt(i);
  }
  return -1n;
}

/** The first `count` of `old` replaced, all of them where it is below zero. */
export function replaceText(text: string, old: string, by: string, count: bigint): string {
  if (old === by || count === 0n) return text;
  if (old === '') {
    const chars = Array.from(text);
    const places = count < 0n || count > BigInt(chars.length) ? chars.length + 1 : Number(count);
    const out = chars.map((c, i) => (i < places ? by + c : c));
    return out.join('') + (places > chars.length ? by : '');
  }
  if (count < 0n) return text.replaceAll(old, () => by);
  const parts = splitText(text, old, count + 1n);
  return parts.join(by);
}

/** The parts between `by`; at most `count` unless it is below zero. */
export function splitText(text: string, by: string, count: bigint): string[] {
  if (count === 0n) return [];
  const all = by === '' ? Array.from(text) : text.split(by);
  if (count < 0n || BigInt(all.length) <= count) return all;
  const kept = all.slice(0, Number(count) - 1);
  return [...kept, all.slice(Number(count) - 1).join(by)];
}

const escapes: Readonly<Record<string, string>> = {
  '\x07': '\\a',
  '\b': '\\b',
  '\f': '\\f',
  '\n': '\\n',
  '\r': '\\r',
  '\t': '\\t',
  '\v': '\\v',
  '\\': '\\\\',
  '"': '\\"',
};

/** In double quotes, with what would end or break them escaped. */
export function quoteText(text: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
  return `"${text.toWellFormed().replace(/[\x07\b\f\n\r\t\v\\"]/g, (c) => escapes[c]!)}"`;
}

/** Texts in the order of their bytes. */
export function sortTexts(texts: readonly string[]): string[] {
  return [...texts].sort(compareStrings);
}
