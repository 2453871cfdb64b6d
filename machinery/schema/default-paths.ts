/** Paths in the rules of defaults.json (`spec.strategy.type`), resolved against the type table. */
import type { Field, StructType } from './schema.ts';

export type JsonObject = Record<string, unknown>;

/** A path from a struct to one of its fields, with the fields on the way. */
export interface Path {
  readonly fields: readonly Field[];
  /** The field at its end. */
  readonly last: Field;
}

/** Resolves `text` from `type`. Throws when a name does not exist: the data is wrong then. */
export function pathFrom(type: StructType, text: string): Path {
  const fields: Field[] = [];
  let at: StructType | undefined = type;
  for (const name of text.split('.')) {
    const field: Field | undefined = at?.byName.get(name);
    if (field === undefined) throw new Error(`no field ${text} in ${type.id}`);
    fields.push(field);
    at = structIn(field);
  }
  return { fields, last: fields.at(-1)! };
}

/** The struct that a field holds, also as element of its list or map. */
export function structIn(field: Field): StructType | undefined {
  let ref = field.type;
  while (ref.kind === 'list' || ref.kind === 'map') ref = ref.of;
  return ref.kind === 'struct' ? ref.type : undefined;
}

/** The value at the path; undefined when anything on the way is missing. */
export function read(object: JsonObject, { fields }: Path): unknown {
  let value: unknown = object;
  for (const field of fields) {
    if (typeof value !== 'object' || value === null) return undefined;
    value = (value as JsonObject)[field.name];
  }
  return value ?? undefined;
}

/**
 * Sets the value at the path. A missing struct on the way is created, unless it is a pointer in
 * the real server: then there is nothing to set a field of. Returns whether it was set.
 */
export function write(object: JsonObject, { fields, last }: Path, value: unknown): boolean {
  let at = object;
  for (const field of fields) {
    if (field === last) break;
    let next = at[field.name] as JsonObject | null | undefined;
    if (next === undefined || next === null) {
      if (field.pointer) return false;
      next = {};
      at[field.name] = next;
    }
    at = next;
  }
  at[last.name] = value;
  return true;
}

/** Removes the field at the path. Returns whether it was there. */
export function remove(object: JsonObject, path: Path): boolean {
  if (read(object, path) === undefined) return false;
  let at = object;
  for (const field of path.fields.slice(0, -1)) at = at[field.name] as JsonObject;
  delete at[path.last.name];
  return true;
}

/** Missing, or zero where the real server has no pointer and cannot tell the difference. */
export function isUnset(value: unknown, field: Field): boolean {
  if (value === undefined || value === null) return true;
  return !field.pointer && (value === '' || value === 0 || value === false);
}

/** Neither missing nor an empty list, map or text. */
export function isNonEmpty(value: unknown): boolean {
  if (value === undefined || value === null || value === '') return false;
  if (Array.isArray(value)) return value.length > 0;
  return typeof value !== 'object' || Object.keys(value).length > 0;
}
