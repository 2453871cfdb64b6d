/** Names of objects by their value of one label. */
import { member } from '../../../machinery/meta/member.ts';
import type { StoredObject } from './stored-object.ts';

export class LabelIndex {
  readonly #label: string;
  readonly #byValue = new Map<string, Set<string>>();
  /** Objects that cannot be read: whoever looks for a value has to be told of them. */
  readonly #unreadable = new Set<string>();
  #idle = 0;

  constructor(label: string) {
    this.#label = label;
  }

  /** Writes since it was last used. */
  get idle(): number {
    return this.#idle;
  }

  /** Tells that it was of use. */
  used(): void {
    this.#idle = 0;
  }

  /** Takes in that an object came, went or changed. */
  put(name: string, next: StoredObject | undefined, prev: StoredObject | undefined): void {
    this.#idle++;
    const now = next === undefined ? undefined : this.#valueOf(next);
    const then = prev === undefined ? undefined : this.#valueOf(prev);
    if (now === then) return;
    const left = this.#setOf(then);
    if (left?.delete(name) && left.size === 0 && typeof then === 'string') {
      this.#byValue.delete(then);
    }
    if (typeof now === 'string' && !this.#byValue.has(now)) this.#byValue.set(now, new Set([name]));
    else this.#setOf(now)?.add(name);
  }

  /** How many objects `names` would return. */
  count(values: readonly string[]): number {
    let count = this.#unreadable.size;
    for (const value of values) count += this.#byValue.get(value)?.size ?? 0;
    return count;
  }

  /** Names, in order, of the objects with one of some values, and of those that cannot be read. */
  names(values: readonly string[]): string[] {
    const names = [...this.#unreadable];
    for (const value of new Set(values)) names.push(...(this.#byValue.get(value) ?? []));
    return names.sort();
  }

  #setOf(value: string | null | undefined): Set<string> | undefined {
    if (value === null) return this.#unreadable;
    return value === undefined ? undefined : this.#byValue.get(value);
  }

  /** null when the object cannot be read. */
  #valueOf(o: StoredObject): string | null | undefined {
    try {
      return member(o.labels, this.#label);
    } catch {
      return null;
    }
  }
}
