/**
 * Claims and users as values of expressions. Names that are no identifiers can be written escaped
 * (`claims.example__dot__org`), at any depth; numbers are doubles, as in JSON.
 */
import { unescapeFieldName } from '../../../machinery/cel/field-names.ts';
import { ListValue } from '../../../machinery/cel/list-value.ts';
import { MapValue } from '../../../machinery/cel/map-value.ts';
import { CelError, type Result, type Value } from '../../../machinery/cel/values.ts';
import type { UserInfo } from '../../registry/resource.ts';

type Fields = Readonly<Record<string, unknown>>;

/** The value of what `JSON.parse` gives. */
function jsonValue(json: unknown): Value {
  if (Array.isArray(json)) return new JsonItems(json);
  if (typeof json === 'object' && json !== null) return new NamedValues(json as Fields, false);
  return json as Value;
}

/** A JSON object. */
class NamedValues extends MapValue {
  private readonly fields: Fields;
  /** At the top, what cannot be unescaped means nothing; below, it means itself. */
  private readonly top: boolean;

  constructor(fields: Fields, top: boolean) {
    super();
    this.fields = fields;
    this.top = top;
  }

  override size(): number {
    return Object.keys(this.fields).length;
  }

  override keys(): Iterable<Value> {
    return Object.keys(this.fields);
  }

  override find(key: Value): Result | undefined {
    if (typeof key !== 'string') return new CelError('no such overload');
    const name = unescapeFieldName(key) ?? (this.top ? undefined : key);
    if (name === undefined || !Object.hasOwn(this.fields, name)) return undefined;
    return jsonValue(this.fields[name]);
  }
}

class JsonItems extends ListValue {
  private readonly items: readonly unknown[];

  constructor(items: readonly unknown[]) {
    super();
    this.items = items;
  }

  override size(): number {
    return this.items.length;
  }

  override at(index: number): Value {
    return jsonValue(this.items[index]);
  }
}

/** `claims`. */
export function claimsValue(claims: Fields): Value {
  return new NamedValues(claims, true);
}

/** `user`. */
export function userValue(user: UserInfo): Value {
  const { name, uid = '', groups, extra = {} } = user;
  return new NamedValues({ username: name, uid, groups, extra }, true);
}

/** The texts of a list, of one text, of null; empty ones are left out. Undefined for other values. */
export function textsOf(value: Value): readonly string[] | undefined {
  if (value === null) return [];
  if (typeof value === 'string') return value === '' ? [] : [value];
  if (!(value instanceof ListValue)) return undefined;
  const texts = [...value];
  if (!texts.every((t) => typeof t === 'string')) return undefined;
  return texts.filter((t) => t !== '');
}
