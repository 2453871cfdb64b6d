/**
 * The type table: every type of API v1.36 with its fields, protobuf numbers, list types, merge
 * keys and enums, as one linked structure. `table.json` beside this file is the data (made by
 * hack/generate-schema.ts); types are linked on first use, so a process pays for what it touches.
 */
import { readFileSync } from 'node:fs';

/** Scalars and the types that have an encoding of their own. */
export type ScalarKind = 'string' | 'bool' | 'int32' | 'int64' | 'double' | 'bytes';
export type SpecialKind =
  | 'Time'
  | 'MicroTime'
  | 'Duration'
  | 'Quantity'
  | 'IntOrString'
  | 'RawExtension'
  | 'FieldsV1'
  | 'JSON'
  | 'JSONSchemaPropsOrBool'
  | 'JSONSchemaPropsOrArray'
  | 'JSONSchemaPropsOrStringArray';

/** What a field, list element or map value holds. */
export type TypeRef =
  | { readonly kind: ScalarKind | SpecialKind }
  | { readonly kind: 'list'; readonly of: TypeRef }
  | { readonly kind: 'map'; readonly of: TypeRef }
  | { readonly kind: 'struct'; readonly type: StructType };

export interface Field {
  /** JSON name, exactly as on the wire. */
  readonly name: string;
  /** Protobuf field number; undefined where the type has no protobuf form. */
  readonly number: number | undefined;
  /** Protobuf name where it is not the JSON name. */
  readonly protoName: string | undefined;
  readonly type: TypeRef;
  /** A pointer in the real server: absent and zero are different things. */
  readonly pointer: boolean;
  /** Left out of JSON when empty (zero scalar, empty list or map); structs are always written. */
  readonly omitEmpty: boolean;
  /** Left out when zero, structs too (creationTimestamp). */
  readonly omitZero: boolean;
  /** Required in OpenAPI. */
  readonly required: boolean;
  /** A message in protobuf whose fields stand directly in the parent in JSON. */
  readonly inline: boolean;
  readonly listType: 'atomic' | 'set' | 'map' | undefined;
  readonly listMapKeys: readonly string[];
  readonly mapType: 'atomic' | 'granular' | undefined;
  /** Strategic merge: `merge`, `retainKeys`, `replace`, `merge,retainKeys`. */
  readonly patchStrategy: string | undefined;
  readonly patchMergeKey: string | undefined;
  /** Closed set of values (an OpenAPI enum). */
  readonly enum: readonly string[] | undefined;
  /** Id of the enum or of the known values, as texts name it: `core/v1.PodPhase`. */
  readonly enumId: string | undefined;
  /** The schema's own default (OpenAPI `default`, used by server-side apply for list keys). */
  readonly default: unknown;
}

export interface StructType {
  /** Such as `core/v1.Pod`. */
  readonly id: string;
  /** Fields in the order that JSON output has; inlined structs are expanded (see Field.inline). */
  readonly fields: readonly Field[];
  /** By JSON name, inlined structs expanded. */
  readonly byName: ReadonlyMap<string, Field>;
  /** Fields as protobuf has them: inlined structs as one field each. */
  readonly protoFields: readonly Field[];
  /** Has kind and apiVersion (first in JSON, absent in protobuf). */
  readonly typeMeta: boolean;
  /** The whole struct is one value for server-side apply. */
  readonly atomic: boolean;
  /** Has an encoding of its own (protobuf fields are then those of `fields`). */
  readonly special: SpecialKind | undefined;
  /** JSON is this list; protobuf is a message {repeated items = 1}. */
  readonly wraps: TypeRef | undefined;
  /** OpenAPI extensions such as unions. */
  readonly extensions: Readonly<Record<string, unknown>> | undefined;
  /** The OpenAPI definition name: `io.k8s.api.core.v1.Pod`. */
  readonly openapiName: string;
}

interface RawField {
  n: string;
  p?: number;
  pn?: string;
  t: string;
  in?: 1;
  ptr?: 1;
  o?: 1;
  oz?: 1;
  r?: 1;
  l?: 'a' | 's' | 'm';
  k?: string[];
  m?: 'atomic' | 'granular';
  ps?: string;
  pk?: string;
  e?: string;
  c?: string;
  d?: unknown;
}

interface RawType {
  f?: RawField[];
  tm?: 1;
  m?: 'atomic';
  x?: Record<string, unknown>;
  special?: SpecialKind;
  wrap?: string;
}

interface Table {
  packages: Record<string, { proto: string; oapi: string }>;
  kinds: Record<string, string>;
  enums: Record<string, string[]>;
  consts: Record<string, string[]>;
  types: Record<string, RawType>;
}

const builtins = new Set([
  'string',
  'bool',
  'int32',
  'int64',
  'double',
  'bytes',
  'Time',
  'MicroTime',
  'Duration',
  'Quantity',
  'IntOrString',
  'RawExtension',
  'FieldsV1',
  'JSON',
  'JSONSchemaPropsOrBool',
  'JSONSchemaPropsOrArray',
  'JSONSchemaPropsOrStringArray',
]);

const listTypes = { a: 'atomic', s: 'set', m: 'map' } as const;

let table: Table | undefined;
const linked = new Map<string, StructType>();

function load(): Table {
  table ??= JSON.parse(readFileSync(new URL('table.json', import.meta.url), 'utf8')) as Table;
  return table;
}

/** The type of an object: `kindType('apps/v1', 'Deployment')`; undefined when there is none. */
export function kindType(apiVersion: string, kind: string): StructType | undefined {
  const id = load().kinds[`${apiVersion}/${kind}`];
  return id === undefined ? undefined : structType(id);
}

/** All `apiVersion/Kind` pairs of the table. */
export function kinds(): readonly string[] {
  return Object.keys(load().kinds);
}

/** Ids of all types. */
export function typeIds(): readonly string[] {
  return Object.keys(load().types);
}

/** Known values of an enum or of an open string type by id; undefined when there is none. */
export function valuesOf(enumId: string): readonly string[] | undefined {
  return load().enums[enumId] ?? load().consts[enumId];
}

/** A type by id such as `core/v1.PodSpec`. Throws on an id that is not in the table. */
export function structType(id: string): StructType {
  return linked.get(id) ?? link(id);
}

/** Parses the table's notation: `[]core/v1.Container`, `{}Quantity`, `int32`. */
export function typeRef(text: string): TypeRef {
  if (text.startsWith('[]')) return { kind: 'list', of: typeRef(text.slice(2)) };
  if (text.startsWith('{}')) return { kind: 'map', of: typeRef(text.slice(2)) };
  if (builtins.has(text)) return { kind: text as ScalarKind | SpecialKind };
  // Linked when asked for: types refer to each other in circles.
  return {
    kind: 'struct',
    get type() {
      return structType(text);
    },
  };
}

function toField(raw: RawField): Field {
  const enumId = raw.e ?? raw.c;
  return {
    name: raw.n,
    number: raw.p,
    protoName: raw.pn,
    type: typeRef(raw.t),
    pointer: raw.ptr === 1,
    omitEmpty: raw.o === 1,
    omitZero: raw.oz === 1,
    required: raw.r === 1,
    inline: raw.in === 1,
    listType: raw.l === undefined ? undefined : listTypes[raw.l],
    listMapKeys: raw.k ?? [],
    mapType: raw.m,
    patchStrategy: raw.ps,
    patchMergeKey: raw.pk,
    enum: raw.e === undefined ? undefined : load().enums[raw.e],
    enumId,
    default: raw.d,
  };
}

function link(id: string): StructType {
  const raw = load().types[id];
  if (raw === undefined) throw new Error(`no type ${id} in the schema table`);
  const protoFields = (raw.f ?? []).map(toField);
  const fields = protoFields.flatMap((f) =>
    f.inline && f.type.kind === 'struct' ? f.type.type.fields : [f],
  );
  const dot = id.lastIndexOf('.');
  const type: StructType = {
    id,
    fields,
    byName: new Map(fields.map((f) => [f.name, f])),
    protoFields,
    typeMeta: raw.tm === 1,
    atomic: raw.m === 'atomic',
    special: raw.special,
    wraps: raw.wrap === undefined ? undefined : typeRef(raw.wrap),
    extensions: raw.x,
    openapiName: `${load().packages[id.slice(0, dot)]?.oapi ?? id.slice(0, dot)}.${id.slice(dot + 1)}`,
  };
  linked.set(id, type);
  return type;
}
