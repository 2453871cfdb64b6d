/** What the mutations of a policy make of an object. */
import { ListValue } from '../../../machinery/cel/list-value.ts';
import type { Value } from '../../../machinery/cel/values.ts';
import { convert, normalize } from '../../../machinery/codec/decode.ts';
import { fromUnstructured } from '../../../machinery/codec/from-unstructured.ts';
import { quote } from '../../../machinery/meta/field-error.ts';
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

/** What is known of the object's kind. */
export interface MutatedKind {
  readonly kind: KindName;
  /** Objects of the kind can be read and written by themselves: their fields are published. */
  readonly published: boolean;
}

/** Makes one mutation; in normal form, with defaults. Throws MutationProblem or StatusError. */
export type Patching = (object: KubeObject, value: Value, kind: MutatedKind) => KubeObject;

/** The object with a configuration laid over it. */
export const applied: Patching = (object, value, { kind, published }) => {
  if (!(value instanceof ObjectPart)) {
    throw new MutationProblem('unsupported return type from ApplyConfiguration expression');
  }
  checkPlaces(value);
  const type = typeOfKind(kind);
  if (!published) throw notTyped(`no corresponding type for ${kindText(kind)}`);
  const { apiVersion, kind: name } = object;
  const configuration = { ...partFields(value), apiVersion, kind: name };
  const shape = shapeOf(type);
  const wrong = typeProblems(shape, configuration);
  if (wrong !== undefined) throw notTyped(wrong);
  const atomics = atomicsIn(shape, configuration, '');
  if (atomics.length > 0) {
    const where = atomics.join(', ');
    throw problem(
      `invalid ApplyConfiguration: may not mutate atomic arrays, maps or structs: ${where}`,
    );
  }
  const merged = structuredClone(merge(shape, object, configuration)) as KubeObject;
  try {
    return finished(fromUnstructured(merged, type).object as KubeObject, kind, type);
  } catch (e) {
    const why = (e as Error).message;
    throw new MutationProblem(`unable to convert unstructured object to ${kindText(kind)}: ${why}`);
  }
};

function notTyped(why: string): MutationProblem {
  return problem(`failed to convert patch object to typed object: ${why}`);
}

function problem(why: string): MutationProblem {
  return new MutationProblem(`error applying patch: ${why}`);
}

/** The object after the steps; unchanged when a test among them fails. */
export const patchedBySteps: Patching = (object, value, { kind }) => {
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
  const type = typeOfKind(kind);
  try {
    checkKind(after, kind);
    const { object: next, strictErrors } = convert(after, type, true, false);
    if (strictErrors.length > 0) {
      throw new Error(`strict decoding error: ${strictErrors.join(', ')}`);
    }
    return finished(next as unknown as KubeObject, kind, type);
  } catch (e) {
    throw internalError((e as Error).message, e);
  }
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

function typeOfKind(name: KindName): StructType {
  const { group, version, kind } = name;
  const type = kindType(group === '' ? version : `${group}/${version}`, kind);
  if (type !== undefined) return type;
  throw new StatusError(
    'ServiceUnavailable',
    `Resource kind ${kindText(name)} not found. There can be a delay between when CustomResourceDefinitions are created and when they are available.`,
  );
}

/** Steps may not make something else of an object. */
function checkKind(after: unknown, { group, version, kind }: KindName): void {
  const own = group === '' ? version : `${group}/${version}`;
  const { apiVersion = own, kind: name = kind } = (after ?? {}) as Partial<KubeObject>;
  if (name === kind && apiVersion === own) return;
  const [shown, at] = [quote(name), quote(apiVersion)];
  throw new Error(
    `no kind ${shown} is registered for version ${at} in scheme "pkg/api/legacyscheme/scheme.go:30"`,
  );
}

/** `apps/v1, Kind=Deployment`, `/v1, Kind=Pod`. */
function kindText({ group, version, kind }: KindName): string {
  return `${group}/${version}, Kind=${kind}`;
}

/** With defaults in their places; kind and apiVersion first, whatever a patch has moved. */
function finished(
  object: KubeObject,
  { group, version, kind }: KindName,
  type: StructType,
): KubeObject {
  const apiVersion = group === '' ? version : `${group}/${version}`;
  applyDefaults(apiVersion, kind, object);
  const { kind: _kind, apiVersion: _version, ...rest } = object;
  return normalize({ kind, apiVersion, ...rest } as KubeObject, type);
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
