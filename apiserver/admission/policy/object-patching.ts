/** What the mutations of a policy make of an object. */
import { ListValue } from '../../../machinery/cel/list-value.ts';
import type { Value } from '../../../machinery/cel/values.ts';
import { convert } from '../../../machinery/codec/decode.ts';
import { internalError, StatusError } from '../../../machinery/meta/status-error.ts';
import { applyJsonPatch, type JsonPatchOperation } from '../../../machinery/patch/json-patch.ts';
import { type Shape, shapeOf } from '../../../machinery/patch/shape.ts';
import { asList, asMap, formOf } from '../../../machinery/patch/typed.ts';
import { merge } from '../../../machinery/patch/typed-merge.ts';
import { typeProblems } from '../../../machinery/patch/typed-validate.ts';
import { applyDefaults } from '../../../machinery/schema/defaults.ts';
import { kindType, type StructType } from '../../../machinery/schema/schema.ts';
import type { KubeObject } from '../../../machinery/schema/wire.ts';
import { jsonOf, misplacedParts, partOf } from '../../cel/json-value.ts';
import { JsonPatchStep, ObjectPart } from '../../cel/mutation-types.ts';
import type { KindName } from '../request-kind.ts';

/** A mutation that cannot be made; for the failure policy. */
export class MutationProblem extends Error {
  override readonly name = 'MutationProblem';
}

/** Makes one mutation; in normal form, with defaults. Throws MutationProblem or StatusError. */
export type Patching = (object: KubeObject, value: Value, kind: KindName) => KubeObject;

/** The object with a configuration laid over it. */
export const applied: Patching = (object, value, kind) => {
  if (!(value instanceof ObjectPart)) {
    throw new MutationProblem('unsupported return type from ApplyConfiguration expression');
  }
  checkPlaces(value);
  const type = typeOfKind(kind);
  const { apiVersion, kind: name } = object;
  const configuration = { ...partFields(value), apiVersion, kind: name };
  const shape = shapeOf(type);
  const wrong = typeProblems(shape, configuration);
  if (wrong !== undefined) {
    throw problem(`failed to convert patch object to typed object: ${wrong}`);
  }
  const atomics = atomicsIn(shape, configuration, '');
  if (atomics.length > 0) {
    const where = atomics.join(', ');
    throw problem(
      `invalid ApplyConfiguration: may not mutate atomic arrays, maps or structs: ${where}`,
    );
  }
  return finished(merge(shape, object, configuration) as KubeObject, kind, type, false);
};

function problem(why: string): MutationProblem {
  return new MutationProblem(`error applying patch: ${why}`);
}

/** The object after the steps; unchanged when a test among them fails. */
export const patchedBySteps: Patching = (object, value, kind) => {
  if (!(value instanceof ListValue)) {
    throw new MutationProblem('type mismatch: JSONPatchType.expression should evaluate to array');
  }
  const steps = [...value].map(operationOf);
  let after: unknown;
  try {
    after = applyJsonPatch(object, steps);
  } catch (e) {
    if (!(e instanceof StatusError)) throw e;
    const why = e.cause instanceof Error ? e.cause.message : e.message;
    if (why.endsWith('test failed')) return object;
    throw new MutationProblem(`JSON Patch: ${why}`);
  }
  return finished(after as KubeObject, kind, typeOfKind(kind), true);
};

function operationOf(step: Value): JsonPatchOperation {
  if (!(step instanceof JsonPatchStep)) {
    throw new MutationProblem(
      'type mismatch: JSONPatchType.expression should evaluate to array of JSONPatch',
    );
  }
  const { op, path, from, value } = step;
  if (value !== undefined) checkPlaces(value);
  try {
    const given = value === undefined ? undefined : jsonOf(value);
    return { op, path, from: from === '' ? undefined : from, value: given };
  } catch (e) {
    const why = 'JSONPath valueExpression evaluated to a type that could not marshal to JSON';
    throw new MutationProblem(`${why}: ${(e as Error).message}`);
  }
}

function checkPlaces(value: Value): void {
  if (!(value instanceof ObjectPart)) return;
  const problems = misplacedParts(value);
  if (problems.length > 0) throw new MutationProblem(`type mismatch: ${problems.join('\n')}`);
}

function partFields(part: ObjectPart): Record<string, unknown> {
  try {
    return partOf(part);
  } catch (e) {
    throw new MutationProblem((e as Error).message);
  }
}

function typeOfKind({ group, version, kind }: KindName): StructType {
  const type = kindType(group === '' ? version : `${group}/${version}`, kind);
  if (type !== undefined) return type;
  const shown = `${group}/${version}, Kind=${kind}`;
  throw new StatusError(
    'ServiceUnavailable',
    `Resource kind ${shown} not found. There can be a delay between when CustomResourceDefinitions are created and when they are available.`,
  );
}

/** In normal form; `strict`: what the type does not know is refused. */
function finished(
  raw: KubeObject,
  { group, version, kind }: KindName,
  type: StructType,
  strict: boolean,
): KubeObject {
  const apiVersion = group === '' ? version : `${group}/${version}`;
  const decode = (object: KubeObject): KubeObject => {
    try {
      const { object: next, strictErrors } = convert(object, type, strict, false);
      if (strictErrors.length > 0) {
        throw new Error(`strict decoding error: ${strictErrors.join(', ')}`);
      }
      return next as KubeObject;
    } catch (e) {
      throw internalError((e as Error).message, e);
    }
  };
  const next = decode(structuredClone(raw));
  applyDefaults(apiVersion, kind, next);
  const { kind: _kind, apiVersion: _version, ...rest } = next;
  // Kind and apiVersion first, whatever a patch has moved; defaults in their places.
  return decode({ kind, apiVersion, ...rest } as KubeObject);
}

/** Lists, maps and structs of one piece that a configuration would replace. */
function atomicsIn(shape: Shape, value: unknown, path: string): string[] {
  if (value === null || value === undefined) return [];
  const form = formOf(shape, value);
  if (form === 'map' && shape.map !== undefined) {
    const { atomic, fields } = shape.map;
    const found = atomic ? [path] : [];
    for (const [name, v] of Object.entries(asMap(value) ?? {})) {
      const field = fields.get(name);
      if (field !== undefined) found.push(...atomicsIn(field.shape, v, `${path}.${name}`));
    }
    return found;
  }
  if (form !== 'list' || shape.list === undefined) return [];
  const { atomic, element } = shape.list;
  const items = asList(value) ?? [];
  return [
    ...(atomic ? [path] : []),
    ...items.flatMap((item, i) => atomicsIn(element, item, `${path}[${i}]`)),
  ];
}
