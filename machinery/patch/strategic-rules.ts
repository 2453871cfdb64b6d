/** What the type table says about strategic merge, and the answers when it cannot be done. */
import { quote } from '../meta/field-error.ts';
import { StatusError } from '../meta/status-error.ts';
import type { Field, StructType, TypeRef } from '../schema/schema.ts';
import { goText, goType } from './go-text.ts';

/** A JSON object under a merge. */
export type JsonObject = Record<string, unknown>;

/** The member that says what to do with an object or an item. */
export const directive = '$patch';
/** Begins the name of a list that gives the order of another. */
export const orderPrefix = '$setElementOrder';

/** True for a JSON object. */
export function isMap(v: unknown): v is JsonObject {
  return typeof v === 'object' && v !== null && !Array.isArray(v);
}

/** An error that the real server passes on as it is: a 500 without a reason. */
export function failure(text: string): StatusError {
  return new StatusError('', text);
}

/** A value is not of the kind that is needed. */
export function badArgument(expected: string, value: unknown): StatusError {
  const received = goType(value);
  const shown = received === '<nil>' ? '%!s(<nil>)' : received;
  return failure(`expected a ${expected}, but received a ${shown}`);
}

/** An item lacks the key its list is merged by. */
export function noMergeKey(item: unknown, key: string): StatusError {
  return failure(`map: ${goText(item)} does not contain declared merge key: ${key}`);
}

/** A `$patch` that is none. */
export function badPatchType(value: unknown, map: unknown): StatusError {
  const odd = value === null ? '%!s(<nil>)' : `%!s(${goType(value)}=${goText(value)})`;
  const shown = typeof value === 'string' ? value : odd;
  return failure(`unknown patch type: ${shown} in map: ${goText(map)}`);
}

/** What a type says about merging one of its members. */
export interface MemberRules {
  /** The member's type; of a list, that of the items. */
  readonly type: TypeRef | undefined;
  readonly strategy: '' | 'merge' | 'replace';
  readonly mergeKey: string;
}

function typeName(type: TypeRef): string {
  if (type.kind !== 'struct') return type.kind;
  return type.type.id.slice(type.type.id.lastIndexOf('.') + 1);
}

function fieldOf(type: StructType, name: string): Field | undefined {
  const exact = type.byName.get(name);
  if (exact !== undefined) return exact;
  const folded = name.toLowerCase();
  return type.fields.find((f) => f.name.toLowerCase() === folded);
}

const goKinds: Readonly<Record<string, string>> = {
  list: 'slice',
  map: 'map',
  bytes: 'slice',
  double: 'float64',
  Time: 'struct',
};

/** Rules for a member of a type. */
export function rulesOf(parent: TypeRef | undefined, name: string): MemberRules {
  if (parent === undefined) return { type: undefined, strategy: '', mergeKey: '' };
  const free =
    parent.kind === 'RawExtension' || parent.kind === 'FieldsV1' || parent.kind === 'JSON';
  if (parent.kind !== 'struct' && !free) {
    throw failure(
      'merging an object in json but data type is not struct, instead is: ' +
        (goKinds[parent.kind] ?? parent.kind),
    );
  }
  const field = parent.kind === 'struct' ? fieldOf(parent.type, name) : undefined;
  if (field === undefined) {
    throw failure(
      `unable to find api field in struct ${typeName(parent)} for the json field ${quote(name)}`,
    );
  }
  const strategies = (field.patchStrategy ?? '').split(',').filter((s) => s !== 'retainKeys');
  return {
    type: field.type,
    strategy: (strategies[0] ?? '') as MemberRules['strategy'],
    mergeKey: field.patchMergeKey ?? '',
  };
}

/** Rules for a member that is a list; the type is that of its items. */
export function listRulesOf(parent: TypeRef | undefined, name: string): MemberRules {
  const rules = rulesOf(parent, name);
  if (rules.type === undefined || rules.type.kind !== 'list') {
    if (rules.type?.kind === 'struct' && rules.type.type.wraps?.kind === 'list') {
      return { ...rules, type: rules.type.type.wraps.of };
    }
    const kind = parent?.kind === 'struct' ? 'struct' : (parent?.kind ?? 'invalid');
    throw failure(`expected slice or array type, but got: ${kind}`);
  }
  if (rules.type.of.kind === 'list') throw failure('unexpected slice of slice');
  return { ...rules, type: rules.type.of };
}
