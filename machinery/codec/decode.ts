/**
 * From a request body to a typed object in NORMAL FORM, the one layout that the rest of the
 * server relies on: `kind` and `apiVersion` first, then fields in the order of the type table;
 * map keys sorted; what the real server leaves out of JSON is left out, what it always writes is
 * there (`metadata: {}`, `name: ""`, null for a list without omitempty, which a decoded body may
 * still hold as an empty list); quantities, times and
 * base64 in canonical spelling. Rules: Go's encoding/json over the API types.
 */
import { carryEmptied } from '../meta/emptied.ts';
import { badRequest } from '../meta/status-error.ts';
import type { StructType } from '../schema/schema.ts';
import { structConverter } from './converters.ts';
import { DecodeContext, DecodeError } from './decode-context.ts';
import { JsonSyntaxError } from './json-text.ts';

/** A typed object; `strictErrors` in document order, worded as the real server's. */
export interface Typed {
  object: Record<string, unknown>;
  strictErrors: string[];
}

/**
 * Converts parsed JSON to an object of `type` in normal form, reusing (and changing) `value`.
 * Unknown fields are dropped and reported. Throws StatusError BadRequest with the decoder's text
 * (`json: cannot unmarshal …`) when a value does not fit.
 */
export function toTyped(value: unknown, type: StructType): Typed {
  return asBadRequest(() => convert(value, type, true, false));
}

/**
 * Brings an object that was changed in memory back to normal form, in place where it can; objects
 * in normal form come back as they are. Unknown fields are dropped. Throws as toTyped does.
 */
export function normalize<T extends object>(object: T, type: StructType): T {
  return asBadRequest(() => convert(object, type, false, false, false).object) as T;
}

/** As normalize, in the same root object whatever had to change. */
export function normalizeInPlace(object: object, type: StructType, keepsEmptyLists = false): void {
  const root = object as Record<string, unknown>;
  const normal = asBadRequest(() => convert(root, type, false, false, keepsEmptyLists).object);
  if (normal === root) return;
  // Last member first: the engine takes such a removal back without making the object slow.
  for (const name of Object.keys(root).reverse()) delete root[name];
  Object.assign(root, normal);
  carryEmptied(normal, root);
}

/** toTyped that throws DecodeError, for callers that word the answer themselves. */
export function convert(
  value: unknown,
  type: StructType,
  strict: boolean,
  spelled: boolean,
  keepsEmptyLists = true,
): Typed {
  const context = new DecodeContext(strict, spelled, keepsEmptyLists);
  const { convert: run, zero } = structConverter(type);
  let object: unknown;
  try {
    object = run(value, context) ?? zero();
    context.finish();
  } catch (e) {
    if (e instanceof RangeError) throw new DecodeError('exceeded max depth');
    throw e;
  }
  return { object: object as Record<string, unknown>, strictErrors: context.strictErrors ?? [] };
}

function asBadRequest<T>(run: () => T): T {
  try {
    return run();
  } catch (e) {
    if (e instanceof DecodeError || e instanceof JsonSyntaxError) throw badRequest(e.message);
    throw e;
  }
}
