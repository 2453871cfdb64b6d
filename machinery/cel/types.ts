/**
 * Types of the expression language: what the checker infers and what `type(x)` answers. A type is
 * also a value, so that `type(1) == int` is a comparison like any other.
 */

/** What a type is at heart; `struct` has declared fields, `opaque` none, `param` stands open. */
export type Kind =
  | 'bool'
  | 'int'
  | 'uint'
  | 'double'
  | 'string'
  | 'bytes'
  | 'null'
  | 'dyn'
  | 'any'
  | 'error'
  | 'type'
  | 'timestamp'
  | 'duration'
  | 'list'
  | 'map'
  | 'struct'
  | 'opaque'
  | 'param';

/**
 * A type, never changed once made. `name` is the name at run time, without parameters: two types
 * of one name are the same for `type(a) == type(b)`.
 */
export class CelType {
  readonly kind: Kind;
  readonly name: string;
  readonly params: readonly CelType[];
  /** Of a wrapper type: takes null beside the values of its kind. */
  readonly nullable: boolean;

  constructor(kind: Kind, name: string, params: readonly CelType[] = [], nullable = false) {
    this.kind = kind;
    this.name = name;
    this.params = params;
    this.nullable = nullable;
  }

  /** The type of a type: a type is a value like any other. */
  get type(): CelType {
    return typeType;
  }

  /** As messages at run time name it: `google.protobuf.Timestamp`, `list(<T>)`. */
  toString(): string {
    if (this.kind === 'param') return `<${this.name}>`;
    if (this.params.length === 0) return declaredName(this);
    return `${declaredName(this)}(${this.params.join(', ')})`;
  }
}

export const boolType = new CelType('bool', 'bool');
export const intType = new CelType('int', 'int');
export const uintType = new CelType('uint', 'uint');
export const doubleType = new CelType('double', 'double');
export const stringType = new CelType('string', 'string');
export const bytesType = new CelType('bytes', 'bytes');
export const nullType = new CelType('null', 'null_type');
/** Anything; decided at run time. */
export const dynType = new CelType('dyn', 'dyn');
export const anyType = new CelType('any', 'google.protobuf.Any');
/** What an expression has that did not check. */
export const errorType = new CelType('error', 'error');
/** The type of types, without saying of which. */
export const typeType = new CelType('type', 'type');
export const timestampType = new CelType('timestamp', 'google.protobuf.Timestamp');
export const durationType = new CelType('duration', 'google.protobuf.Duration');

/** A list of `element`. */
export function listType(element: CelType): CelType {
  return new CelType('list', 'list', [element]);
}

/** A map from `key` to `value`. */
export function mapType(key: CelType, value: CelType): CelType {
  return new CelType('map', 'map', [key, value]);
}

/** A type with declared fields, which a TypeProvider knows by this name. */
export function objectType(name: string): CelType {
  return wellKnownTypes.get(name) ?? new CelType('struct', name);
}

/** A type without fields: an IP address, a quantity, an authorizer. */
export function opaqueType(name: string, ...params: readonly CelType[]): CelType {
  return new CelType('opaque', name, params);
}

/** A type variable of a function's declaration: `typeParam('T')`. */
export function typeParam(name: string): CelType {
  return new CelType('param', name);
}

/** An optional `element`: what `a.?b` and `optional.of(x)` have. */
export function optionalType(element: CelType): CelType {
  return new CelType('opaque', 'optional_type', [element]);
}

/** The type of the type `of`. */
export function typeOfType(of: CelType): CelType {
  return new CelType('type', 'type', [of]);
}

/** `of` or null. */
export function nullableType(of: CelType): CelType {
  return new CelType(of.kind, of.name, of.params, true);
}

export const dynListType = listType(dynType);
export const dynMapType = mapType(dynType, dynType);

/** Message names that stand for types of the language. */
export const wellKnownTypes: ReadonlyMap<string, CelType> = new Map([
  ['google.protobuf.BoolValue', nullableType(boolType)],
  ['google.protobuf.BytesValue', nullableType(bytesType)],
  ['google.protobuf.DoubleValue', nullableType(doubleType)],
  ['google.protobuf.FloatValue', nullableType(doubleType)],
  ['google.protobuf.Int64Value', nullableType(intType)],
  ['google.protobuf.Int32Value', nullableType(intType)],
  ['google.protobuf.UInt64Value', nullableType(uintType)],
  ['google.protobuf.UInt32Value', nullableType(uintType)],
  ['google.protobuf.StringValue', nullableType(stringType)],
  ['google.protobuf.Any', anyType],
  ['google.protobuf.Duration', durationType],
  ['google.protobuf.Timestamp', timestampType],
  ['google.protobuf.ListValue', dynListType],
  ['google.protobuf.NullValue', nullType],
  ['google.protobuf.Struct', mapType(stringType, dynType)],
  ['google.protobuf.Value', dynType],
]);

/** Whether it is decided at run time. */
export function isDyn(t: CelType): boolean {
  return t.kind === 'dyn' || t.kind === 'any';
}

/** Whether it is `optional_type(…)`. */
export function isOptional(t: CelType): boolean {
  return t.kind === 'opaque' && t.name === 'optional_type';
}

/** Whether both are the same in every part. */
export function sameType(a: CelType, b: CelType): boolean {
  if (a === b) return true;
  if (a.kind !== b.kind || a.name !== b.name || a.params.length !== b.params.length) return false;
  return a.params.every((p, i) => sameType(p, b.params[i]!));
}

/** Whether a value of `from` may stand where `to` is asked for, type variables aside. */
export function assignable(to: CelType, from: CelType): boolean {
  if (to === from || to.kind === 'param' || isDyn(to)) return true;
  if (to.nullable && from.kind === 'null') return true;
  if (to.kind !== from.kind || to.name !== from.name) return false;
  if (to.params.length !== from.params.length) return false;
  return to.params.every((p, i) => assignable(p, from.params[i]!));
}

function declaredName(t: CelType): string {
  return t.nullable ? `wrapper(${t.name})` : t.name;
}

/** As messages of the checker name it: `timestamp`, `list(int)`, `null`. */
export function formatType(t: CelType): string {
  switch (t.kind) {
    case 'any':
      return 'any';
    case 'duration':
      return 'duration';
    case 'error':
      return '!error!';
    case 'null':
      return 'null';
    case 'timestamp':
      return 'timestamp';
    case 'param':
      return t.name;
    default:
  }
  if (t.params.length === 0) return declaredName(t);
  return `${t.name}(${t.params.map(formatType).join(', ')})`;
}
