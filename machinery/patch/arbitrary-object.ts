/** Arbitrary configurations of any kind of the type table, for property tests of patches. */
import fc from 'fast-check';
import { type Field, kinds, kindType, type StructType, type TypeRef } from '../schema/schema.ts';
import type { KubeObject } from '../schema/wire.ts';
import { elementOf, ListElementError } from './list-element.ts';
import type { ListShape, MapShape, Shape } from './shape.ts';
import { shapeOfStruct } from './shape.ts';

/** A kind under test. */
export class ArbitraryKind {
  readonly apiVersion: string;
  readonly kind: string;

  constructor(apiVersion: string, kind: string) {
    this.apiVersion = apiVersion;
    this.kind = kind;
  }

  /** Not a property of its own: reports of failures would show it. */
  get type(): StructType {
    return kindType(this.apiVersion, this.kind)!;
  }
}

/** Kinds that are stored as objects: they have metadata, and are no lists. */
export const objectKinds: readonly ArbitraryKind[] = kinds().flatMap((id) => {
  const [apiVersion, kind] = splitKind(id);
  const found = new ArbitraryKind(apiVersion, kind);
  const metadata = found.type.byName.get('metadata')?.type;
  const isObject = metadata?.kind === 'struct' && metadata.type.id === 'meta/v1.ObjectMeta';
  return isObject && !found.type.byName.has('items') ? [found] : [];
});

function splitKind(id: string): [string, string] {
  const at = id.lastIndexOf('/');
  return [id.slice(0, at), id.slice(at + 1)];
}

const maxDepth = 7;
/** Of metadata: identity, and what the server writes. */
const notGenerated = new Set([
  'managedFields',
  'creationTimestamp',
  'deletionTimestamp',
  'deletionGracePeriodSeconds',
  'generation',
  'generateName',
  'name',
  'namespace',
  'resourceVersion',
  'selfLink',
  'uid',
]);
/** Fields that the server keeps equal to others. */
const mirrored = new Set([
  ...['podCIDR', 'podCIDRs', 'podIP', 'podIPs', 'hostIP', 'hostIPs', 'serviceAccount'],
]);
/** Fields that are taken for others, or away, when the object is read. */
const moved = new Set(['stringData', 'sessionAffinityConfig']);

/**
 * Configurations of a kind: values that fit their types and are not zero (what is zero is left out
 * of objects, while whoever sent it owns it), in canonical spelling, list items told apart by keys.
 */
export function configurationsOf(k: ArbitraryKind): fc.Arbitrary<KubeObject> {
  const fields = k.type.fields.filter((f) => f.name !== 'metadata');
  const shape = shapeOfStruct(k.type).map!;
  return fc.tuple(metadataOf(k.type), structOf(fields, shape, 1, [])).map(([metadata, rest]) => ({
    apiVersion: k.apiVersion,
    kind: k.kind,
    metadata: { ...metadata, name: 'o' },
    ...rest,
  }));
}

function metadataOf(type: StructType): fc.Arbitrary<object> {
  const field = type.byName.get('metadata')!;
  const meta = (field.type as { type: StructType }).type;
  const shape = shapeOfStruct(type).map!.fields.get('metadata')!.shape;
  const fields = meta.fields.filter((f) => !notGenerated.has(f.name));
  // Something is always owned: an object nobody owns a field of counts as not tracked.
  const label = fc.constantFrom('1', '2').map((l) => ({ labels: { l } }));
  return fc.tuple(label, structOf(fields, shape.map!, 2, [])).map(([a, b]) => ({ ...a, ...b }));
}

function structOf(
  fields: readonly Field[],
  shape: MapShape,
  depth: number,
  always: readonly string[],
): fc.Arbitrary<Record<string, unknown>> {
  const usable = fields.filter(
    (f) => isUsable(f.type, depth) && !mirrored.has(f.name) && !moved.has(f.name),
  );
  const chosen = usable.filter((f) => always.includes(f.name));
  return fc
    .subarray(usable, {
      minLength: Math.min(1, usable.length),
      maxLength: Math.min(3, usable.length),
    })
    .chain((some) => {
      const all = [...new Set([...chosen, ...some])];
      return fc.record(
        Object.fromEntries(
          all.map((f) => [f.name, anyOf(f, f.type, shape.fields.get(f.name)!.shape, depth)]),
        ),
      );
    });
}

/** Whether a value can be made that is not empty. */
function isUsable(type: TypeRef, depth: number): boolean {
  switch (type.kind) {
    case 'struct': {
      const { type: t } = type;
      if (t.special !== undefined) return isUsable({ kind: t.special }, depth);
      if (t.wraps !== undefined) return isUsable(t.wraps, depth);
      return depth < maxDepth && t.fields.some((f) => isUsable(f.type, depth + 1));
    }
    case 'list':
    case 'map':
      return isUsable(type.of, depth + 1);
    case 'FieldsV1':
    case 'JSONSchemaPropsOrBool':
    case 'JSONSchemaPropsOrArray':
    case 'JSONSchemaPropsOrStringArray':
      return false;
    default:
      return true;
  }
}

function anyOf(
  field: Field | undefined,
  type: TypeRef,
  shape: Shape,
  depth: number,
): fc.Arbitrary<unknown> {
  switch (type.kind) {
    case 'struct': {
      const { type: t } = type;
      if (t.special !== undefined) return anyOf(undefined, { kind: t.special }, shape, depth);
      if (t.wraps !== undefined) return anyOf(undefined, t.wraps, shape, depth);
      return structOf(t.fields, shape.map!, depth + 1, []);
    }
    case 'list':
      return listOf(field, type.of, shape.list!, depth);
    case 'map':
      return fc.dictionary(
        fc.constantFrom('x', 'y'),
        anyOf(undefined, type.of, shape.map!.element!, depth + 1),
        { minKeys: 1, maxKeys: 2, noNullPrototype: true },
      );
    default:
      return scalarOf(field, type.kind);
  }
}

function listOf(
  field: Field | undefined,
  of: TypeRef,
  shape: ListShape,
  depth: number,
): fc.Arbitrary<unknown[]> {
  const item =
    of.kind === 'struct' && of.type.special === undefined && of.type.wraps === undefined
      ? structOf(of.type.fields, shape.element.map!, depth + 1, keysAlways(of.type, shape))
      : anyOf(field, of, shape.element, depth + 1);
  if (shape.atomic) return fc.array(item, { minLength: 1, maxLength: 2 });
  return fc.uniqueArray(item, {
    minLength: 1,
    maxLength: 3,
    selector: (value) => identityOf(shape, value),
  });
}

/** Keys without a default must be there; of the others, some are and some are not. */
function keysAlways(type: StructType, shape: ListShape): readonly string[] {
  return shape.keys.filter(
    (name) => type.byName.has(name) && shape.element.map!.fields.get(name)?.default === undefined,
  );
}

function identityOf(shape: ListShape, value: unknown): unknown {
  try {
    return elementOf(shape, value);
  } catch (e) {
    // An item without any key: one of that sort is enough, and the applier refuses it.
    if (e instanceof ListElementError) return '';
    throw e;
  }
}

function scalarOf(field: Field | undefined, kind: string): fc.Arbitrary<unknown> {
  if (field?.enum !== undefined && kind === 'string') {
    const named = field.enum.filter((v) => v !== '');
    if (named.length > 0) return fc.constantFrom(...named);
  }
  switch (kind) {
    case 'bool':
      return fc.constant(true);
    case 'int32':
    case 'int64':
    case 'double':
      return fc.constantFrom(1, 2, 3);
    case 'bytes':
      return fc.constantFrom('YQ==', 'Yg==');
    case 'Time':
      return fc.constantFrom('2024-01-02T03:04:05Z', '2025-01-02T03:04:05Z');
    case 'MicroTime':
      return fc.constantFrom('2024-01-02T03:04:05.000006Z', '2025-01-02T03:04:05.000006Z');
    case 'Duration':
      return fc.constantFrom('1m0s', '2s');
    case 'Quantity':
      return fc.constantFrom('1', '500m', '1Gi');
    case 'IntOrString':
      return fc.constantFrom(1, 2, '50%');
    case 'RawExtension':
      return fc.constantFrom({ a: 1 }, { b: [2] });
    case 'JSON':
      return fc.constantFrom('v', 7, { a: 1 });
    default:
      return fc.constantFrom('a', 'b', 'c');
  }
}
