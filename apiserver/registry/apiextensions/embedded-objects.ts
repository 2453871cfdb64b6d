/** What must hold for apiVersion, kind and metadata of objects, at the root and embedded. */
import { toTyped } from '../../../machinery/codec/decode.ts';
import {
  type FieldError,
  type FieldPath,
  invalidValue,
  required,
} from '../../../machinery/meta/field-error.ts';
import { member } from '../../../machinery/meta/member.ts';
import { isDns1035Label, nameIsPathSegment } from '../../../machinery/meta/names.ts';
import { validateObjectMeta } from '../../../machinery/meta/object-meta-validation.ts';
import { StatusError } from '../../../machinery/meta/status-error.ts';
import { structType } from '../../../machinery/schema/schema.ts';
import type { ObjectMeta } from '../../../machinery/schema/wire.ts';
import { additionalSchema, itemSchema, type JsonSchema } from './json-schema.ts';

type JsonObject = Readonly<Record<string, unknown>>;

/** The first field of such objects in the value that is of the wrong type. */
export function objectTypeProblem(
  value: unknown,
  s: JsonSchema | undefined,
  at: FieldPath,
): FieldError | undefined {
  for (const error of walk(value, s, at, typesOf)) return error;
  return undefined;
}

/** Problems of such objects in the value, whose types are right. */
export function validateEmbeddedObjects(
  value: unknown,
  s: JsonSchema | undefined,
  at: FieldPath,
): FieldError[] {
  return [...walk(value, s, at, contentsOf)];
}

/** The value with metadata of such objects as it can be read: without what metadata does not have. */
export function withReadMetadata(value: unknown, s: JsonSchema | undefined): unknown {
  if (s === undefined || typeof value !== 'object' || value === null) return value;
  if (Array.isArray(value)) return value.map((v) => withReadMetadata(v, itemSchema(s)));
  const embedded = s['x-kubernetes-embedded-resource'] === true;
  const change = (name: string, v: unknown): unknown => {
    if (!embedded || name !== 'metadata') {
      return withReadMetadata(v, member(s.properties ?? {}, name) ?? additionalSchema(s));
    }
    const read = metadataOf(v);
    return 'meta' in read ? read.meta : v;
  };
  return Object.fromEntries(Object.entries(value).map(([name, v]) => [name, change(name, v)]));
}

function* walk(
  value: unknown,
  s: JsonSchema | undefined,
  at: FieldPath,
  visit: (object: JsonObject, at: FieldPath) => Iterable<FieldError>,
): Generator<FieldError> {
  if (s === undefined || typeof value !== 'object' || value === null) return;
  if (Array.isArray(value)) {
    for (const [i, v] of value.entries()) yield* walk(v, itemSchema(s), at.index(i), visit);
    return;
  }
  const object = value as JsonObject;
  if (s['x-kubernetes-embedded-resource'] === true) yield* visit(object, at);
  for (const [name, v] of Object.entries(object)) {
    const property = member(s.properties ?? {}, name);
    if (property !== undefined) yield* walk(v, property, at.child(name), visit);
    else yield* walk(v, additionalSchema(s), at.key(name), visit);
  }
}

const metaType = structType('meta/v1.ObjectMeta');

function* typesOf(object: JsonObject, at: FieldPath): Generator<FieldError> {
  for (const name of ['apiVersion', 'kind']) {
    const value = object[name];
    if (value === undefined || typeof value === 'string') continue;
    yield invalidValue(at.child(name), value, 'must be a string');
  }
  const { metadata } = object;
  if (metadata === undefined) return;
  const read = metadataOf(metadata);
  if ('problem' in read) yield invalidValue(at.child('metadata'), metadata, read.problem);
}

function metadataOf(value: unknown): { meta: ObjectMeta } | { problem: string } {
  try {
    return { meta: toTyped(structuredClone(value), metaType).object as ObjectMeta };
  } catch (e) {
    if (!(e instanceof StatusError)) throw e;
    return { problem: e.message };
  }
}

function* contentsOf(object: JsonObject, at: FieldPath): Generator<FieldError> {
  const { apiVersion, kind, metadata } = object;
  if (apiVersion === undefined) yield required(at.child('apiVersion'));
  if (kind === undefined) yield required(at.child('kind'));
  if (typeof apiVersion === 'string') {
    const here = at.child('apiVersion');
    if (apiVersion === '') yield invalidValue(here, apiVersion, 'must not be empty');
    else if (apiVersion.split('/').length > 2) {
      yield invalidValue(here, apiVersion, `unexpected GroupVersion string: ${apiVersion}`);
    }
  }
  if (typeof kind === 'string') {
    const here = at.child('kind');
    const problems = isDns1035Label(kind.toLowerCase());
    if (kind === '') yield invalidValue(here, kind, 'must not be empty');
    else if (problems.length > 0) {
      const text = `may have mixed case, but should otherwise match: ${problems.join(',')}`;
      yield invalidValue(here, kind, text);
    }
  }
  if (metadata === undefined) return;
  const read = metadataOf(metadata);
  if ('problem' in read) return;
  const { meta } = read;
  const rules = { namespaced: Boolean(meta.namespace), nameFn: nameIsPathSegment };
  // A name is nothing that has to be there: the one that is checked is made up then.
  const named = { ...meta, name: meta.name || 'fakename' };
  yield* validateObjectMeta(named, rules, at.child('metadata'));
}
