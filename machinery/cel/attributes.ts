/**
 * Ways into values: a variable or any other base, then fields and keys. A whole way is one step
 * (`a.b[c]` costs one for each part), optional from its first question mark on.
 */
import type { Eval, Frame } from './frame.ts';
import { goTypeName } from './go-type-name.ts';
import { ListValue } from './list-value.ts';
import { MapValue } from './map-value.ts';
import {
  CelError,
  formatValue,
  ObjectValue,
  Optional,
  type Result,
  typeOf,
  Uint,
  type Value,
} from './values.ts';

/** One part of a way. */
export interface Qualifier {
  /** Starts with a question mark. */
  readonly optional: boolean;
  /** Asks whether it is there, for `has(…)`. */
  readonly test: boolean;
  /** The key; errors end the way. */
  readonly key: Eval;
}

/** A way into a value. */
export interface Attribute {
  readonly base: Eval;
  readonly qualifiers: readonly Qualifier[];
  /** What it costs beside its parts: nothing for `a ? b : c`. */
  readonly cost: 0 | 1;
}

/** What stands at the end of a way, its own cost left out. */
export function resolver({ base, qualifiers }: Attribute): Eval {
  if (qualifiers.length === 0) return base;
  return (frame) => {
    const start = base(frame);
    if (start instanceof CelError) return start;
    let object: Value = start;
    let optional = false;
    if (object instanceof Optional) {
      if (object.value === undefined) return object;
      object = object.value;
      optional = true;
    }
    for (const q of qualifiers) {
      optional ||= q.optional;
      const next: Result | undefined = optional
        ? qualifyIfPresent(q, frame, object)
        : qualify(q, frame, object);
      if (next === undefined) return Optional.none;
      if (next instanceof CelError) return next;
      object = next;
    }
    return optional ? Optional.of(object) : object;
  };
}

function qualify(q: Qualifier, frame: Frame, object: Value): Result {
  const key = q.key(frame);
  const found = key instanceof CelError ? key : lookUp(object, key, q.test);
  frame.charge(1);
  if (found instanceof CelError) return found;
  // Only a test finds nothing; all others have an error for it.
  return q.test || found === undefined ? found !== undefined : found;
}

function qualifyIfPresent(q: Qualifier, frame: Frame, object: Value): Result | undefined {
  const key = q.key(frame);
  if (key instanceof CelError) return key;
  const found = lookUp(object, key, true);
  if (found !== undefined && !(found instanceof CelError)) frame.charge(1);
  return found;
}

/** The value at `key`. Where it is missing: `undefined` when only asked whether it is there. */
export function lookUp(object: Value, key: Value, ask: boolean): Result | undefined {
  if (!isKey(key)) {
    const type = key === null ? '<nil>' : goTypeName(key);
    return new CelError(`invalid qualifier type: ${type}`);
  }
  if (object instanceof MapValue) {
    const found = object.find(key);
    if (found !== undefined || ask) return found;
    return new CelError(`no such key: ${formatValue(key)}`);
  }
  if (object instanceof ListValue) {
    const at = listIndex(key);
    if (at instanceof CelError) return at;
    if (at >= 0 && at < object.size()) return object.at(at);
    return ask ? undefined : new CelError(`index out of bounds: ${formatValue(key)}`);
  }
  if (object instanceof ObjectValue && object.get !== undefined && typeof key === 'string') {
    if (ask && object.isSet !== undefined) {
      const set = object.isSet(key);
      if (set instanceof CelError) return set;
      if (!set) return undefined;
    }
    return object.get(key);
  }
  return ask ? undefined : new CelError(`no such key: ${formatValue(key)}`);
}

/** Whether something can be a key at all. */
export function isKey(key: Value): boolean {
  return typeof key !== 'object' || key instanceof Uint;
}

function listIndex(key: Value): number | CelError {
  if (typeof key === 'bigint') return Number(key);
  const n = key instanceof Uint ? Number(key.value) : key;
  if (typeof n !== 'number') {
    return new CelError(`unsupported index type '${typeOf(key)}' in list`);
  }
  if (Number.isInteger(n) && Math.abs(n) < 2 ** 63) return n;
  return new CelError(`unsupported index value ${formatValue(key)} in list`);
}
