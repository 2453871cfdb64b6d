/** What every environment has: the language itself. */
import type { Library } from '../library.ts';
import {
  boolType,
  bytesType,
  type CelType,
  doubleType,
  durationType,
  intType,
  listType,
  mapType,
  nullType,
  stringType,
  timestampType,
  typeParam,
  typeType,
  uintType,
} from '../types.ts';
import { arithmeticFunctions } from './arithmetic.ts';
import { conversionFunctions } from './conversions.ts';
import { standardMacros } from './macros.ts';
import { relationFunctions } from './relations.ts';
import { stringFunctions } from './strings.ts';
import { timeFunctions } from './times.ts';

const types: readonly CelType[] = [
  ...[boolType, bytesType, doubleType, durationType, intType],
  listType(typeParam('A')),
  mapType(typeParam('A'), typeParam('B')),
  ...[nullType, stringType, timestampType, typeType, uintType],
];

export const standardLibrary: Library = {
  name: 'standard',
  functions: [
    ...relationFunctions,
    ...arithmeticFunctions,
    ...conversionFunctions,
    ...stringFunctions,
    ...timeFunctions,
  ],
  macros: standardMacros,
  types,
};
