/**
 * Strategic merge patch: a merge patch that knows from the type which lists are merged, by which
 * key. Directives ($patch, $retainKeys, $deleteFromPrimitiveList, $setElementOrder), order rules
 * and answers are those of the real server.
 */
import { deepCopy } from '../meta/copy.ts';
import { quote } from '../meta/field-error.ts';
import { badRequest, StatusError } from '../meta/status-error.ts';
import type { Field, StructType, TypeRef } from '../schema/schema.ts';
import { goText, goType } from './go-text.ts';

type JsonObject = Record<string, unknown>;

const directive = '$patch';
const retainKeys = '$retainKeys';
const deletePrefix = '$deleteFromPrimitiveList';
const orderPrefix = '$setElementOrder';

/**
 * The document with the patch applied; neither argument is changed. Throws StatusError: 400 for
 * directives that are malformed, 422 for lists of lists, 500 (without a reason) for the rest, as
 * the real server does.
 */
export function applyStrategicMergePatch(
  document: unknown,
  patch: unknown,
  type: StructType,
): unknown {
  return apply(document, patch, type).object;
}

/**
 * The patch as the real server shows it when the patched object cannot be decoded: Go's print of
 * what merging has left of it, `map[spec:map[replicas:x]]`.
 */
export function strategicPatchText(document: unknown, patch: unknown, type: StructType): string {
  return goText(apply(document, patch, type).left);
}

function apply(
  document: unknown,
  patch: unknown,
  type: StructType,
): { object: unknown; left: JsonObject } {
  if (patch !== null && !isMap(patch)) {
    const kind = Array.isArray(patch)
      ? 'array'
      : typeof patch === 'boolean'
        ? 'bool'
        : typeof patch;
    throw badRequest(
      `json: cannot unmarshal ${kind} into Go value of type map[string]interface {}`,
    );
  }
  const left = deepCopy(patch ?? {}) as JsonObject;
  const root: TypeRef = { kind: 'struct', type };
  return { object: mergeMap(deepCopy(document) as JsonObject, left, root), left };
}

function isMap(v: unknown): v is JsonObject {
  return typeof v === 'object' && v !== null && !Array.isArray(v);
}

/** An error that the real server passes on as it is: a 500 without a reason. */
function failure(text: string): StatusError {
  return new StatusError('', text);
}

function badArgument(expected: string, value: unknown): StatusError {
  const received = goType(value);
  const shown = received === '<nil>' ? '%!s(<nil>)' : received;
  return failure(`expected a ${expected}, but received a ${shown}`);
}

function noMergeKey(item: unknown, key: string): StatusError {
  return failure(`map: ${goText(item)} does not contain declared merge key: ${key}`);
}

function badPatchType(value: unknown, map: unknown): StatusError {
  const shown = typeof value === 'string' ? value : `%!s(${goType(value)}=${goText(value)})`;
  return failure(`unknown patch type: ${shown} in map: ${goText(map)}`);
}

/** What a type says about merging one of its members. */
interface MemberRules {
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

function rulesOf(parent: TypeRef | undefined, name: string): MemberRules {
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
function listRulesOf(parent: TypeRef | undefined, name: string): MemberRules {
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

/** Merges `patch` into `original`; both are used up. */
function mergeMap(original: JsonObject, patch: JsonObject, type: TypeRef | undefined): JsonObject {
  if (Object.hasOwn(patch, directive)) {
    const what = patch[directive];
    if (what === 'replace') {
      delete patch[directive];
      return patch;
    }
    if (what === 'delete') return {};
    throw badPatchType(what, patch);
  }
  applyRetainKeys(original, patch);
  mergeOrderedLists(original, patch, type);
  for (const [name, value] of Object.entries(patch)) mergeMember(original, name, value, type);
  return original;
}

function mergeMember(
  original: JsonObject,
  name: string,
  value: unknown,
  type: TypeRef | undefined,
): void {
  const deletes = name.startsWith(deletePrefix);
  const key = deletes ? listName(name, deletePrefix) : name;
  if (value === null) {
    delete original[key];
    return;
  }
  const current = Object.hasOwn(original, key) ? original[key] : undefined;
  if (current === undefined || formOf(current) !== formOf(value)) {
    if (!deletes) setWithoutDirectives(original, key, discardNulls(value));
    return;
  }
  if (isMap(current)) {
    const rules = rulesOf(type, key);
    define(
      original,
      key,
      rules.strategy === 'replace' ? value : mergeMap(current, value as JsonObject, rules.type),
    );
  } else if (Array.isArray(current)) {
    const rules = listRulesOf(type, key);
    define(original, key, mergeList(current, value as unknown[], rules, deletes));
  } else setWithoutDirectives(original, key, value);
}

function formOf(v: unknown): string {
  return v === null ? 'null' : Array.isArray(v) ? 'list' : typeof v;
}

function define(target: JsonObject, key: string, value: unknown): void {
  const attributes = { writable: true, enumerable: true, configurable: true };
  Object.defineProperty(target, key, { value, ...attributes });
}

function setWithoutDirectives(target: JsonObject, key: string, value: unknown): void {
  const kept = withoutDirectives(value);
  if (kept === undefined) delete target[key];
  else define(target, key, kept);
}

/** The value without elements and members that are directives; undefined when it is one itself. */
function withoutDirectives(value: unknown): unknown {
  if (Array.isArray(value)) {
    return value.map(withoutDirectives).filter((v) => v !== undefined);
  }
  if (!isMap(value)) return value;
  if (Object.hasOwn(value, directive)) return undefined;
  for (const k of Object.keys(value)) setWithoutDirectives(value, k, value[k]);
  return value;
}

/** Drops members that are null, also in what lists hold; in place. */
function discardNulls(value: unknown): unknown {
  if (Array.isArray(value)) value.forEach(discardNulls);
  else if (isMap(value)) {
    for (const k of Object.keys(value)) {
      if (value[k] === null) delete value[k];
      else discardNulls(value[k]);
    }
  }
  return value;
}

/** `$setElementOrder/containers` -> `containers`. */
function listName(name: string, prefix: string): string {
  if (name.startsWith(`${prefix}/`)) return name.slice(prefix.length + 1);
  throw badRequest(
    prefix === deletePrefix
      ? 'invalid patch format of primitive list'
      : 'invalid patch format of setElementOrder list',
  );
}

/** Clears what a $retainKeys list does not name. */
function applyRetainKeys(original: JsonObject, patch: JsonObject): void {
  if (!Object.hasOwn(patch, retainKeys)) return;
  const list = patch[retainKeys];
  delete patch[retainKeys];
  const malformed = badRequest('invalid patch format of retainKeys');
  if (!Array.isArray(list)) throw malformed;
  const kept = new Set<unknown>(list);
  for (const [k, v] of Object.entries(patch)) {
    if (v === null || k.startsWith(deletePrefix) || k.startsWith(orderPrefix)) continue;
    if (!kept.has(k)) throw malformed;
  }
  for (const k of Object.keys(original)) if (!kept.has(k)) delete original[k];
}

/** Merges the lists that have a $setElementOrder, and takes them out of the patch. */
function mergeOrderedLists(
  original: JsonObject,
  patch: JsonObject,
  type: TypeRef | undefined,
): void {
  for (const name of Object.keys(patch)) {
    if (!name.startsWith(orderPrefix)) continue;
    const order = patch[name];
    delete patch[name];
    if (!Array.isArray(order)) throw badArgument('[]interface {}', order);
    const key = listName(name, orderPrefix);
    const current = Object.hasOwn(original, key) ? original[key] : undefined;
    const change = Object.hasOwn(patch, key) ? patch[key] : undefined;
    if (current !== undefined && !Array.isArray(current)) {
      throw badArgument('[]interface {}', current);
    }
    if (change !== undefined && !Array.isArray(change)) {
      throw badArgument('[]interface {}', change);
    }
    const rules = listRulesOf(type, key);
    checkOrder(change ?? [], order, rules.mergeKey);
    if (current === undefined && change === undefined) continue;
    let merged: unknown[];
    if (change === undefined) merged = current!;
    else if (current === undefined) merged = withoutDirectives(change) as unknown[];
    else merged = mergeList(current, change, rules, false);
    const form = itemForm(current ?? [], change ?? []);
    define(original, key, inOrder(merged, order, order, current ?? [], rules.mergeKey, form));
    delete patch[key];
  }
}

/** The patch's items must stand in the order list, in the same order. */
function checkOrder(items: readonly unknown[], order: readonly unknown[], mergeKey: string): void {
  if (order.length === 0 || items.length === 0) return;
  const kept = mergeKey === '' ? items : items.filter((v) => !isDeletion(v));
  let i = 0;
  let j = 0;
  while (i < kept.length && j < order.length) {
    if (isMap(kept[i]) && Object.hasOwn(kept[i] as object, directive)) {
      i++;
      continue;
    }
    if (sameKey(kept[i], order[j], mergeKey)) i++;
    j++;
  }
  if (i < kept.length && j >= order.length) {
    throw failure(
      `The order in patch list:\n${goText(items)}\n doesn't match ${orderPrefix} list:\n` +
        `${goText(order)}\n`,
    );
  }
}

function isDeletion(v: unknown): boolean {
  if (!isMap(v)) throw badArgument('map[string]interface {}', v);
  return v[directive] === 'delete';
}

function sameKey(a: unknown, b: unknown, mergeKey: string): boolean {
  if (mergeKey === '') return a === b;
  for (const v of [a, b]) {
    if (!isMap(v)) throw badArgument('map[string]interface {}', v);
    if (!Object.hasOwn(v, mergeKey)) throw noMergeKey(v, mergeKey);
  }
  return (a as JsonObject)[mergeKey] === (b as JsonObject)[mergeKey];
}

/** What the items of lists are; they must be all alike. */
function itemForm(...lists: readonly (readonly unknown[])[]): string {
  let form: string | undefined;
  for (const item of lists.flat()) {
    const type = goType(item);
    form ??= type;
    if (type === '[]interface {}') {
      throw new StatusError(
        'Invalid',
        'the server rejected our request due to an error in our request',
        {},
      );
    }
    if (type !== form || type === '<nil>') {
      throw failure(`list element types are not identical: ${goText(lists)}`);
    }
  }
  if (form === undefined) throw failure('no elements in any of the given slices');
  return form === 'map[string]interface {}' ? 'map' : 'scalar';
}

/** Merges a list into another, or takes items from it; both are used up. */
function mergeList(
  original: unknown[],
  patch: unknown[],
  rules: MemberRules,
  deletes: boolean,
): unknown[] {
  if (rules.strategy !== 'merge' && !deletes) return patch;
  if (original.length === 0 && patch.length === 0) return original;
  const form = itemForm(original, patch);
  if (form !== 'map') {
    if (deletes) return original.filter((v) => !patch.includes(v));
    const merged = [...new Set([...original, ...patch])];
    return inOrder(merged, patch, patch, original, rules.mergeKey, form);
  }
  const key = rules.mergeKey;
  if (key === '') {
    const of = rules.type === undefined ? 'invalid' : 'struct';
    throw failure(`cannot merge lists without merge key for ${of}`);
  }
  const { left, right } = applyItemDirectives(original as JsonObject[], patch as JsonObject[], key);
  const merged = mergeItems(left, right, key, rules.type);
  return inOrder(merged, right, right, left, key, form);
}

/** Carries out `$patch` in items: delete takes items away, replace drops all that were there. */
function applyItemDirectives(
  original: JsonObject[],
  patch: JsonObject[],
  key: string,
): { left: JsonObject[]; right: JsonObject[] } {
  let left = original;
  const right: JsonObject[] = [];
  let replaces = false;
  for (const item of patch) {
    if (!Object.hasOwn(item, directive)) {
      right.push(item);
      continue;
    }
    const what = item[directive];
    if (what === 'delete') {
      if (!Object.hasOwn(item, key)) throw noMergeKey(item, key);
      left = left.filter((v) => !(Object.hasOwn(v, key) && v[key] === item[key]));
    } else if (what === 'replace') replaces = true;
    else if (what === 'merge') {
      throw failure('merging lists cannot yet be specified in the patch');
    } else throw badPatchType(what, item);
  }
  return replaces ? { left: right, right: [] } : { left, right };
}

function mergeItems(
  left: readonly JsonObject[],
  right: readonly JsonObject[],
  key: string,
  type: TypeRef | undefined,
): JsonObject[] {
  const out = [...left];
  const indexOf = new Map<unknown, number>();
  for (const [i, v] of out.entries()) {
    if (Object.hasOwn(v, key) && !indexOf.has(v[key])) indexOf.set(v[key], i);
  }
  for (const item of right) {
    if (!Object.hasOwn(item, key)) throw noMergeKey(item, key);
    const at = indexOf.get(item[key]);
    if (at === undefined) {
      indexOf.set(item[key], out.length);
      out.push(item);
    } else out[at] = mergeMap(out[at]!, item, type);
  }
  return out;
}

/**
 * Puts items in order: those named in `named` by `patchOrder`, the rest by `serverOrder`, the two
 * woven together so that what stood before an item on the server stays before it where it can.
 */
function inOrder(
  items: readonly unknown[],
  named: readonly unknown[],
  patchOrder: readonly unknown[],
  serverOrder: readonly unknown[],
  mergeKey: string,
  form: string,
): unknown[] {
  const keyOf = (v: unknown): unknown => {
    if (form !== 'map' || mergeKey === '') return v;
    if (!isMap(v)) throw badArgument('map[string]interface {}', v);
    if (!Object.hasOwn(v, mergeKey)) throw noMergeKey(v, mergeKey);
    return v[mergeKey];
  };
  const inPatch = new Set(named.map(keyOf));
  const patchIndex = indexes(patchOrder.map(keyOf));
  const serverIndex = indexes(serverOrder.map(keyOf));
  const place = (index: ReadonlyMap<unknown, number>, v: unknown): number =>
    index.get(keyOf(v)) ?? -1;
  const right = items
    .filter((v) => inPatch.has(keyOf(v)))
    .toSorted((a, b) => place(patchIndex, a) - place(patchIndex, b));
  const left = items
    .filter((v) => !inPatch.has(keyOf(v)))
    .toSorted((a, b) => place(serverIndex, a) - place(serverIndex, b));
  const out: unknown[] = [];
  let i = 0;
  let j = 0;
  while (i < left.length && j < right.length) {
    const l = place(serverIndex, left[i]);
    const r = place(serverIndex, right[j]);
    if (l >= 0 && r >= 0 && l < r) out.push(left[i++]);
    else out.push(right[j++]);
  }
  return [...out, ...left.slice(i), ...right.slice(j)];
}

function indexes(keys: readonly unknown[]): Map<unknown, number> {
  const out = new Map<unknown, number>();
  for (const [i, k] of keys.entries()) if (!out.has(k)) out.set(k, i);
  return out;
}
