/** Kinds whose schema is not in the type table: those of custom resource definitions. */
import { structType } from '../../machinery/schema/schema.ts';
import type { KindRef } from './operations.ts';
import type { Dialect, Json, Schemas } from './schemas.ts';

/** Schemas of the kinds of one group version, OpenAPI v3, by kind. */
export type CustomSchemas = ReadonlyMap<string, Json>;

/** `stable.example.com`, `v1`, `CronTab` -> `com.example.stable.v1.CronTab`. */
export function definitionName({ group, version, kind }: KindRef): string {
  return [...group.split('.').reverse(), version, kind].join('.');
}

/** A reference to a custom kind or its list; undefined when it is not one of them. */
export function customRef(
  schemas: Schemas,
  dialect: Dialect,
  customs: CustomSchemas,
  ref: KindRef,
): Json | undefined {
  const own = customs.get(ref.kind);
  if (own !== undefined) {
    return schemas.namedRef(definitionName(ref), () => object(schemas, dialect, own, ref));
  }
  const element = ref.kind.endsWith('List') ? ref.kind.slice(0, -'List'.length) : '';
  const item = customs.get(element);
  if (item === undefined) return undefined;
  const itemRef = { ...ref, kind: element };
  return schemas.namedRef(definitionName(ref), () => {
    const items = customRef(schemas, dialect, customs, itemRef)!;
    return list(schemas, items, ref, element);
  });
}

function object(schemas: Schemas, dialect: Dialect, schema: Json, ref: KindRef): Json {
  const shown = dialect === 'v2' ? toV2(schema) : schema;
  return {
    ...shown,
    type: 'object',
    properties: {
      ...(shown['properties'] as Json | undefined),
      ...typeMeta,
      metadata: schemas.ref(structType('meta/v1.ObjectMeta')),
    },
    'x-kubernetes-group-version-kind': [ref],
  };
}

function list(schemas: Schemas, items: Json, ref: KindRef, kind: string): Json {
  return {
    description: `${ref.kind} is a list of ${kind}`,
    type: 'object',
    required: ['items'],
    properties: {
      ...typeMeta,
      items: { type: 'array', items, description: `The objects of kind ${kind}.` },
      metadata: schemas.ref(structType('meta/v1.ListMeta')),
    },
    'x-kubernetes-group-version-kind': [ref],
  };
}

const typeMeta = { apiVersion: { type: 'string' }, kind: { type: 'string' } } as const;

/** What the older dialect cannot say is left out, as the real server leaves it out. */
function toV2(schema: Json): Json {
  const out: Json = {};
  for (const [key, value] of Object.entries(schema)) {
    if (['oneOf', 'anyOf', 'allOf', 'not', 'nullable', 'default'].includes(key)) continue;
    if (key === 'properties') {
      const members = Object.entries(value as Record<string, Json>);
      out[key] = Object.fromEntries(members.map(([name, member]) => [name, toV2(member)]));
    } else if ((key === 'items' || key === 'additionalProperties') && typeof value === 'object') {
      out[key] = toV2(value as Json);
    } else out[key] = value;
  }
  if (schema['nullable'] === true) delete out['type'];
  return out;
}
