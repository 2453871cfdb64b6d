/**
 * The cached objects of one namespace (or of a kind without namespaces): by name, in the order of
 * their names, and by the labels that are asked for.
 */
import type { Selector } from '../../../machinery/meta/labels.ts';
import { LabelIndex } from './label-index.ts';
import type { StoredObject } from './stored-object.ts';

/** So many names that came or went are put in or taken out one by one; more are sorted anew. */
const maxPending = 32;
/** Among fewer objects nothing is gained by an index. */
const indexedFrom = 64;
/** So many labels may have indexes. */
const maxIndexes = 16;
/** So many writes without a list by its label, beside one for each object, end an index. */
const idleWrites = 10_000;

export class Bucket {
  readonly #byName = new Map<string, StoredObject>();
  /** In order, but for what is pending. */
  #names: string[] = [];
  /** Names that came or went since the names were in order; undefined: too many. */
  #pending: string[] | undefined = [];
  /**
   * By label, the one used last at the end; undefined for one that was asked for once, which is
   * not worth an index yet.
   */
  #indexes: Map<string, LabelIndex | undefined> | undefined;

  get size(): number {
    return this.#byName.size;
  }

  get(name: string): StoredObject | undefined {
    return this.#byName.get(name);
  }

  /** Takes in an object; returns the one that had its name. */
  set(o: StoredObject): StoredObject | undefined {
    const prev = this.#byName.get(o.name);
    this.#byName.set(o.name, o);
    if (prev === undefined) this.#came(o.name);
    if (this.#indexes !== undefined) this.#index(o.name, o, prev);
    return prev;
  }

  /** Takes an object out; returns it. */
  delete(name: string): StoredObject | undefined {
    const prev = this.#byName.get(name);
    if (prev === undefined) return undefined;
    this.#byName.delete(name);
    this.#changed(name);
    if (this.#indexes !== undefined) this.#index(name, undefined, prev);
    return prev;
  }

  /**
   * Objects in order, from the first whose name is not below `from`. To be read at once: what
   * changes before it has ended may be missed, and what stays may be too.
   */
  *objects(from = ''): Generator<StoredObject, void, undefined> {
    const names = this.#ordered();
    for (let i = from === '' ? 0 : placeOf(names, from); i < names.length; i++) {
      const o = this.#byName.get(names[i]!);
      if (o !== undefined) yield o;
    }
  }

  /** How many objects have names that are not below `from`. */
  countFrom(from: string): number {
    if (from === '') return this.#byName.size;
    const names = this.#ordered();
    return names.length - placeOf(names, from);
  }

  /**
   * Objects in order among which are all that a selector selects, few others: undefined when there
   * is no index that says more than to look at each. What is asked for again gets an index.
   */
  labelled(selector: Selector): StoredObject[] | undefined {
    if (this.#byName.size < indexedFrom) return undefined;
    let best: readonly string[] | undefined;
    let few = this.#byName.size / 4;
    for (const { key, operator, values } of selector.requirements) {
      if (operator !== '=' && operator !== '==' && operator !== 'in') continue;
      const index = this.#indexOf(key);
      const count = index?.count(values);
      if (count === undefined || count > few) continue;
      few = count;
      best = index!.names(values);
    }
    return best?.map((name) => this.#byName.get(name)!);
  }

  /** The index of a label, made when it is asked for the second time. */
  #indexOf(label: string): LabelIndex | undefined {
    this.#indexes ??= new Map();
    const indexes = this.#indexes;
    const known = indexes.has(label);
    let index = indexes.get(label);
    if (known && index === undefined) {
      index = new LabelIndex(label);
      for (const o of this.#byName.values()) index.put(o.name, o, undefined);
    }
    index?.used();
    indexes.delete(label);
    indexes.set(label, index);
    if (indexes.size > maxIndexes) indexes.delete(indexes.keys().next().value!);
    return index;
  }

  #index(name: string, o: StoredObject | undefined, prev: StoredObject | undefined): void {
    for (const [label, index] of this.#indexes!) {
      if (index === undefined) continue;
      index.put(name, o, prev);
      if (index.idle > idleWrites + this.#byName.size) this.#indexes!.delete(label);
    }
  }

  #came(name: string): void {
    const last = this.#names.at(-1);
    // Names often come in order.
    if (this.#pending?.length === 0 && (last === undefined || last < name)) this.#names.push(name);
    else this.#changed(name);
  }

  #changed(name: string): void {
    this.#pending?.push(name);
    if (this.#pending !== undefined && this.#pending.length > maxPending) this.#pending = undefined;
  }

  #ordered(): readonly string[] {
    const pending = this.#pending;
    if (pending === undefined) this.#names = [...this.#byName.keys()].sort();
    else for (const name of pending) this.#place(name);
    if (pending === undefined || pending.length > 0) this.#pending = [];
    return this.#names;
  }

  /** Puts a name in its place, or takes it out. */
  #place(name: string): void {
    const at = placeOf(this.#names, name);
    const there = this.#names[at] === name;
    const is = this.#byName.has(name);
    if (is === there) return;
    if (is) this.#names.splice(at, 0, name);
    else this.#names.splice(at, 1);
  }
}

/** Where the first name stands that is not below `name`. */
function placeOf(names: readonly string[], name: string): number {
  let low = 0;
  let high = names.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (names[middle]! < name) low = middle + 1;
    else high = middle;
  }
  return low;
}
