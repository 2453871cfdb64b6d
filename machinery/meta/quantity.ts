/**
 * Quantities (`100m`, `1.5Gi`, `1e3`): exact decimal numbers that remember which family of
 * suffixes they were written in. Rules of parsing, rounding and the canonical form follow
 * `resource.Quantity` of the real server.
 */

/** Which suffixes a quantity is printed with. */
export type QuantityFormat = 'DecimalSI' | 'BinarySI' | 'DecimalExponent';

/** A text that is no quantity; the message is the real server's. */
export class QuantityError extends Error {
  override readonly name = 'QuantityError';
}

const decimalExponents: Readonly<Record<string, number>> = {
  n: -9,
  u: -6,
  m: -3,
  '': 0,
  k: 3,
  M: 6,
  G: 9,
  T: 12,
  P: 15,
  E: 18,
};
const binaryExponents: Readonly<Record<string, number>> = {
  Ki: 10,
  Mi: 20,
  Gi: 30,
  Ti: 40,
  Pi: 50,
  Ei: 60,
};
const decimalSuffixes = new Map(Object.entries(decimalExponents).map(([s, e]) => [e, s]));
const binarySuffixes = ['', 'Ki', 'Mi', 'Gi', 'Ti', 'Pi', 'Ei'];

const nano = -9;
const maxInt64 = 2n ** 63n - 1n;
/** Exponents further apart than this are compared by size alone: no giant powers are built. */
const farApart = 400;

function pow10(n: number): bigint {
  return 10n ** BigInt(n);
}

/** An exact number, `mantissa * 10^exponent`; immutable. Make one with parseQuantity. */
export class Quantity {
  readonly format: QuantityFormat;
  private readonly mantissa: bigint;
  private readonly exponent: number;
  private text: string | undefined;

  constructor(mantissa: bigint, exponent: number, format: QuantityFormat, text?: string) {
    this.mantissa = mantissa;
    this.exponent = exponent;
    this.format = format;
    this.text = text;
  }

  /** A whole number. */
  static of(value: number | bigint, format: QuantityFormat = 'DecimalSI'): Quantity {
    return new Quantity(BigInt(value), 0, format);
  }

  /** Thousandths. */
  static ofMillis(value: number | bigint, format: QuantityFormat = 'DecimalSI'): Quantity {
    return new Quantity(BigInt(value), -3, format);
  }

  static readonly zero = new Quantity(0n, 0, 'DecimalSI', '0');

  isZero(): boolean {
    return this.mantissa === 0n;
  }

  /** -1, 0 or 1. */
  sign(): number {
    return signOf(this.mantissa);
  }

  /** -1 when smaller than `other`, 0 when equal, 1 when greater. */
  cmp(other: Quantity): number {
    if (this.exponent === other.exponent) return signOf(this.mantissa - other.mantissa);
    const sign = this.sign();
    if (sign !== other.sign()) return sign < other.sign() ? -1 : 1;
    if (sign === 0) return 0;
    if (Math.abs(this.exponent - other.exponent) > farApart) {
      const difference = this.magnitude() - other.magnitude();
      if (Math.abs(difference) > 1) return difference > 0 ? sign : -sign;
    }
    const [a, b] = aligned(this, other);
    return signOf(a - b);
  }

  equals(other: Quantity): boolean {
    return this.cmp(other) === 0;
  }

  /** The sum. Zero takes on the other's format. */
  add(other: Quantity): Quantity {
    const format = this.isZero() ? other.format : this.format;
    if (other.isZero()) return new Quantity(this.mantissa, this.exponent, format);
    if (this.isZero()) return new Quantity(other.mantissa, other.exponent, format);
    const [a, b, exponent] = aligned(this, other);
    return new Quantity(a + b, exponent, format);
  }

  /** The difference. Zero takes on the other's format. */
  sub(other: Quantity): Quantity {
    return this.add(other.neg());
  }

  neg(): Quantity {
    return new Quantity(-this.mantissa, this.exponent, this.format);
  }

  /** The product with a whole number. */
  mul(factor: number | bigint): Quantity {
    return new Quantity(this.mantissa * BigInt(factor), this.exponent, this.format);
  }

  /** Rounded away from zero to a multiple of `10^exponent`. */
  roundUp(exponent: number): Quantity {
    if (this.exponent >= exponent) return this;
    return new Quantity(this.scaled(exponent), exponent, this.format);
  }

  /** The number of `10^exponent`s, rounded away from zero. Caps at 64 bits. */
  scaled(exponent: number): bigint {
    const shift = this.exponent - exponent;
    if (this.mantissa === 0n) return 0n;
    if (shift > farApart) return this.mantissa > 0n ? maxInt64 : -maxInt64;
    const n = shift >= 0 ? this.mantissa * pow10(shift) : divideAwayFromZero(this.mantissa, -shift);
    return n > maxInt64 ? maxInt64 : n < -maxInt64 ? -maxInt64 : n;
  }

  /** Whole units, rounded away from zero. */
  value(): bigint {
    return this.scaled(0);
  }

  /** Thousandths, rounded away from zero. */
  toMillis(): bigint {
    return this.scaled(-3);
  }

  /**
   * True when the thousandths, rounded away from zero, make whole units. The real server counts
   * them in 64 bits: what does not fit wraps around, or is 0 where the power of ten is large.
   */
  isWhole(): boolean {
    if (this.exponent < 0) return this.scaled(-3) % 1000n === 0n;
    if (this.format !== 'BinarySI' && this.exponent > 6) return true;
    return BigInt.asIntN(64, this.mantissa * pow10(this.exponent + 3)) % 1000n === 0n;
  }

  /** The nearest floating point number. */
  toNumber(): number {
    if (this.exponent === 0) return Number(this.mantissa);
    return Number(`${this.mantissa}e${this.exponent}`);
  }

  /** The canonical form, worked out once. */
  toString(): string {
    this.text ??= canonical(this.mantissa, this.exponent, this.format);
    return this.text;
  }

  toJSON(): string {
    return this.toString();
  }

  /** Decimal digits before the point. */
  private magnitude(): number {
    return String(this.mantissa).length - (this.mantissa < 0n ? 1 : 0) + this.exponent;
  }

  /** For quantities of one module only: the raw parts. */
  parts(): { mantissa: bigint; exponent: number } {
    return { mantissa: this.mantissa, exponent: this.exponent };
  }
}

function signOf(n: bigint): number {
  return n > 0n ? 1 : n < 0n ? -1 : 0;
}

/** Both mantissas at the smaller exponent. */
function aligned(x: Quantity, y: Quantity): [bigint, bigint, number] {
  const a = x.parts();
  const b = y.parts();
  const exponent = Math.min(a.exponent, b.exponent);
  if (Math.abs(a.exponent - b.exponent) > 1_000_000) {
    throw new QuantityError('quantities are too far apart to be added');
  }
  return [
    a.mantissa * pow10(a.exponent - exponent),
    b.mantissa * pow10(b.exponent - exponent),
    exponent,
  ];
}

function divideAwayFromZero(n: bigint, places: number): bigint {
  // More places than digits: something is left of any number that is not zero.
  if (places > String(n).length) return n > 0n ? 1n : -1n;
  const divisor = pow10(places);
  const quotient = n / divisor;
  return n % divisor === 0n ? quotient : quotient + (n > 0n ? 1n : -1n);
}

function canonical(mantissa: bigint, exponent: number, format: QuantityFormat): string {
  if (mantissa === 0n) return '0';
  if (format === 'BinarySI') {
    const whole = wholeValue(mantissa, exponent);
    // Small and fractional numbers are printed in decimal: nothing is lost that way.
    if (whole !== undefined && (whole >= 1024n || whole <= -1024n)) return binary(whole);
  }
  let amount = mantissa;
  let e = exponent;
  while (amount % 10n === 0n) {
    amount /= 10n;
    e++;
  }
  const excess = ((e % 3) + 3) % 3;
  amount *= pow10(excess);
  e -= excess;
  if (format !== 'DecimalExponent') return `${amount}${decimalSuffixes.get(e) ?? ''}`;
  return e === 0 ? String(amount) : `${amount}e${e}`;
}

function wholeValue(mantissa: bigint, exponent: number): bigint | undefined {
  if (exponent >= 0) return mantissa * pow10(exponent);
  const divisor = pow10(-exponent);
  return mantissa % divisor === 0n ? mantissa / divisor : undefined;
}

function binary(whole: bigint): string {
  let amount = whole;
  let step = 0;
  while (amount % 1024n === 0n) {
    amount /= 1024n;
    step++;
  }
  return `${amount}${binarySuffixes[step] ?? ''}`;
}

const cache = new Map<string, Quantity>();
const cacheLimit = 4096;

/** Reads a quantity; throws QuantityError. Results are shared (quantities are immutable). */
export function parseQuantity(text: string): Quantity {
  let q = cache.get(text);
  if (q === undefined) {
    q = parse(text);
    if (cache.size >= cacheLimit) cache.clear();
    if (text.length <= 32) cache.set(text, q);
  }
  return q;
}

/**
 * Whether the real server keeps a quantity of this text in 64 bits, which shows where it asks for
 * whole numbers. Throws QuantityError.
 */
export function isNarrowQuantity(text: string): boolean {
  if (text === '0') return true;
  const { whole, fraction, suffix } = scan(text);
  const { base, exponent } = readSuffix(suffix);
  return isExact(whole, fraction, base, exponent);
}

interface Scanned {
  readonly negative: boolean;
  /** Digits before and after the point; leading zeros are gone. */
  readonly whole: string;
  readonly fraction: string;
  readonly suffix: string;
  /** There was a digit at all. */
  readonly digits: boolean;
}

function isDigit(c: string | undefined): boolean {
  return c !== undefined && c >= '0' && c <= '9';
}

/** One pass, no regular expression: adjacent digit runs would make one backtrack. */
function scan(text: string): Scanned {
  const start = text[0] === '-' || text[0] === '+' ? 1 : 0;
  let at = start;
  while (text[at] === '0') at++;
  const wholeStart = at;
  while (isDigit(text[at])) at++;
  const whole = text.slice(wholeStart, at);
  let digits = at > start;
  let fraction = '';
  if (text[at] === '.') {
    const from = ++at;
    while (isDigit(text[at])) at++;
    fraction = text.slice(from, at);
    digits ||= fraction !== '';
  }
  const suffixStart = at;
  while (at < text.length && 'eEinumkKMGTP'.includes(text[at]!)) at++;
  if (text[at] === '-' || text[at] === '+') at++;
  while (isDigit(text[at])) at++;
  if (at < text.length) throw wrongFormat();
  return {
    negative: text[0] === '-',
    whole: whole === '' ? '0' : whole,
    fraction,
    suffix: text.slice(suffixStart),
    digits,
  };
}

function wrongFormat(): QuantityError {
  return new QuantityError(
    "quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'",
  );
}

interface Suffix {
  readonly base: 2 | 10;
  readonly exponent: number;
  readonly format: QuantityFormat;
}

function readSuffix(suffix: string): Suffix {
  if (Object.hasOwn(decimalExponents, suffix)) {
    return { base: 10, exponent: decimalExponents[suffix]!, format: 'DecimalSI' };
  }
  if (Object.hasOwn(binaryExponents, suffix)) {
    return { base: 2, exponent: binaryExponents[suffix]!, format: 'BinarySI' };
  }
  if (/^[eE][-+]?[0-9]{1,18}$/.test(suffix)) {
    // Beyond 32 bits the real server's exponent wraps; kept, so that both read the same.
    return { base: 10, exponent: Number(suffix.slice(1)) | 0, format: 'DecimalExponent' };
  }
  throw new QuantityError("unable to parse quantity's suffix");
}

function parse(text: string): Quantity {
  if (text === '') throw wrongFormat();
  if (text === '0') return Quantity.zero;
  const { negative, whole, fraction, suffix, digits } = scan(text);
  const { base, exponent, format } = readSuffix(suffix);
  const shifted = whole + fraction;
  const magnitude = BigInt(shifted);
  if (isExact(whole, fraction, base, exponent)) {
    const scale = (base === 10 ? exponent : 0) - fraction.length;
    const amount = base === 2 ? magnitude << BigInt(exponent) : magnitude;
    // A text that is canonical as it stands is kept. (The real server takes `1.500` for such.)
    const kept =
      base === 2
        ? magnitude % 8n !== 0n
        : scale % 3 === 0 && !shifted.endsWith('000') && !shifted.startsWith('0');
    return new Quantity(negative ? -amount : amount, scale, format, kept ? text : undefined);
  }
  if (!digits) throw new QuantityError('unable to parse numeric part of quantity');
  return rounded(magnitude, fraction.length, { base, exponent, format }, negative);
}

/** Small enough to be kept without rounding or capping. */
function isExact(whole: string, fraction: string, base: 2 | 10, exponent: number): boolean {
  if (base === 2) {
    return fraction === '' && 15 - whole.length - Math.trunc((exponent * 3) / 10) - 1 >= 0;
  }
  return whole.length + fraction.length <= 18 && exponent - fraction.length >= nano;
}

/** Rounds up to nano, caps binary amounts at 64 bits. */
function rounded(magnitude: bigint, places: number, suffix: Suffix, negative: boolean): Quantity {
  let amount = suffix.base === 2 ? magnitude << BigInt(suffix.exponent) : magnitude;
  let scale = (suffix.base === 10 ? suffix.exponent : 0) - places;
  if (amount !== 0n && scale < nano) {
    amount = divideAwayFromZero(amount, nano - scale);
    scale = nano;
  }
  let format = suffix.format;
  if (format === 'BinarySI' && amount !== 0n) {
    const size = new Quantity(amount, scale, format);
    if (size.cmp(Quantity.of(maxInt64)) > 0) {
      amount = maxInt64;
      scale = 0;
    } else if (size.cmp(Quantity.of(1)) < 0) format = 'DecimalSI';
  }
  return new Quantity(negative ? -amount : amount, scale, format);
}
