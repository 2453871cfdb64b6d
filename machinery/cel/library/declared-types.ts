/** Object types that are declared by name and fields, for variables such as `request`. */
import type { TypeProvider } from '../type-provider.ts';
import { type CelType, durationType, objectType, timestampType } from '../types.ts';

/** The fields of types, by the types' names. */
export type DeclaredTypes = Readonly<Record<string, Readonly<Record<string, CelType>>>>;

/** Names of its own that schemas have for types of the language. */
const scalars: ReadonlyMap<string, CelType> = new Map([
  ['timestamp', timestampType],
  ['duration', durationType],
]);

/** Knows these types; values of them are maps, and none can be made by an expression. */
export function declaredTypes(types: DeclaredTypes): TypeProvider {
  return {
    findType: (name) => (Object.hasOwn(types, name) ? objectType(name) : scalars.get(name)),
    findField(type, field) {
      const fields = Object.hasOwn(types, type) ? types[type]! : {};
      return Object.hasOwn(fields, field) ? fields[field] : undefined;
    },
  };
}
