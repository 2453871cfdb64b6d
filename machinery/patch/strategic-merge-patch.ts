/**
 * Strategic merge patch: a merge patch that knows from the type which lists are merged, by which
 * key. Directives ($patch, $retainKeys, $deleteFromPrimitiveList, $setElementOrder), order rules
 * and answers are those of the real server.
 */
import { deepCopy } from '../meta/copy.ts';
import { badRequest } from '../meta/status-error.ts';
import type { StructType, TypeRef } from '../schema/schema.ts';
import { goText } from './go-text.ts';
import { checkOrder, inOrder, itemForm, writtenOver } from './strategic-order.ts';
import {
  badArgument,
  badPatchType,
  directive,
  failure,
  isMap,
  type JsonObject,
  listRulesOf,
  type MemberRules,
  noMergeKey,
  orderPrefix,
  rulesOf,
} from './strategic-rules.ts';

const retainKeys = '$retainKeys';
const deletePrefix = '$deleteFromPrimitiveList';

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
    let had = current ?? [];
    if (change === undefined) merged = current!;
    else if (current === undefined) merged = withoutDirectives(change) as unknown[];
    else {
      if (rules.strategy === 'merge') had = writtenOver(current, change, rules.mergeKey);
      merged = mergeList(current, change, rules, false);
    }
    const form = itemForm(current ?? [], change ?? []);
    define(original, key, inOrder(merged, order, order, had, rules.mergeKey, form));
    delete patch[key];
  }
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
