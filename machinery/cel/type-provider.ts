/** Where types with fields come from: the API's schema table, a custom resource's schema. */
import type { CelType } from './types.ts';
import type { Result, Value } from './values.ts';

/** Knows object types by name. All of it is asked while compiling, `create` while evaluating. */
export interface TypeProvider {
  /** The type of this full name, so that it can be named or made: `Object.spec{…}`. */
  findType(name: string): CelType | undefined;
  /** The type of a field; `undefined` where the type has no such field. */
  findField(type: string, field: string): CelType | undefined;
  /** A constant of this full name (a value of an enumeration). */
  findConstant?(name: string): Value | undefined;
  /** An object of a type; without it none can be made. */
  create?(type: string, fields: ReadonlyMap<string, Value>): Result;
}
