/** Plain JSON as values, looked at only where an expression goes. */
import { ListValue } from './list-value.ts';
import { MapValue } from './map-value.ts';
import type { Value } from './values.ts';

/**
 * Plain JSON: what `JSON.parse` gives, with bigint for whole numbers that a number cannot hold.
 * Fields that are `undefined` count as missing.
 */
export type Json = null | boolean | number | bigint | string | readonly Json[] | JsonObject;
/** A JSON object. */
export interface JsonObject {
  readonly [key: string]: Json | undefined;
}

/** `json` as a value: whole numbers are int, others double, the rest by its kind. */
export function adapt(json: Json): Value {
  switch (typeof json) {
    case 'number':
      return Number.isSafeInteger(json) ? BigInt(json) : json;
    case 'object':
      if (json === null) return null;
      return isArray(json) ? new JsonList(json) : new JsonMap(json);
    default:
      return json;
  }
}

function isArray(json: readonly Json[] | JsonObject): json is readonly Json[] {
  return Array.isArray(json);
}

/** A JSON array; its items become values when they are asked for. */
export class JsonList extends ListValue {
  readonly json: readonly Json[];

  constructor(json: readonly Json[]) {
    super();
    this.json = json;
  }

  size(): number {
    return this.json.length;
  }

  at(index: number): Value {
    return adapt(this.json[index]!);
  }
}

/** A JSON object; its fields become values when they are asked for. */
export class JsonMap extends MapValue {
  readonly json: JsonObject;

  constructor(json: JsonObject) {
    super();
    this.json = json;
  }

  size(): number {
    let count = 0;
    for (const key of Object.keys(this.json)) if (this.json[key] !== undefined) count++;
    return count;
  }

  find(key: Value): Value | undefined {
    if (typeof key !== 'string' || !Object.hasOwn(this.json, key)) return undefined;
    const found = this.json[key];
    return found === undefined ? undefined : adapt(found);
  }

  *keys(): IterableIterator<Value> {
    for (const key of Object.keys(this.json)) if (this.json[key] !== undefined) yield key;
  }
}
