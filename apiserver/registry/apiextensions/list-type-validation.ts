/** The rules of x-kubernetes-list-type, -list-map-keys and -map-type. */

import {
  type FieldError,
  type FieldPath,
  forbiddenField,
  invalidValue,
  notSupported,
  required,
} from '../../../machinery/meta/field-error.ts';
import { member } from '../../../machinery/meta/member.ts';
import { internalSchemaList } from '../internal-form.ts';
import { itemSchema, type JsonSchema } from './json-schema.ts';

const listType = 'x-kubernetes-list-type';
const listMapKeys = 'x-kubernetes-list-map-keys';
const mapType = 'x-kubernetes-map-type';

/** Types and keys that fit the schema they stand in. */
export function validateListAndMapType(
  s: JsonSchema,
  requireAtomicSetItems: boolean,
  at: FieldPath,
): FieldError[] {
  const errors: FieldError[] = [];
  const list = s[listType] ?? undefined;
  const map = s[mapType] ?? undefined;
  const needsType = (type: string, because: string): void => {
    const text = `must be ${type} if ${because} is specified`;
    const here = at.child('type');
    errors.push(s.type ? invalidValue(here, s.type, text) : required(here, text));
  };
  if (map !== undefined && s.type !== 'object') needsType('object', mapType);
  if (map !== undefined && !['atomic', 'granular'].includes(map)) {
    errors.push(notSupported(at.child(mapType), map, ['atomic', 'granular']));
  }
  if (list !== undefined && s.type !== 'array') needsType('array', listType);
  else if (requireAtomicSetItems) errors.push(...validateSetItems(s, at));
  if (list !== undefined && !['atomic', 'set', 'map'].includes(list)) {
    errors.push(notSupported(at.child(listType), list, ['atomic', 'set', 'map']));
  }
  const keys = s[listMapKeys] ?? [];
  if (keys.length > 0 && list !== 'map') {
    const text = `must be map if ${listMapKeys} is non-empty`;
    const here = at.child(listType);
    errors.push(list === undefined ? required(here, text) : invalidValue(here, list, text));
  }
  return list === 'map' ? [...errors, ...validateMapList(s, keys, at)] : errors;
}

/** An item of a set that could be changed in part; undefined when there is none. */
export function nonAtomicSetItem(s: JsonSchema): 'array' | 'object' | undefined {
  const items = itemSchema(s);
  if (s[listType] !== 'set' || items === undefined) return undefined;
  const itemList = items[listType] ?? undefined;
  if (items.type === 'array') {
    return itemList !== undefined && itemList !== 'atomic' ? 'array' : undefined;
  }
  return items.type === 'object' && items[mapType] !== 'atomic' ? 'object' : undefined;
}

function validateSetItems(s: JsonSchema, at: FieldPath): FieldError[] {
  const kind = nonAtomicSetItem(s);
  if (kind === undefined) return [];
  const here = at.child('items', kind === 'array' ? listType : mapType);
  // The real server shows the list type in both cases.
  const shown = itemSchema(s)![listType] ?? null;
  return [invalidValue(here, shown, `must be atomic as item of a list with ${listType}=set`)];
}

function validateMapList(s: JsonSchema, keys: readonly string[], at: FieldPath): FieldError[] {
  const errors: FieldError[] = [];
  const keysAt = at.child(listMapKeys);
  const itemsAt = at.child('items');
  if (keys.length === 0) errors.push(required(keysAt, `must not be empty if ${listType} is map`));
  if (!s.items) {
    return [...errors, required(itemsAt, `must have a schema if ${listType} is map`)];
  }
  const items = itemSchema(s);
  if (items === undefined) {
    const text = `must only have a single schema if ${listType} is map`;
    return [...errors, invalidValue(itemsAt, internalSchemaList(s.items), text)];
  }
  if (items.type !== 'object') {
    const text = `must be object if parent array's ${listType} is map`;
    return [...errors, invalidValue(itemsAt.child('type'), items.type ?? '', text)];
  }
  for (const [i, k] of keys.entries()) {
    const property = member(items.properties, k);
    if (property === undefined) {
      errors.push(invalidValue(keysAt, keys, 'entries must all be names of item properties'));
    } else if (property.type === 'array' || property.type === 'object') {
      const text = `must be a scalar type if parent array's ${listType} is map`;
      const here = itemsAt.child('properties').key(k).child('type');
      errors.push(invalidValue(here, items.type, text));
    }
    if (keys.indexOf(k) < i) {
      errors.push(invalidValue(keysAt, keys, 'must not contain duplicate entries'));
    }
  }
  return errors;
}

/** Items of sets and maps are never null, and keys of maps are always there. */
export function validateMapKeys(s: JsonSchema, at: FieldPath): FieldError[] {
  const items = itemSchema(s);
  const list = s[listType];
  if (items === undefined || (list !== 'set' && list !== 'map')) return [];
  const errors: FieldError[] = [];
  const itemsAt = at.child('items');
  if (items.nullable === true) {
    const text = `cannot be nullable when ${listType} is ${list}`;
    errors.push(forbiddenField(itemsAt.child('nullable'), text));
  }
  if (list === 'set') return errors;
  const subject = `this property is in ${listMapKeys}, so it`;
  for (const k of s[listMapKeys] ?? []) {
    const property = member(items.properties, k);
    if (property === undefined) continue;
    const here = itemsAt.child('properties').key(k);
    const hasDefault = property.default !== undefined && property.default !== null;
    if (!hasDefault && !(items.required ?? []).includes(k)) {
      const text = `${subject} must have a default or be a required property`;
      errors.push(required(here.child('default'), text));
    }
    if (property.nullable === true) {
      errors.push(forbiddenField(here.child('nullable'), `${subject} cannot be nullable`));
    }
  }
  return errors;
}
