/**
 * What server-side apply needs to know of a type: whether a value is one piece (a scalar, an
 * atomic list or map), or is owned part by part (a struct, a map, a list with keys, a set).
 * The algorithms know only this; shapes come from the type table or from a schema of a custom
 * resource.
 */
import type { Field, StructType, TypeRef } from '../schema/schema.ts';

/**
 * A type. Most have one of the three forms; a free-form value may be any of them, and then what
 * the value is decides.
 */
export interface Shape {
  readonly scalar: 'numeric' | 'string' | 'boolean' | 'untyped' | undefined;
  readonly list: ListShape | undefined;
  readonly map: MapShape | undefined;
}

/** A list: atomic, or owned item by item: by keys, or as a set of scalars when it has none. */
export interface ListShape {
  readonly atomic: boolean;
  readonly keys: readonly string[];
  readonly element: Shape;
}

/** A struct or a map; a struct has declared fields, a map has an element. */
export interface MapShape {
  readonly atomic: boolean;
  readonly fields: ReadonlyMap<string, FieldShape>;
  /** The type of what is not declared; undefined: nothing else is allowed. */
  readonly element: Shape | undefined;
}

/** A declared field. */
export interface FieldShape {
  /** Its path element, `f:name`. */
  readonly path: string;
  readonly shape: Shape;
  /** What a list key counts as when it is not given; undefined: it does not count. */
  readonly default: unknown;
  /** What the field is when an object lacks it, where it is always written; else undefined. */
  readonly zero: unknown;
}

const noFields: ReadonlyMap<string, FieldShape> = new Map();

/** A scalar shape. */
export function scalarShape(kind: NonNullable<Shape['scalar']>): Shape {
  return { scalar: kind, list: undefined, map: undefined };
}

const numeric = scalarShape('numeric');
const text = scalarShape('string');
const boolean = scalarShape('boolean');
const anyScalar = scalarShape('untyped');

/** Anything, always one piece: an embedded raw object. */
export const untypedShape: Shape = {
  scalar: 'untyped',
  list: { atomic: true, keys: [], element: anyScalar },
  get map(): MapShape {
    return { atomic: true, fields: noFields, element: untypedShape };
  },
};

const deducedMap: MapShape = {
  atomic: false,
  fields: noFields,
  get element(): Shape {
    return deducedShape;
  },
};

/** Anything, its maps owned key by key, its lists one piece: objects without a schema. */
export const deducedShape: Shape = {
  scalar: 'untyped',
  list: { atomic: true, keys: [], element: untypedShape },
  map: deducedMap,
};

const freeFormObject: Shape = { scalar: undefined, list: undefined, map: deducedMap };

/** A list shape. */
export function listShape(atomic: boolean, keys: readonly string[], element: Shape): Shape {
  return { scalar: undefined, list: { atomic, keys, element }, map: undefined };
}

/** A map shape: no declared fields, every value of one type. */
export function mapShape(atomic: boolean, element: Shape): Shape {
  return { scalar: undefined, list: undefined, map: { atomic, fields: noFields, element } };
}

const ofStruct = new Map<StructType, Shape>();

/** The shape of a type of the table; worked out once, field types on first use. */
export function shapeOfStruct(type: StructType): Shape {
  let shape = ofStruct.get(type);
  if (shape === undefined) {
    shape = structShape(type, type.atomic);
    ofStruct.set(type, shape);
  }
  return shape;
}

function structShape(type: StructType, atomic: boolean): Shape {
  let fields: ReadonlyMap<string, FieldShape> | undefined;
  const map: MapShape = {
    atomic,
    get fields() {
      fields ??= fieldShapes(type);
      return fields;
    },
    element: undefined,
  };
  return { scalar: undefined, list: undefined, map };
}

function fieldShapes(type: StructType): ReadonlyMap<string, FieldShape> {
  const fields = new Map<string, FieldShape>();
  if (type.typeMeta) {
    for (const name of ['kind', 'apiVersion']) {
      fields.set(name, { path: `f:${name}`, shape: text, default: undefined, zero: undefined });
    }
  }
  for (const f of type.fields) fields.set(f.name, new LazyField(f));
  return fields;
}

class LazyField implements FieldShape {
  readonly path: string;
  readonly default: unknown;
  readonly zero: unknown;
  private readonly field: Field;
  private made: Shape | undefined;

  constructor(field: Field) {
    this.field = field;
    this.path = `f:${field.name}`;
    this.default = field.default ?? impliedDefault(field);
    this.zero = zeroOf(field);
  }

  get shape(): Shape {
    this.made ??= shapeOfField(this.field);
    return this.made;
  }
}

const emptyObject = Object.freeze({});

/** Fields that are always written: no pointers, and no empty scalars, lists and maps. */
function zeroOf(f: Field): unknown {
  if (f.pointer || f.omitZero) return undefined;
  switch (f.type.kind) {
    case 'struct':
      return isPlainStruct(f.type.type) ? emptyObject : null;
    case 'Time':
    case 'MicroTime':
    case 'RawExtension':
      return null;
    case 'IntOrString':
      return 0;
    case 'Quantity':
      return '0';
    case 'Duration':
      return '0s';
    default:
      return f.omitEmpty ? undefined : (impliedDefault(f) ?? null);
  }
}

/** The published schema gives plain scalars that are always written their zero as default. */
function impliedDefault(f: Field): unknown {
  if (f.pointer || f.omitEmpty) return undefined;
  switch (f.type.kind) {
    case 'string':
      return '';
    case 'bool':
      return false;
    case 'int32':
    case 'int64':
    case 'double':
      return 0;
    default:
      return undefined;
  }
}

function shapeOfField(f: Field): Shape {
  switch (f.type.kind) {
    case 'list':
      return listShape(...listRules(f), shapeOfRef(f.type.of));
    case 'map':
      return mapShape(f.mapType === 'atomic', shapeOfRef(f.type.of));
    case 'struct':
      if (f.mapType !== undefined && isPlainStruct(f.type.type)) {
        return structShape(f.type.type, f.mapType === 'atomic');
      }
      return shapeOfRef(f.type);
    default:
      return shapeOfRef(f.type);
  }
}

/** Atomic or not, and the keys. Without a list type the strategic merge rules tell. */
function listRules(f: Field): [atomic: boolean, keys: readonly string[]] {
  if (f.listType !== undefined) {
    return [f.listType === 'atomic', f.listType === 'map' ? f.listMapKeys : []];
  }
  if (f.patchStrategy === 'merge' || f.patchStrategy === 'merge,retainKeys') {
    return [false, f.patchMergeKey === undefined ? [] : [f.patchMergeKey]];
  }
  return [true, []];
}

function isPlainStruct(type: StructType): boolean {
  return type.special === undefined && type.wraps === undefined;
}

/** The shape of a type given either way. */
export function shapeOf(type: StructType | Shape): Shape {
  return 'byName' in type ? shapeOfStruct(type) : type;
}

/** The shape of a type reference. */
export function shapeOfRef(ref: TypeRef): Shape {
  switch (ref.kind) {
    case 'struct':
      if (ref.type.special !== undefined) return shapeOfRef({ kind: ref.type.special });
      if (ref.type.wraps !== undefined) return shapeOfRef(ref.type.wraps);
      return shapeOfStruct(ref.type);
    case 'list':
      return listShape(true, [], shapeOfRef(ref.of));
    case 'map':
      return mapShape(false, shapeOfRef(ref.of));
    case 'string':
    case 'bytes':
    case 'Duration':
      return text;
    case 'bool':
      return boolean;
    case 'int32':
    case 'int64':
    case 'double':
      return numeric;
    case 'Time':
    case 'MicroTime':
    case 'Quantity':
      return anyScalar;
    case 'RawExtension':
      return untypedShape;
    case 'FieldsV1':
      return freeFormObject;
    default:
      return deducedShape;
  }
}
