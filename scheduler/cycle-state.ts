/**
 * The notes plugins keep while one pod is scheduled. Keys are typed and numbered, so that a read
 * in the innermost loop is an array access.
 */
import type { Plugin } from './framework.ts';

/** Names one note; made once per plugin with `stateKey`. */
export interface StateKey<T> {
  readonly slot: number;
  readonly name: string;
  /** How the note is copied before pods are added or removed on trial; left out: shared. */
  readonly clone?: (value: T) => T;
}

type AnyKey = StateKey<unknown>;

let nextSlot = 0;

/** A new key; call it at module level, once per note. */
export function stateKey<T>(name: string, clone?: (value: T) => T): StateKey<T> {
  return { slot: nextSlot++, name, ...(clone === undefined ? {} : { clone }) };
}

/** The notes of one scheduling cycle, and which plugins sit it out. */
export class CycleState {
  /** Filter plugins that take part; set by the pre-filter phase. */
  filters: readonly Plugin[] = [];
  /** Score plugins that take part; set by the pre-score phase. */
  scorers: readonly Plugin[] = [];
  readonly #values: unknown[] = [];
  readonly #keys: AnyKey[] = [];

  read<T>(key: StateKey<T>): T | undefined {
    return this.#values[key.slot] as T | undefined;
  }

  write<T>(key: StateKey<T>, value: T): void {
    if (this.#values[key.slot] === undefined) this.#keys.push(key as unknown as AnyKey);
    this.#values[key.slot] = value;
  }

  /** A copy in which pods may be added and removed without touching the original. */
  clone(): CycleState {
    const copy = new CycleState();
    copy.filters = this.filters;
    copy.scorers = this.scorers;
    for (const key of this.#keys) {
      const value = this.#values[key.slot];
      copy.write(key, key.clone === undefined ? value : key.clone(value));
    }
    return copy;
  }
}
