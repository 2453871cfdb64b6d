/** `'%s is %.2f'.format([a, b])`: the clauses of format strings, as the locale en_US has them. */
import { quote } from '../../meta/field-error.ts';
import { compareStrings } from '../comparison.ts';
import { durationSeconds, toDouble, toText } from '../conversions.ts';
import { Duration } from '../duration.ts';
import { fixedDecimal, scientificDecimal } from '../exact-decimal.ts';
import { ListValue } from '../list-value.ts';
import { maxInt } from '../literals.ts';
import { MapValue } from '../map-value.ts';
import { Timestamp } from '../timestamp.ts';
import { CelType } from '../types.ts';
import { CelError, type Result, typeOf, Uint, type Value } from '../values.ts';

/** A clause of a format string: its letter, and the digits it asks for. */
export interface Clause {
  readonly letter: string;
  readonly precision: number;
}

const defaultPrecision = 6;

/**
 * Goes through a format string and puts in what `put` gives for each clause. `count` is how many
 * arguments there are; a clause without one is an error.
 */
export function interpolate(
  format: string,
  count: number,
  put: (clause: Clause, index: number) => string | CelError,
): string | CelError {
  let out = '';
  let index = 0;
  for (let i = 0; i < format.length; ) {
    if (format[i] !== '%') {
      out += format[i++];
      continue;
    }
    if (format[i + 1] === '%') {
      out += '%';
      i += 2;
      continue;
    }
    if (index >= count) return new CelError(`index ${index} out of range`);
    if (i + 1 >= format.length) return new CelError('unexpected end of string');
    const parsed = clauseAt(format, i + 1);
    if (parsed instanceof CelError) return parsed;
    const text = put(parsed.clause, index);
    if (text instanceof CelError) return new CelError(`error during formatting: ${text.message}`);
    out += text;
    i = parsed.end;
    index++;
  }
  return out;
}

function clauseAt(
  format: string,
  at: number,
): { readonly clause: Clause; readonly end: number } | CelError {
  const fail = (why: string): CelError => new CelError(`could not parse formatting clause: ${why}`);
  let precision = defaultPrecision;
  let i = at;
  if (format[i] === '.') {
    const digits = /^\d*/.exec(format.slice(i + 1))![0];
    i += 1 + digits.length;
    const where = 'error while parsing precision: ';
    if (i >= format.length) return fail(`${where}could not find end of precision specifier`);
    const wrong = digits === '' ? 'invalid syntax' : 'value out of range';
    if (digits === '' || BigInt(digits) > maxInt) {
      const why = 'error while converting precision to integer: strconv.Atoi: parsing ';
      return fail(`${where}${why}"${digits}": ${wrong}`);
    }
    precision = Number(digits);
  }
  const letter = format[i]!;
  if (!/^[sdfebxXo]$/.test(letter)) {
    return fail(`unrecognized formatting clause "${letter}"`);
  }
  return { clause: { letter, precision }, end: i + 1 };
}

/** What `format` gives. */
export function formatString(format: string, args: ListValue): Result {
  return interpolate(format, args.size(), (clause, index) => formatClause(clause, args.at(index)));
}

/** What is wrong with an argument, by the clause that it is for. */
export const clauseComplaints: Readonly<Record<string, string>> = {
  s:
    'string clause can only be used on strings, bools, bytes, ints, doubles, maps, lists, types, ' +
    'durations, and timestamps, was given ',
  d: 'decimal clause can only be used on integers, was given ',
  f: 'fixed-point clause can only be used on doubles, was given ',
  e: 'scientific clause can only be used on doubles, was given ',
  b: 'only integers and bools can be formatted as binary, was given ',
  x: 'only integers, byte buffers, and strings can be formatted as hex, was given ',
  X: 'only integers, byte buffers, and strings can be formatted as hex, was given ',
  o: 'octal clause can only be used on integers, was given ',
};

function formatClause({ letter, precision }: Clause, value: Value): string | CelError {
  const complaint = (): CelError =>
    new CelError(`${clauseComplaints[letter]}${typeOf(value).name}`);
  const whole = typeof value === 'bigint' ? value : value instanceof Uint ? value.value : undefined;
  switch (letter) {
    case 's':
      return text(value) ?? complaint();
    case 'd':
      return whole === undefined ? complaint() : whole.toString();
    case 'b':
      if (typeof value === 'boolean') return value ? '1' : '0';
      return whole === undefined ? complaint() : whole.toString(2);
    case 'o':
      return whole === undefined ? complaint() : whole.toString(8);
    case 'x':
    case 'X': {
      const hex = hexadecimal(value, whole);
      if (hex === undefined) return complaint();
      return letter === 'X' ? hex.toUpperCase() : hex;
    }
    default: {
      const number = doubleOf(value);
      if (number === undefined) return complaint();
      return letter === 'f' ? fixedPoint(number, precision) : scientific(number, precision);
    }
  }
}

function hexadecimal(value: Value, whole: bigint | undefined): string | undefined {
  if (whole !== undefined) return whole.toString(16);
  if (typeof value === 'string') return Buffer.from(value).toString('hex');
  return value instanceof Uint8Array ? Buffer.from(value).toString('hex') : undefined;
}

function doubleOf(value: Value): number | undefined {
  if (typeof value === 'number') return value;
  const named = value === 'NaN' || value === 'Infinity' || value === '-Infinity';
  const number = named ? toDouble(value) : undefined;
  return typeof number === 'number' ? number : undefined;
}

function special(n: number): string | undefined {
  if (Number.isNaN(n)) return 'NaN';
  return Number.isFinite(n) ? undefined : n > 0 ? '∞' : '-∞';
}

/** From here on the reference's printer does not know a clause by its precision any more. */
const largestPrecision = 10_000_009;
const unknownClause = '%!(NOVERB)';
/** A double has no more digits after its point. */
const mostDigits = 1074;

function fixedPoint(n: number, precision: number): string {
  if (precision > largestPrecision) return unknownClause;
  const named = special(n);
  if (named !== undefined) return named;
  const value = n === 0 ? 0 : n;
  if (precision < 256) return grouped(fixedDecimal(value, precision));
  // It keeps the least number of digits in a byte, and the most in more than that.
  const [whole, digits = ''] = fixedDecimal(value, Math.min(precision, mostDigits)).split('.');
  const fraction = digits.replace(/0+$/, '').padEnd(precision % 256, '0');
  return grouped(fraction === '' ? whole! : `${whole}.${fraction}`);
}

function grouped(digits: string): string {
  const [whole, rest] = digits.split('.');
  const parts = whole!.replace(/\B(?=(?:\d{3})+$)/g, ',');
  return rest === undefined ? parts : `${parts}.${rest}`;
}

const superscripts: Readonly<Record<string, string>> = {
  ...{ '0': '⁰', '1': '¹', '2': '²', '3': '³', '4': '⁴', '5': '⁵', '6': '⁶', '7': '⁷' },
  ...{ '8': '⁸', '9': '⁹', '-': '⁻' },
};

/** Always with six digits: the reference takes the precision for the least width. */
function scientific(n: number, precision: number): string {
  if (precision > largestPrecision) return unknownClause;
  const width = precision % 65536;
  const named = special(n);
  if (named !== undefined) return named.padStart(width);
  const [mantissa, power] = scientificDecimal(n === 0 ? 0 : n, defaultPrecision);
  const digits = (power < 0 ? '-' : '') + String(Math.abs(power)).padStart(2, '0');
  return `${mantissa}×10${digits.replace(/./g, (c) => superscripts[c]!)}`.padStart(width);
}

/** `%s` of a value; `undefined` for what has no text. */
function text(value: Value): string | undefined | CelError {
  if (value instanceof ListValue || value instanceof MapValue) return nested(value);
  const plain = toText(value);
  if (typeof plain === 'string') return plain;
  if (value instanceof Uint8Array)
    return new CelError(`could not convert argument ${quote(String(plain))} to string`);
  return undefined;
}

/** A value within a list or map. */
function nested(value: Value): string | CelError {
  if (value instanceof ListValue) return listText(value);
  if (value instanceof MapValue) return mapText(value);
  if (typeof value === 'number') {
    const shown = goFixed(value);
    return Number.isFinite(value) ? shown : quote(shown);
  }
  if (value instanceof Timestamp) return `timestamp(${quote(value.toString())})`;
  if (value instanceof Duration) return `duration(${quote(durationSeconds(value))})`;
  const plain = toText(value);
  if (typeof plain !== 'string') {
    return new CelError(`no formatting function for ${typeOf(value).name}`);
  }
  if (typeof value === 'string') return quote(plain);
  if (value instanceof Uint8Array) return `b${quote(plain)}`;
  return value instanceof CelType ? value.name : plain;
}

function goFixed(n: number): string {
  if (Number.isNaN(n)) return 'NaN';
  if (!Number.isFinite(n)) return n > 0 ? '+Inf' : '-Inf';
  return fixedDecimal(n, defaultPrecision);
}

function listText(list: ListValue): string | CelError {
  const parts: string[] = [];
  for (const item of list) {
    const part = nested(item);
    if (part instanceof CelError) return part;
    parts.push(part);
  }
  return `[${parts.join(', ')}]`;
}

function mapText(map: MapValue): string | CelError {
  const entries: (readonly [string, string])[] = [];
  for (const key of map.keys()) {
    if (typeof key === 'number' || (typeof key === 'object' && !(key instanceof Uint))) {
      const type = typeOf(key).name;
      return new CelError(`no formatting function for map key of type ${type}`);
    }
    const found = map.find(key);
    if (found === undefined || found instanceof CelError) {
      return new CelError(`could not find key: ${quote(String(key))}`);
    }
    const value = nested(found);
    if (value instanceof CelError) return value;
    const shown = nested(key);
    if (shown instanceof CelError) return shown;
    entries.push([shown, value]);
  }
  entries.sort(([a], [b]) => compareStrings(a, b));
  return `{${entries.map(([key, value]) => `${key}:${value}`).join(', ')}}`;
}
