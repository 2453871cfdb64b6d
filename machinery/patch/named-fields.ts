/** The set of fields a configuration names: what an applier comes to own. */
import { type FieldSet, isEmptySet, leaf, type MutableFieldSet } from './field-set.ts';
import { elementOf } from './list-element.ts';
import type { ListShape, MapShape, Shape } from './shape.ts';
import { asList, asMap, formOf, isEmptyMap, memberShape } from './typed.ts';

type JsonObject = Readonly<Record<string, unknown>>;

/**
 * The fields a configuration names: its leaves and its list items. Structs and lists on the way
 * are not named by that. Throws ListElementError.
 */
export function fieldSetOf(shape: Shape, value: unknown): FieldSet {
  return fieldsBelow(shape, value) ?? leaf;
}

/** What is below a value; `leaf` when the value itself is what is named. */
function fieldsBelow(shape: Shape, value: unknown): FieldSet | undefined {
  switch (formOf(shape, value)) {
    case 'scalar':
      return leaf;
    case 'list':
      return shape.list!.atomic ? leaf : itemsNamed(shape.list!, asList(value) ?? []);
    default:
      return shape.map!.atomic ? leaf : membersNamed(shape.map!, asMap(value));
  }
}

function itemsNamed(list: ListShape, items: readonly unknown[]): FieldSet | undefined {
  const out: MutableFieldSet = {};
  for (const item of items) {
    const element = elementOf(list, item);
    if (out[element] !== undefined) out[element] = leaf;
    else out[element] = withSelf(fieldsBelow(list.element, item));
  }
  return isEmptySet(out) ? undefined : out;
}

function membersNamed(map: MapShape, m: JsonObject | undefined): FieldSet | undefined {
  const out: MutableFieldSet = {};
  for (const name in m) {
    const value = m[name];
    if (value === undefined) continue;
    const field = map.fields.get(name);
    const below = fieldsBelow(memberShape(map, field), value);
    const members = asMap(value);
    const self =
      field === undefined || value === null || (members !== undefined && isEmptyMap(members));
    const node = self ? withSelf(below) : below;
    if (node !== undefined) out[field?.path ?? `f:${name}`] = node;
  }
  return isEmptySet(out) ? undefined : out;
}

function withSelf(below: FieldSet | undefined): FieldSet {
  if (below === undefined || isEmptySet(below)) return leaf;
  return { '.': leaf, ...below };
}
