/** Lists: of values, of JSON not looked at yet, of two lists put together. */
import { type CelType, dynListType } from './types.ts';
import { formatValue, type Result, type Value } from './values.ts';

/**
 * A list. Whoever has a list of another make (one that knows a schema, a set) extends this one and
 * is taken everywhere a list is.
 */
export abstract class ListValue {
  get type(): CelType {
    return dynListType;
  }

  /** How many there are. */
  abstract size(): number;

  /** The one at `index`, which is within the bounds. */
  abstract at(index: number): Value;

  /** What `list == other` is where order does not count; without it, one by one. */
  equals?(other: Value): boolean;

  /** What `list + other` is where it is not simply one after the other. */
  concat?(other: ListValue): Result;

  *[Symbol.iterator](): IterableIterator<Value> {
    for (let i = 0; i < this.size(); i++) yield this.at(i);
  }

  /** As messages print it. */
  toString(): string {
    return `[${[...this].map(formatValue).join(', ')}]`;
  }
}

/** A list of values at hand. The array is not copied and not changed. */
export class ArrayList extends ListValue {
  readonly values: readonly Value[];

  constructor(values: readonly Value[]) {
    super();
    this.values = values;
  }

  size(): number {
    return this.values.length;
  }

  at(index: number): Value {
    return this.values[index]!;
  }
}

/**
 * A list that a comprehension gathers. Only the fold that made it adds to it; nobody else has it
 * before it is full.
 */
export class GatheredList extends ListValue {
  private readonly values: Value[] = [];

  size(): number {
    return this.values.length;
  }

  at(index: number): Value {
    return this.values[index]!;
  }

  /** Adds all of `other`; answers itself. */
  override concat(other: ListValue): Result {
    for (let i = 0; i < other.size(); i++) this.values.push(other.at(i));
    return this;
  }

  /** The list as everybody may have it. */
  finish(): ArrayList {
    return new ArrayList(this.values);
  }
}

/** One list after another, without a copy. */
export class ConcatList extends ListValue {
  private readonly first: ListValue;
  private readonly second: ListValue;
  private readonly firstSize: number;
  private readonly total: number;
  private flat: readonly Value[] | undefined;

  constructor(first: ListValue, second: ListValue) {
    super();
    this.first = first;
    this.second = second;
    this.firstSize = first.size();
    this.total = this.firstSize + second.size();
  }

  size(): number {
    return this.total;
  }

  at(index: number): Value {
    this.flat ??= flatten(this.first, this.second);
    return this.flat[index]!;
  }

  /** Left arm first, without recursion: sums of thousands of lists lean to the left. */
  parts(): readonly [ListValue, ListValue] {
    return [this.first, this.second];
  }
}

function flatten(first: ListValue, second: ListValue): readonly Value[] {
  const out: Value[] = [];
  const waiting: ListValue[] = [second, first];
  for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
    if (next instanceof ConcatList) {
      const [a, b] = next.parts();
      waiting.push(b, a);
    } else {
      for (const value of next) out.push(value);
    }
  }
  return out;
}

/** `a + b`. */
export function concatLists(a: ListValue, b: ListValue): Result {
  if (a.concat !== undefined) return a.concat(b);
  if (a.size() === 0) return b;
  return b.size() === 0 ? a : new ConcatList(a, b);
}
