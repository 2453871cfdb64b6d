/** `quantity("1Gi").isGreaterThan(quantity("500M"))`: quantities in expressions. */
import { isNarrowQuantity, parseQuantity, Quantity, QuantityError } from '../../meta/quantity.ts';
import type { FunctionDeclaration, Library, Overload } from '../library.ts';
import { boolType, type CelType, doubleType, intType, objectType, stringType } from '../types.ts';
import { CelError, noSuchOverload, ObjectValue, type Result, type Value } from '../values.ts';

export const quantityType = objectType('kubernetes.Quantity');

/** A quantity; two are the same when they are equally much. */
export class QuantityValue extends ObjectValue {
  readonly quantity: Quantity;
  /** The real server holds it in 64 bits, and only such ones are whole numbers to it. */
  readonly narrow: boolean;
  /** A sum or difference. */
  readonly computed: boolean;

  constructor(quantity: Quantity, narrow: boolean, computed = false) {
    super();
    this.computed = computed;
    this.quantity = quantity;
    this.narrow = narrow;
  }

  override get type(): CelType {
    return quantityType;
  }

  /** The real server does not compare with sums and differences, only these with others. */
  override equals(other: Value): boolean | CelError {
    if (!(other instanceof QuantityValue) || other.computed) return noSuchOverload;
    return this.quantity.equals(other.quantity);
  }

  override toString(): string {
    return this.quantity.toString();
  }
}

/** The library of quantities. */
export const quantityLibrary: Library = {
  name: 'kubernetes.quantity',
  functions: [
    {
      name: 'quantity',
      overloads: [
        { id: 'string_to_quantity', params: [stringType], result: quantityType, call: read },
      ],
    },
    {
      name: 'isQuantity',
      overloads: [
        {
          id: 'is_quantity_string',
          params: [stringType],
          result: boolType,
          call: (text) => read(text) instanceof QuantityValue,
        },
      ],
    },
    {
      name: 'sign',
      overloads: [
        {
          id: 'quantity_sign',
          params: [quantityType],
          result: intType,
          call: (q) => BigInt(of(q).sign()),
        },
      ],
    },
    comparison('isGreaterThan', 'quantity_is_greater_than', boolType, (order) => order === 1),
    comparison('isLessThan', 'quantity_is_less_than', boolType, (order) => order === -1),
    comparison('compareTo', 'quantity_compare_to', intType, BigInt),
    reading('asApproximateFloat', 'quantity_get_float', doubleType, approximate),
    reading('asInteger', 'quantity_get_int', intType, (q) => {
      return toInt64(q) ?? new CelError('cannot convert value to integer');
    }),
    reading('isInteger', 'quantity_is_integer', boolType, (q) => toInt64(q) !== undefined),
    sum('add', 'quantity_add', (q) => q),
    sum('sub', 'quantity_sub', (q) => q.neg()),
  ],
};

function read(text: Value): Result {
  try {
    return new QuantityValue(parseQuantity(text as string), isNarrowQuantity(text as string));
  } catch (e) {
    if (e instanceof QuantityError) return new CelError(e.message);
    throw e;
  }
}

function of(value: Value): Quantity {
  return (value as QuantityValue).quantity;
}

function comparison(
  name: string,
  id: string,
  result: CelType,
  answer: (order: number) => Value,
): FunctionDeclaration {
  const call = (a: Value, b: Value): Value => answer(of(a).cmp(of(b)));
  const params = [quantityType, quantityType];
  return { name, overloads: [{ id, member: true, params, result, call }] };
}

function reading(
  name: string,
  id: string,
  result: CelType,
  answer: (q: QuantityValue) => Result,
): FunctionDeclaration {
  const call = (q: Value): Result => answer(q as QuantityValue);
  return { name, overloads: [{ id, member: true, params: [quantityType], result, call }] };
}

/** With another quantity, or with a whole number. */
function sum(name: string, id: string, signed: (q: Quantity) => Quantity): FunctionDeclaration {
  const overload = (overloadId: string, type: CelType, second: (v: Value) => QuantityValue) =>
    ({
      id: overloadId,
      member: true,
      params: [quantityType, type],
      result: quantityType,
      call: (a, b) => {
        const { quantity, narrow } = second(b);
        return add(a as QuantityValue, new QuantityValue(signed(quantity), narrow));
      },
    }) satisfies Overload;
  const whole = (v: Value) => new QuantityValue(Quantity.of(v as bigint, 'DecimalExponent'), true);
  return {
    name,
    overloads: [
      overload(id, quantityType, (v) => v as QuantityValue),
      overload(`${id}_int`, intType, whole),
    ],
  };
}

/** The sum is narrow when both are and nothing on the way to it leaves 64 bits. */
function add(a: QuantityValue, b: QuantityValue): Result {
  let total: Quantity;
  try {
    total = a.quantity.add(b.quantity);
  } catch (e) {
    if (e instanceof QuantityError) return new CelError(e.message);
    throw e;
  }
  if (!a.narrow || !b.narrow) return new QuantityValue(total, false, true);
  const { mantissa, exponent } = total.parts();
  const fits = [a.quantity, b.quantity].every((q) => {
    const parts = q.parts();
    return q.isZero() || isInt64(parts.mantissa * 10n ** BigInt(parts.exponent - exponent));
  });
  return new QuantityValue(total, fits && isInt64(mantissa), true);
}

function isInt64(n: bigint): boolean {
  return BigInt.asIntN(64, n) === n;
}

/** Thousandths are no whole numbers, however many. */
function toInt64({ quantity, narrow }: QuantityValue): bigint | undefined {
  const { mantissa, exponent } = quantity.parts();
  if (!narrow || exponent < 0) return undefined;
  if (exponent > 18) return mantissa === 0n ? 0n : undefined;
  const n = mantissa * 10n ** BigInt(exponent);
  return isInt64(n) ? n : undefined;
}

function approximate({ quantity, narrow }: QuantityValue): number {
  let { mantissa, exponent } = quantity.parts();
  // Others are held in billionths by the real server, whose rounding shows.
  if (!narrow && exponent > -9 && exponent <= 300) {
    mantissa *= 10n ** BigInt(exponent + 9);
    exponent = -9;
  }
  return exponent === 0 ? Number(mantissa) : Number(mantissa) * Number(`1e${exponent}`);
}
