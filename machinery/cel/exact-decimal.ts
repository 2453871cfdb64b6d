/** Doubles in decimal with a given number of digits, rounded as Go does: halves to even. */

/** `mantissa * 2 ** exponent` is exactly the number. */
function parts(n: number): { readonly mantissa: bigint; readonly exponent: number } {
  const view = new DataView(new ArrayBuffer(8));
  view.setFloat64(0, Math.abs(n));
  const bits = view.getBigUint64(0);
  const raw = Number(bits >> 52n);
  const fraction = bits & ((1n << 52n) - 1n);
  return raw === 0
    ? { mantissa: fraction, exponent: -1074 }
    : { mantissa: fraction | (1n << 52n), exponent: raw - 1075 };
}

function divideRounded(a: bigint, b: bigint): bigint {
  const whole = a / b;
  const twice = (a % b) * 2n;
  const up = twice > b || (twice === b && whole % 2n === 1n);
  return up ? whole + 1n : whole;
}

/** |n| times ten to the `shift`, rounded to a whole number. */
function scaled(n: number, shift: number): bigint {
  const { mantissa, exponent } = parts(n);
  const ten = 10n ** BigInt(Math.abs(shift));
  const two = 2n ** BigInt(Math.abs(exponent));
  const above = mantissa * (exponent > 0 ? two : 1n) * (shift > 0 ? ten : 1n);
  const below = (exponent < 0 ? two : 1n) * (shift < 0 ? ten : 1n);
  return divideRounded(above, below);
}

function sign(n: number): string {
  return n < 0 || Object.is(n, -0) ? '-' : '';
}

/** A finite `n` with `digits` after the point. */
export function fixedDecimal(n: number, digits: number): string {
  const all = scaled(n, digits)
    .toString()
    .padStart(digits + 1, '0');
  if (digits === 0) return sign(n) + all;
  return `${sign(n)}${all.slice(0, -digits)}.${all.slice(-digits)}`;
}

/** A finite `n` as a number from 1 to 10 with `digits` after the point, and its power of ten. */
export function scientificDecimal(n: number, digits: number): readonly [string, number] {
  if (n === 0) return [fixedDecimal(n, digits), 0];
  let power = Number(n.toExponential().split('e')[1]);
  let all = scaled(n, digits - power).toString();
  if (all.length > digits + 1) {
    power++;
    all = scaled(n, digits - power).toString();
  }
  const rest = digits === 0 ? '' : `.${all.slice(1)}`;
  return [`${sign(n)}${all[0]}${rest}`, power];
}
