/** Maps: of values, or of another make that a caller brings. */
import { type CelType, dynMapType } from './types.ts';
import { CelError, formatValue, type Result, Uint, type Value } from './values.ts';

/**
 * A map. Whoever has a map of another make (a JSON object with a schema) extends this one and is
 * taken everywhere a map is.
 */
export abstract class MapValue {
  get type(): CelType {
    return dynMapType;
  }

  /** How many entries there are. */
  abstract size(): number;

  /** The value at `key`, `undefined` without one, an error for a key that no map of it has. */
  abstract find(key: Value): Result | undefined;

  /** All keys, in the order comprehensions go through them. */
  abstract keys(): Iterable<Value>;

  /** What `map == other` is where it is not entry by entry. */
  equals?(other: Value): boolean;

  /** As messages print it. */
  toString(): string {
    const entries = [...this.keys()].map((k) => {
      const value = this.find(k) ?? null;
      return `${formatValue(k)}: ${String(value)}`;
    });
    return `{${entries.join(', ')}}`;
  }
}

/** A map of values at hand. Keys are bool, int, uint, double or string; numbers meet by value. */
export class EntriesMap extends MapValue {
  protected readonly entries = new Map<MapKey, Entry>();

  constructor(entries: Iterable<readonly [Value, Value]>) {
    super();
    for (const [key, value] of entries) this.entries.set(exactKey(key), { key, value });
  }

  size(): number {
    return this.entries.size;
  }

  find(key: Value): Value | undefined {
    for (const candidate of keyCandidates(key)) {
      const found = this.entries.get(candidate);
      if (found !== undefined) return found.value;
    }
    return undefined;
  }

  *keys(): IterableIterator<Value> {
    for (const { key } of this.entries.values()) yield key;
  }
}

/** A map that a comprehension gathers; as with lists, nobody else has it before it is full. */
export class GatheredMap extends EntriesMap {
  constructor() {
    super([]);
  }

  /** Adds an entry; answers itself, or an error where the key is there. */
  insert(key: Value, value: Value): Result {
    if (this.find(key) !== undefined) {
      return new CelError(`insert failed: key ${formatValue(key)} already exists`);
    }
    this.entries.set(exactKey(key), { key, value });
    return this;
  }

  /** The map as everybody may have it. */
  finish(): EntriesMap {
    return new EntriesMap([...this.entries.values()].map((e) => [e.key, e.value] as const));
  }
}

interface Entry {
  readonly key: Value;
  readonly value: Value;
}

type MapKey = string | bigint | number | boolean | object | null;

/** Under what an entry is kept: of unsigned integers a text no string key has. */
function exactKey(key: Value): MapKey {
  if (key instanceof Uint) return `u${key.value}`;
  return typeof key === 'string' ? `s${key}` : key;
}

/** All that equals `key` among keys of other number types. */
function keyCandidates(key: Value): readonly MapKey[] {
  if (typeof key === 'string') return [`s${key}`];
  if (typeof key === 'bigint') return key < 0n ? [key] : [key, `u${key}`];
  if (key instanceof Uint) return [`u${key.value}`, key.value];
  if (typeof key === 'number' && Number.isInteger(key)) {
    const whole = BigInt(key);
    return [key, whole, `u${whole}`];
  }
  return [key];
}
