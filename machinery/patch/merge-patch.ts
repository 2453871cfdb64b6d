/**
 * JSON merge patch (RFC 7396) as the real server applies it: nulls inside lists are dropped from
 * the objects there unless the list takes the place of an object.
 */
import { badRequest } from '../meta/status-error.ts';

type JsonObject = Record<string, unknown>;

function isObject(v: unknown): v is JsonObject {
  return typeof v === 'object' && v !== null && !Array.isArray(v);
}

/**
 * The document with the patch merged in; shares parts with both and changes none. `validated`:
 * field validation is not `Ignore` (the texts differ). Throws StatusError 400 for what is no
 * patch; a list takes the document's place where it is not validated.
 */
export function applyMergePatch(document: unknown, patch: unknown, validated: boolean): unknown {
  if (validated && patch !== null && !isObject(patch)) {
    const kind = Array.isArray(patch)
      ? 'array'
      : typeof patch === 'boolean'
        ? 'bool'
        : typeof patch;
    throw badRequest(
      `error decoding patch: json: cannot unmarshal ${kind} into Go value of type ` +
        'map[string]interface {}',
    );
  }
  if (Array.isArray(patch)) return withoutNulls(patch);
  if (!isObject(patch)) throw badRequest('Invalid JSON Patch');
  return isObject(document) ? mergeObjects(document, patch) : withoutNulls(patch);
}

function mergeObjects(document: JsonObject, patch: JsonObject): JsonObject {
  const out: JsonObject = { ...document };
  for (const [k, v] of Object.entries(patch)) {
    if (v === null) delete out[k];
    else define(out, k, mergeValue(Object.hasOwn(document, k) ? document[k] : undefined, v));
  }
  return out;
}

function mergeValue(current: unknown, patch: unknown): unknown {
  if (!isObject(current)) return withoutNulls(patch);
  return isObject(patch) ? mergeObjects(current, patch) : patch;
}

/** A value that comes in anew: members that are null would only have removed something. */
function withoutNulls(value: unknown): unknown {
  if (Array.isArray(value)) return value.map((v: unknown) => (v === null ? null : withoutNulls(v)));
  if (!isObject(value)) return value;
  const out: JsonObject = {};
  for (const [k, v] of Object.entries(value)) if (v !== null) define(out, k, withoutNulls(v));
  return out;
}

function define(target: JsonObject, key: string, value: unknown): void {
  if (key !== '__proto__') target[key] = value;
  else {
    const attributes = { writable: true, enumerable: true, configurable: true };
    Object.defineProperty(target, key, { value, ...attributes });
  }
}
