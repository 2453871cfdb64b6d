/**
 * Objects as the real server's internal types print in error texts: capitalised names in their own
 * order, every field written, empty ones as null or zero. `internal-fields.json` has one entry per
 * type: the field names in order; `Name:json` where the JSON name is not the same with a small first
 * letter (`-` when there is none), `?` where an absent value prints null instead of a zero,
 * `@meta` where the metadata's fields stand directly in the object.
 */
import { readFileSync } from 'node:fs';
import { carryEmptied, emptiedOf } from '../../machinery/meta/emptied.ts';
import { structType, type TypeRef } from '../../machinery/schema/schema.ts';
import { lineDiff } from './line-diff.ts';

interface InternalField {
  readonly name: string;
  readonly json: string;
  readonly nullable: boolean;
}

type JsonObject = Record<string, unknown>;

let table: Record<string, string> | undefined;
const parsed = new Map<string, readonly InternalField[] | undefined>();

/** The internal form of a value of the type, as plain JSON: `internalForm('core/v1.Taint', t)`. */
export function internalForm(typeId: string, value: object): JsonObject {
  const fields = fieldsOf(typeId);
  if (fields === undefined) return wireForm(typeId, value as JsonObject);
  const wire = reshape(typeId, value as JsonObject);
  const types = structType(typeId).byName;
  const emptied = emptiedOf(value);
  const out: JsonObject = {};
  for (const f of fields) {
    if (f.name === '@meta') {
      Object.assign(out, wireForm('meta/v1.ObjectMeta', (wire['metadata'] ?? {}) as JsonObject));
      continue;
    }
    const given = f.json === '-' ? wire[f.name] : wire[f.json];
    const type = types.get(f.json)?.type;
    if (given !== undefined && given !== null) {
      out[f.name] = type === undefined ? given : render(type, given);
    } else if (type?.kind === 'list' && emptied?.includes(f.json)) out[f.name] = [];
    else if (type?.kind === 'map' && emptied?.includes(f.json)) out[f.name] = {};
    else out[f.name] = f.nullable || type === undefined ? (given ?? null) : zeroOf(type);
  }
  return out;
}

/** A list of values of one type in internal form; null for an absent list. */
export function internalList(
  typeId: string,
  values: readonly object[] | undefined,
): JsonObject[] | null {
  return values === undefined ? null : values.map((v) => internalForm(typeId, v));
}

/** The difference of two values as texts show it: unified, of the indented internal forms. */
export function internalDiff(typeId: string, before: object, after: object): string {
  return lineDiff(pretty(internalForm(typeId, before)), pretty(internalForm(typeId, after)));
}

/** Go's encoder escapes these three in any JSON it writes. */
function pretty(value: JsonObject): string {
  return JSON.stringify(value, null, 1).replace(
    /[<>&]/g,
    (c) => `\\u00${c.charCodeAt(0).toString(16)}`,
  );
}

function fieldsOf(typeId: string): readonly InternalField[] | undefined {
  if (!parsed.has(typeId)) {
    table ??= JSON.parse(
      readFileSync(new URL('internal-fields.json', import.meta.url), 'utf8'),
    ) as Record<string, string>;
    parsed.set(typeId, table[typeId]?.split(' ').filter(Boolean).map(parseField));
  }
  return parsed.get(typeId);
}

function parseField(token: string): InternalField {
  const nullable = token.endsWith('?');
  const [name = '', json] = (nullable ? token.slice(0, -1) : token).split(':');
  return { name, json: json ?? name[0]!.toLowerCase() + name.slice(1), nullable };
}

/** Fields that stand elsewhere in the internal type. */
function reshape(typeId: string, value: JsonObject): JsonObject {
  if (typeId !== 'core/v1.PodSpec') return value;
  const { hostNetwork, hostPID, hostIPC, shareProcessNamespace, hostUsers } = value;
  const given = value['securityContext'] as JsonObject | undefined;
  const securityContext = {
    ...given,
    HostNetwork: hostNetwork ?? false,
    HostPID: hostPID ?? false,
    HostIPC: hostIPC ?? false,
    ShareProcessNamespace: shareProcessNamespace,
    HostUsers: hostUsers,
  };
  if (given !== undefined) carryEmptied(given, securityContext);
  return { ...value, securityContext };
}

function render(type: TypeRef, value: unknown): unknown {
  switch (type.kind) {
    case 'struct':
      return structType(type.type.id).special === undefined && typeof value === 'object'
        ? internalForm(type.type.id, value as JsonObject)
        : value;
    case 'list':
      return (value as unknown[]).map((v) => render(type.of, v));
    case 'map':
      return sorted(value as JsonObject, (v) => render(type.of, v));
    case 'JSONSchemaPropsOrArray':
      return internalSchemaList(value as object);
    case 'JSONSchemaPropsOrBool':
      return internalSchemaOrBool(value);
    default:
      return value;
  }
}

const schemaId = 'apiextensions/v1.JSONSchemaProps';

/** What stands where a schema may be one or several. */
export function internalSchemaList(value: object): JsonObject {
  if (!Array.isArray(value)) return { Schema: internalForm(schemaId, value), JSONSchemas: null };
  return { Schema: null, JSONSchemas: value.map((v) => internalForm(schemaId, v)) };
}

/** What stands where a schema may be a yes or no. */
function internalSchemaOrBool(value: unknown): JsonObject {
  if (typeof value !== 'object') return { Allows: value, Schema: null };
  return { Allows: true, Schema: internalForm(schemaId, value as object) };
}

function zeroOf(type: TypeRef): unknown {
  switch (type.kind) {
    case 'string':
      return '';
    case 'bool':
      return false;
    case 'int32':
    case 'int64':
    case 'double':
    case 'IntOrString':
      return 0;
    case 'Quantity':
      return '0';
    case 'struct':
      return internalForm(type.type.id, {});
    default:
      return null;
  }
}

function sorted(map: JsonObject, change: (v: unknown) => unknown): JsonObject {
  return Object.fromEntries(
    Object.keys(map)
      .sort()
      .map((k) => [k, change(map[k])]),
  );
}

/** Types that have no internal twin (metadata, selectors) print as on the wire. */
function wireForm(typeId: string, value: JsonObject): JsonObject {
  const out: JsonObject = {};
  for (const f of structType(typeId).fields) {
    const v = value[f.name];
    if (v !== undefined && !(f.name === 'creationTimestamp' && v === null)) {
      out[f.name] = render(f.type, v);
    }
  }
  return out;
}
