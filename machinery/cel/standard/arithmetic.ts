/** `+ - * / %` and the sign. */
import { add, divide, modulo, multiply, negate, subtract } from '../arithmetic.ts';
import type { FunctionDeclaration, Overload } from '../library.ts';
import {
  bytesType,
  type CelType,
  doubleType,
  durationType,
  intType,
  type Kind,
  listType,
  stringType,
  timestampType,
  typeParam,
  uintType,
} from '../types.ts';

const listOfA = listType(typeParam('A'));

function overload(id: string, result: CelType, ...params: readonly CelType[]): Overload {
  return { id, result, params };
}

function same(id: string, t: CelType): Overload {
  return overload(id, t, t, t);
}

function kinds(...of: readonly Kind[]): ReadonlySet<Kind> {
  return new Set(of);
}

export const arithmeticFunctions: readonly FunctionDeclaration[] = [
  {
    name: '_+_',
    overloads: [
      same('add_bytes', bytesType),
      same('add_double', doubleType),
      same('add_duration_duration', durationType),
      overload('add_duration_timestamp', timestampType, durationType, timestampType),
      overload('add_timestamp_duration', timestampType, timestampType, durationType),
      same('add_int64', intType),
      same('add_list', listOfA),
      same('add_string', stringType),
      same('add_uint64', uintType),
    ],
    singleton: add,
    operands: kinds('bytes', 'double', 'duration', 'int', 'list', 'string', 'timestamp', 'uint'),
  },
  {
    name: '_/_',
    overloads: [
      same('divide_double', doubleType),
      same('divide_int64', intType),
      same('divide_uint64', uintType),
    ],
    singleton: divide,
    operands: kinds('double', 'int', 'uint'),
  },
  {
    name: '_%_',
    overloads: [same('modulo_int64', intType), same('modulo_uint64', uintType)],
    singleton: modulo,
    operands: kinds('int', 'uint'),
  },
  {
    name: '_*_',
    overloads: [
      same('multiply_double', doubleType),
      same('multiply_int64', intType),
      same('multiply_uint64', uintType),
    ],
    singleton: multiply,
    operands: kinds('double', 'int', 'uint'),
  },
  {
    name: '-_',
    overloads: [
      overload('negate_double', doubleType, doubleType),
      overload('negate_int64', intType, intType),
    ],
    singleton: negate,
    operands: kinds('bool', 'double', 'duration', 'int'),
  },
  {
    name: '_-_',
    overloads: [
      same('subtract_double', doubleType),
      same('subtract_duration_duration', durationType),
      same('subtract_int64', intType),
      overload('subtract_timestamp_duration', timestampType, timestampType, durationType),
      overload('subtract_timestamp_timestamp', durationType, timestampType, timestampType),
      same('subtract_uint64', uintType),
    ],
    singleton: subtract,
    operands: kinds('double', 'duration', 'int', 'timestamp', 'uint'),
  },
];
