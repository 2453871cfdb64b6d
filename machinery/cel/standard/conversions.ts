/** `int(x)`, `string(x)`, `type(x)` and their like. */
import * as convert from '../conversions.ts';
import type { FunctionDeclaration, Implementation, Overload } from '../library.ts';
import {
  boolType,
  bytesType,
  type CelType,
  doubleType,
  durationType,
  dynType,
  intType,
  stringType,
  timestampType,
  typeOfType,
  typeParam,
  uintType,
} from '../types.ts';
import { typeOf } from '../values.ts';

const names = new Map<CelType, string>([
  [intType, 'int64'],
  [uintType, 'uint64'],
  [doubleType, 'double'],
  [boolType, 'bool'],
  [stringType, 'string'],
  [bytesType, 'bytes'],
  [timestampType, 'timestamp'],
  [durationType, 'duration'],
]);

function conversion(
  name: string,
  to: CelType,
  call: Implementation,
  ...from: readonly CelType[]
): FunctionDeclaration {
  const overloads = from.map(
    (t): Overload => ({
      id: `${names.get(t)}_to_${names.get(to)}`,
      params: [t],
      result: to,
      call,
    }),
  );
  return { name, overloads };
}

const a = typeParam('A');

export const conversionFunctions: readonly FunctionDeclaration[] = [
  {
    name: 'type',
    overloads: [{ id: 'type', params: [a], result: typeOfType(a) }],
    singleton: (x) => typeOf(x!),
  },
  {
    name: 'dyn',
    overloads: [{ id: 'to_dyn', params: [a], result: dynType }],
    singleton: (x) => x!,
  },
  conversion('bool', boolType, (x) => convert.toBool(x!), boolType, stringType),
  conversion('bytes', bytesType, (x) => convert.toBytes(x!), bytesType, stringType),
  conversion(
    'double',
    doubleType,
    (x) => convert.toDouble(x!),
    ...[doubleType, intType, stringType, uintType],
  ),
  conversion(
    'duration',
    durationType,
    (x) => convert.toDuration(x!),
    ...[durationType, intType, stringType],
  ),
  conversion(
    'int',
    intType,
    (x) => convert.toInt(x!),
    ...[intType, doubleType, durationType, stringType, timestampType, uintType],
  ),
  conversion(
    'string',
    stringType,
    (x) => convert.toText(x!),
    ...[stringType, boolType, bytesType, doubleType, durationType, intType],
    ...[timestampType, uintType],
  ),
  conversion(
    'timestamp',
    timestampType,
    (x) => convert.toTimestamp(x!),
    ...[timestampType, intType, stringType],
  ),
  conversion(
    'uint',
    uintType,
    (x) => convert.toUint(x!),
    ...[uintType, doubleType, intType, stringType],
  ),
];

/** The functions whose calls with a constant are constants themselves. */
export const foldedFunctions: ReadonlySet<string> = new Set(
  conversionFunctions.map((fn) => fn.name),
);
