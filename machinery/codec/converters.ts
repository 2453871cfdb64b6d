/**
 * Schema-directed conversion to normal form: one converter per type of the table, compiled on
 * first use. Objects that are in normal form already come back as they are.
 */
import { carryEmptied, emptiedOf, noteEmptied } from '../meta/emptied.ts';
import { type Field, type StructType, structType, type TypeRef } from '../schema/schema.ts';
import { listConverter, mapConverter } from './collections.ts';
import { DecodeContext, DecodeError, isObject, type PathField } from './decode-context.ts';
import { goStructName, goTypeOf, goTypeOfField, goTypeOfId } from './go-types.ts';
import { type Convert, type Converter, scalars, stringConvert } from './scalars.ts';
import { schemaPropsConverter } from './schema-props.ts';

type JsonObject = Record<string, unknown>;

/** A field of a struct, compiled. */
interface FieldPlan extends PathField {
  /** Place in output. */
  readonly order: number;
  /** The value to keep; undefined: leave the field out. */
  readonly convert: Convert;
  /** The value when the field is not given; undefined: left out. */
  readonly absent: () => unknown;
}

/** Deeper recursion than this is refused; only schemas of custom resources nest at all. */
const depthLimit = 1000;

const structs = new Map<StructType, Converter>();

/** The converter of a struct type. */
export function structConverter(type: StructType): Converter {
  let converter = structs.get(type);
  if (converter === undefined) {
    converter = compileStruct(type);
    structs.set(type, converter);
  }
  return converter;
}

/**
 * Types whose values are stored as protobuf, which cannot tell an empty list from none: what the
 * real server answers is then null. Custom resource definitions and API services are stored as
 * JSON; reviews and the like are not stored.
 */
const notProtobuf =
  /^(apiextensions|apiregistration|authentication|authorization|meta|admission|audit|apidiscovery|metrics|custom_metrics|external_metrics)\//;

function compileStruct(type: StructType): Converter {
  const goType = goTypeOfId(type.id);
  const goName = goStructName(type.id);
  // Filled on first use: types refer to themselves.
  let plans: Map<string, FieldPlan> | undefined;
  let always: FieldPlan[] = [];
  const link = (): Map<string, FieldPlan> => {
    const all = fieldPlans(type);
    always = all.filter((p) => p.absent() !== undefined);
    plans = new Map(all.map((p) => [p.name, p]));
    return plans;
  };

  const convert: Convert = (value, context) => {
    if (!isObject(value)) {
      return value === null || value === undefined ? undefined : context.mismatch(value, goType);
    }
    const byName = plans ?? link();
    const source = value;
    const { path } = context;
    if (path.length > depthLimit) throw new DecodeError('exceeded max depth');
    const outer = context.struct;
    context.struct = goName;
    let dropped: string[] | undefined;
    let emptied: string[] | undefined;
    let last = -3;
    let missing = always.length;
    let rebuild = false;
    for (const key in source) {
      const plan = byName.get(key);
      if (plan === undefined) {
        context.unknownField(key);
        rebuild = true;
        continue;
      }
      const before = source[key];
      path.push(plan);
      const after = plan.convert(before, context);
      path.pop();
      if (after === undefined) {
        rebuild = true;
        dropped ??= [];
        dropped.push(key);
        if (context.keepsEmptyLists && typeof before === 'object' && before !== null) {
          emptied ??= [];
          emptied.push(key);
        }
        continue;
      }
      if (after !== before) {
        source[key] = after;
        // A list that must be there is written as null when it is empty: that was sent, too.
        if (after === null && Array.isArray(before)) {
          emptied ??= [...(emptiedOf(source) ?? [])];
          emptied.push(key);
        }
      }
      if (plan.order < last) rebuild = true;
      else last = plan.order;
      if (plan.absent !== nothing) missing--;
    }
    context.struct = outer;
    if (!rebuild && missing === 0) {
      if (emptied !== undefined) noteEmptied(source, emptied);
      return source;
    }
    const out = arrange(source, keptOf(source, byName, dropped), always);
    if (emptied !== undefined) noteEmptied(out, emptied);
    else carryEmptied(source, out);
    return out;
  };
  return { convert, zero: () => convertEmpty(convert), isEmpty: () => false, structLike: true };
}

const nothing = () => undefined;

function convertEmpty(convert: Convert): unknown {
  return convert({}, silent);
}

/** The fields that stay, in the type's order. */
function keptOf(
  source: JsonObject,
  byName: ReadonlyMap<string, FieldPlan>,
  dropped: readonly string[] | undefined,
): FieldPlan[] {
  const kept: FieldPlan[] = [];
  for (const key in source) {
    const plan = byName.get(key);
    if (plan === undefined || dropped?.includes(key)) continue;
    // Moved one by one: they are few, and most are in order.
    let at = kept.length;
    for (; at > 0 && kept[at - 1]!.order > plan.order; at--) kept[at] = kept[at - 1]!;
    kept[at] = plan;
  }
  return kept;
}

/** A new object with the kept fields and those that are always there, in the type's order. */
function arrange(
  source: JsonObject,
  kept: readonly FieldPlan[],
  always: readonly FieldPlan[],
): JsonObject {
  const out: JsonObject = {};
  let next = 0;
  for (const plan of kept) {
    for (let a = always[next]; a !== undefined && a.order < plan.order; a = always[++next]) {
      out[a.name] = a.absent();
    }
    if (always[next] === plan) next++;
    out[plan.name] = source[plan.name];
  }
  for (; next < always.length; next++) out[always[next]!.name] = always[next]!.absent();
  return out;
}

const silent = new DecodeContext(false, false);

function fieldPlans(type: StructType): FieldPlan[] {
  const embedded = embeddedPaths(type, '');
  const plans = type.fields.map((field, order) =>
    fieldPlan(type, field, order, `${embedded.get(field.name) ?? ''}${field.name}`),
  );
  if (!type.typeMeta) return plans;
  const text = (name: string, order: number): FieldPlan => ({
    name,
    goPath: `TypeMeta.${name}`,
    order,
    absent: nothing,
    convert: (v, context) => scalars.string.convert(v, context) || undefined,
  });
  return [text('kind', -2), text('apiVersion', -1), ...plans];
}

/** Names of the embedded Go structs that inlined fields stand in: `VolumeSource.`. */
function embeddedPaths(type: StructType, prefix: string): Map<string, string> {
  const paths = new Map<string, string>();
  for (const f of type.protoFields) {
    if (!f.inline || f.type.kind !== 'struct') continue;
    const inner = `${prefix}${goStructName(f.type.type.id)}.`;
    for (const g of f.type.type.fields) paths.set(g.name, inner);
    for (const [name, path] of embeddedPaths(f.type.type, inner)) paths.set(name, path);
  }
  return paths;
}

function fieldPlan(type: StructType, field: Field, order: number, goPath: string): FieldPlan {
  const c = converterOf(field.type, goTypeOfField(type.id, field), field.enumId);
  const { convert, isEmpty } = c;
  const base = { name: field.name, goPath, order };
  if (field.pointer) {
    if (field.omitEmpty || field.omitZero) return { ...base, absent: nothing, convert };
    return { ...base, absent: () => null, convert: (v, x) => convert(v, x) ?? null };
  }
  if (field.omitZero || (field.omitEmpty && !c.structLike)) {
    const present: Convert = (v, context) => {
      const after = convert(v, context);
      return after === undefined || isEmpty(after) ? undefined : after;
    };
    return { ...base, absent: nothing, convert: present };
  }
  if (type.typeMeta && field.name === 'items') {
    return { ...base, absent: () => [], convert: (v, x) => convert(v, x) ?? [] };
  }
  const { zero } = c;
  const nullWhenEmpty =
    (field.type.kind === 'list' || field.type.kind === 'map') && !notProtobuf.test(type.id);
  const present: Convert = (v, context) => {
    const after = convert(v, context);
    if (after === undefined) return zero();
    return nullWhenEmpty && !context.keepsEmptyLists && isEmpty(after) ? zero() : after;
  };
  return { ...base, absent: zero, convert: present };
}

/** The converter of any type; `goType` and `enumId` only serve error texts. */
export function converterOf(ref: TypeRef, goType: string, enumId?: string): Converter {
  switch (ref.kind) {
    case 'struct': {
      const { type } = ref;
      return type.wraps === undefined
        ? structConverter(type)
        : converterOf(type.wraps, goTypeOfId(type.id));
    }
    case 'list':
      return listConverter(converterOf(ref.of, goTypeOf(ref.of, enumId), enumId), goType);
    case 'map':
      return mapConverter(converterOf(ref.of, goTypeOf(ref.of, enumId), enumId), goType);
    case 'string':
      return goType === 'string'
        ? scalars.string
        : { ...scalars.string, convert: stringConvert(goType) };
    case 'JSONSchemaPropsOrBool':
    case 'JSONSchemaPropsOrArray':
    case 'JSONSchemaPropsOrStringArray':
      return schemaPropsConverter(
        ref.kind,
        structConverter(structType('apiextensions/v1.JSONSchemaProps')),
      );
    default:
      return scalars[ref.kind];
  }
}
