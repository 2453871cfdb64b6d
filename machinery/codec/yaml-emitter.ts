/**
 * Writes JSON values as YAML in the real server's layout: keys in natural order, lists not
 * indented under their key, text with line breaks as literal blocks, long lines folded.
 */
import { resolvePlain } from './yaml-scalar.ts';

/** Lines are folded at the first space beyond this column. */
const lineWidth = 80;
/** Longer keys are written in the explicit form (`? key`). */
const keyLimit = 128;

/** One YAML document with a line break at its end. */
export function encodeYaml(value: unknown): string {
  const out: string[] = [];
  node(out, value, 0, 'document', 0);
  return out.join('');
}

type Place = 'document' | 'member' | 'item';

/** Writes a value behind what is on the line already, up to and with the line break. */
function node(out: string[], value: unknown, indent: number, place: Place, column: number): void {
  if (typeof value !== 'object' || value === null) {
    const space = place === 'document' ? '' : ' ';
    const inner = place === 'document' ? 2 : indent + 2;
    out.push(space, scalar(value, inner, column + space.length, false), '\n');
    return;
  }
  const empty = Array.isArray(value) ? value.length === 0 : isEmpty(value);
  if (empty) {
    out.push(place === 'document' ? '' : ' ', Array.isArray(value) ? '[]' : '{}', '\n');
    return;
  }
  const inner = place === 'document' ? 0 : indent + 2;
  if (place === 'member') out.push('\n');
  if (place === 'item') out.push(' ');
  if (Array.isArray(value)) {
    sequence(out, value as unknown[], place === 'member' ? indent : inner, place === 'item');
  } else mapping(out, value as Record<string, unknown>, inner, place === 'item');
}

function isEmpty(value: object): boolean {
  for (const _ in value) return false;
  return true;
}

/** `begun`: the first line's indentation is already there. */
function sequence(out: string[], list: readonly unknown[], indent: number, begun: boolean): void {
  const pad = ' '.repeat(indent);
  list.forEach((item, i) => {
    out.push(i === 0 && begun ? '' : pad, '-');
    node(out, item, indent, 'item', indent + 1);
  });
}

function mapping(
  out: string[],
  object: Record<string, unknown>,
  indent: number,
  begun: boolean,
): void {
  const pad = ' '.repeat(indent);
  const keys = Object.keys(object).sort(naturalOrder);
  keys.forEach((key, i) => {
    out.push(i === 0 && begun ? '' : pad);
    if (Buffer.byteLength(key) > keyLimit || key.includes('\n')) {
      out.push('? ', scalar(key, indent + 2, indent + 2, false), '\n', pad, ':');
      node(out, object[key], indent, 'item', indent + 1);
      return;
    }
    const text = scalar(key, indent, 0, true);
    out.push(text, ':');
    node(out, object[key], indent, 'member', indent + text.length + 1);
  });
}

/** Digits compare as numbers, letters come after everything else. */
function naturalOrder(a: string, b: string): number {
  const n = Math.min(a.length, b.length);
  for (let i = 0; i < n; i++) {
    const x = a[i]!;
    const y = b[i]!;
    if (x === y) continue;
    const xLetter = letter.test(x);
    const yLetter = letter.test(y);
    if (xLetter && yLetter) return x < y ? -1 : 1;
    if (xLetter || yLetter) return yLetter ? -1 : 1;
    const [p, q] = [digits(a, i), digits(b, i)];
    const head = (x === '0' || y === '0') && /[1-9]\d*$/.test(a.slice(0, i)) ? '1' : '';
    const [u, v] = [Number(head + p || 0), Number(head + q || 0)];
    if (u !== v) return u - v;
    if (p.length !== q.length) return p.length - q.length;
    return x < y ? -1 : 1;
  }
  return a.length - b.length;
}

const letter = /^\p{L}$/u;

function digits(text: string, from: number): string {
  let end = from;
  while (end < text.length && text[end]! >= '0' && text[end]! <= '9') end++;
  return text.slice(from, end);
}

const base60 = /^[-+]?[0-9][0-9_]*(?::[0-5]?[0-9])+(?:\.[0-9_]*)?$/;
const timestamp = /^\d{4}-\d{1,2}-\d{1,2}(?:$|[Tt ]\d{1,2}:\d{1,2}:\d{1,2})/;
/** Characters that only double quotes can hold. */
const unprintable = /[^\n\x20-\x7e\xa0-\ud7ff\ue000-\ufefe\uff00-\ufffd]/;
const startsAsIndicator = /^(?:[#,[\]{}&*!|>'"%@`]|[?:-](?:\s|$)|---|\.\.\.)/;
const hasIndicator = /:(?:\s|$)|\s#/;

function scalar(value: unknown, indent: number, column: number, key: boolean): string {
  if (typeof value === 'string') return text(value, indent, column, key);
  if (typeof value === 'number' && !Number.isInteger(value)) return float(value);
  return String(value);
}

/** Go's shortest `%g`: exponents from 1e+06 on and below 1e-04. */
function float(value: number): string {
  const exponent = Math.floor(Math.log10(Math.abs(value)));
  if (exponent >= -4 && exponent < 21 && Math.abs(value) < 1e6) return String(value);
  return value.toExponential().replace(/e([+-])(\d)$/, 'e$10$2');
}

function text(value: string, indent: number, column: number, key: boolean): string {
  const lines = value.includes('\n');
  const special = unprintable.test(value) || / \n/.test(value);
  if (lines && !key && !special && !value.endsWith(' ')) return literal(value, indent);
  if (lines || special || !isPlainText(value)) return doubleQuoted(value, indent, column, key);
  if (value.startsWith(' ') || value.endsWith(' ') || startsAsIndicator.test(value)) {
    return singleQuoted(value, indent, column, key);
  }
  if (hasIndicator.test(value)) return singleQuoted(value, indent, column, key);
  return fold(value, indent, column, key);
}

/** Without quotes it would still be read as this text. */
function isPlainText(value: string): boolean {
  return resolvePlain(value).tag === '!!str' && !base60.test(value) && !timestamp.test(value);
}

function literal(value: string, indent: number): string {
  const pad = ' '.repeat(indent);
  const hint = value.startsWith(' ') || value.startsWith('\n') ? '2' : '';
  let chomp = '-';
  if (value.endsWith('\n')) chomp = value === '\n' || value.endsWith('\n\n') ? '+' : '';
  const body = chomp === '-' ? value : value.slice(0, -1);
  const lines = body.split('\n').map((line) => (line === '' ? '' : pad + line));
  return `|${hint}${chomp}\n${lines.join('\n')}`;
}

function singleQuoted(value: string, indent: number, column: number, key: boolean): string {
  return `'${fold(value.replaceAll("'", "''"), indent, column + 1, key)}'`;
}

const escapes: Readonly<Record<string, string>> = {
  '\0': '\\0',
  '\x07': '\\a',
  '\b': '\\b',
  '\t': '\\t',
  '\n': '\\n',
  '\v': '\\v',
  '\f': '\\f',
  '\r': '\\r',
  '\x1b': '\\e',
  '"': '\\"',
  '\\': '\\\\',
  '\x85': '\\N',
  '\xa0': '\\_',
  '\u2028': '\\L',
  '\u2029': '\\P',
};

function doubleQuoted(value: string, indent: number, column: number, key: boolean): string {
  let out = '';
  for (const c of value) {
    const code = c.codePointAt(0)!;
    if (c !== '"' && c !== '\\' && c !== '\n' && !unprintable.test(c)) out += c;
    else if (escapes[c] !== undefined) out += escapes[c];
    else if (code <= 0xff) out += `\\x${hex(code, 2)}`;
    else out += code <= 0xffff ? `\\u${hex(code, 4)}` : `\\U${hex(code, 8)}`;
  }
  return `"${fold(out, indent, column + 1, key, '\\')}"`;
}

function hex(code: number, width: number): string {
  return code.toString(16).toUpperCase().padStart(width, '0');
}

/** Breaks at single spaces beyond the line width; `guard` goes before a space kept at a start. */
function fold(value: string, indent: number, column: number, key: boolean, guard = ''): string {
  if (key || column + value.length <= lineWidth) return value;
  let out = '';
  let at = column;
  for (let i = 0; i < value.length; i++) {
    const c = value[i]!;
    const breakable = c === ' ' && at > lineWidth && i > 0 && i < value.length - 1;
    if (!breakable || value[i - 1] === ' ' || (guard === '' && value[i + 1] === ' ')) {
      out += c;
      at++;
      continue;
    }
    out += `\n${' '.repeat(indent)}${value[i + 1] === ' ' ? guard : ''}`;
    at = indent;
  }
  return out;
}
