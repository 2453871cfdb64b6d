/** A binary heap whose members can be found, replaced and removed by key. */

interface Entry<T> {
  readonly key: string;
  item: T;
  at: number;
}

/** Smallest first, by the `less` it is made with. */
export class KeyedHeap<T> {
  readonly #less: (a: T, b: T) => boolean;
  readonly #keyOf: (item: T) => string;
  readonly #heap: Entry<T>[] = [];
  readonly #byKey = new Map<string, Entry<T>>();

  constructor(keyOf: (item: T) => string, less: (a: T, b: T) => boolean) {
    this.#keyOf = keyOf;
    this.#less = less;
  }

  get size(): number {
    return this.#heap.length;
  }

  /** In no particular order. */
  *values(): IterableIterator<T> {
    for (const entry of this.#heap) yield entry.item;
  }

  get(key: string): T | undefined {
    return this.#byKey.get(key)?.item;
  }

  /** Puts an item in, in place of the one with the same key. */
  set(item: T): void {
    const key = this.#keyOf(item);
    const known = this.#byKey.get(key);
    if (known !== undefined) {
      known.item = item;
      this.#up(known);
      this.#down(known);
      return;
    }
    const entry = { key, item, at: this.#heap.length };
    this.#heap.push(entry);
    this.#byKey.set(key, entry);
    this.#up(entry);
  }

  peek(): T | undefined {
    return this.#heap[0]?.item;
  }

  pop(): T | undefined {
    const first = this.#heap[0];
    if (first === undefined) return undefined;
    return this.delete(first.key);
  }

  /** Removes and returns the item with this key. */
  delete(key: string): T | undefined {
    const entry = this.#byKey.get(key);
    if (entry === undefined) return undefined;
    this.#byKey.delete(key);
    const last = this.#heap.pop()!;
    if (last !== entry) {
      last.at = entry.at;
      this.#heap[last.at] = last;
      this.#up(last);
      this.#down(last);
    }
    return entry.item;
  }

  #up(entry: Entry<T>): void {
    while (entry.at > 0) {
      const parent = this.#heap[(entry.at - 1) >> 1]!;
      if (!this.#less(entry.item, parent.item)) return;
      this.#swap(entry, parent);
    }
  }

  #down(entry: Entry<T>): void {
    for (;;) {
      const left = this.#heap[entry.at * 2 + 1];
      if (left === undefined) return;
      const right = this.#heap[entry.at * 2 + 2];
      const child = right !== undefined && this.#less(right.item, left.item) ? right : left;
      if (!this.#less(child.item, entry.item)) return;
      this.#swap(entry, child);
    }
  }

  #swap(a: Entry<T>, b: Entry<T>): void {
    const at = a.at;
    a.at = b.at;
    b.at = at;
    this.#heap[a.at] = a;
    this.#heap[b.at] = b;
  }
}
