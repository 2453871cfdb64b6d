/**
 * The shape of a custom resource, from the OpenAPI v3 schema of its definition. Rules: how the
 * real server turns schemas into the types of structured-merge-diff.
 */
import { structType } from '../schema/schema.ts';
import {
  deducedShape,
  type FieldShape,
  type ListShape,
  type MapShape,
  type Shape,
  scalarShape,
  shapeOfStruct,
  untypedShape,
} from './shape.ts';

/** A structural schema, as far as ownership depends on it. */
export interface SchemaNode {
  readonly type?: string;
  readonly format?: string;
  readonly properties?: Readonly<Record<string, SchemaNode>>;
  readonly additionalProperties?: boolean | SchemaNode;
  readonly items?: SchemaNode;
  readonly default?: unknown;
  readonly 'x-kubernetes-preserve-unknown-fields'?: boolean;
  readonly 'x-kubernetes-embedded-resource'?: boolean;
  readonly 'x-kubernetes-list-type'?: string;
  readonly 'x-kubernetes-list-map-keys'?: readonly string[];
  readonly 'x-kubernetes-map-type'?: string;
}

const text = scalarShape('string');

/**
 * The shape of a custom resource's objects; without a schema everything is free-form.
 * `preserveUnknown`: the definition keeps unknown fields everywhere (spec.preserveUnknownFields).
 */
export function shapeOfCustomResource(
  schema: SchemaNode | undefined,
  preserveUnknown = false,
): Shape {
  if (schema === undefined) return deducedShape;
  return shapeOfSchema({ ...schema, 'x-kubernetes-embedded-resource': true }, preserveUnknown);
}

function shapeOfSchema(schema: SchemaNode, inherited: boolean): Shape {
  // Keeping unknown fields holds for everything below, too.
  const preserve = inherited || schema['x-kubernetes-preserve-unknown-fields'] === true;
  switch (schema.type ?? '') {
    case '':
      return {
        scalar: 'untyped',
        list: listOf(schema, preserve),
        map: mapOf(schema, preserve),
      };
    case 'object':
      return { scalar: undefined, list: undefined, map: mapOf(schema, preserve) };
    case 'array':
      return { scalar: undefined, list: listOf(schema, preserve), map: undefined };
    case 'integer':
    case 'number':
      return scalarShape('numeric');
    case 'boolean':
      return scalarShape('boolean');
    case 'string':
      return (schema.format ?? '') === '' || schema.format === 'byte'
        ? text
        : scalarShape('untyped');
    default:
      return scalarShape('untyped');
  }
}

function listOf(schema: SchemaNode, preserve: boolean): ListShape {
  const type = schema['x-kubernetes-list-type'];
  return {
    atomic: type !== 'set' && type !== 'map',
    keys: type === 'map' ? (schema['x-kubernetes-list-map-keys'] ?? []) : [],
    element: schema.items === undefined ? untypedShape : shapeOfSchema(schema.items, preserve),
  };
}

function mapOf(schema: SchemaNode, preserve: boolean): MapShape {
  const fields = new Map<string, FieldShape>();
  const declare = (name: string, shape: Shape, value?: unknown): void => {
    fields.set(name, { path: `f:${name}`, shape, default: value ?? undefined, zero: undefined });
  };
  for (const [name, member] of Object.entries(schema.properties ?? {})) {
    declare(name, shapeOfSchema(member, preserve), member.default);
  }
  if (schema['x-kubernetes-embedded-resource'] === true) {
    declare('apiVersion', text);
    declare('kind', text);
    declare('metadata', shapeOfStruct(structType('meta/v1.ObjectMeta')));
  }
  return {
    atomic: schema['x-kubernetes-map-type'] === 'atomic',
    fields,
    element: elementOf(schema, preserve, fields.size),
  };
}

function elementOf(schema: SchemaNode, preserve: boolean, declared: number): Shape | undefined {
  const more = schema.additionalProperties;
  if (typeof more === 'object') return shapeOfSchema(more, preserve);
  if (more === true) return deducedShape;
  if (more === false) return undefined;
  return preserve || declared === 0 ? deducedShape : undefined;
}
