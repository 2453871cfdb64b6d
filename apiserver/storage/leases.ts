/** Leases of the memory and the embedded store: which keys end when. No timers of its own. */

interface Lease {
  readonly id: number;
  readonly expiresAt: number;
  readonly keys: Set<string>;
}

/** Leases by expiry. Times are milliseconds since 1970, passed in. */
export class Leases {
  readonly #byId = new Map<number, Lease>();
  /** A binary heap, the lease that expires first on top. */
  readonly #heap: Lease[] = [];
  #lastId = 0;

  /** An id higher than all there were. */
  nextId(): number {
    return this.#lastId + 1;
  }

  has(id: number): boolean {
    return this.#byId.has(id);
  }

  /** Adds a lease; its id must be new. */
  add(id: number, expiresAt: number): void {
    const lease: Lease = { id, expiresAt, keys: new Set() };
    this.#byId.set(id, lease);
    this.#lastId = Math.max(this.#lastId, id);
    this.#heap.push(lease);
    siftUp(this.#heap, this.#heap.length - 1);
  }

  /** Moves a key from the lease it had to the one it has now (0: none). */
  move(key: string, from: number, to: number): void {
    if (from === to) return;
    this.#byId.get(from)?.keys.delete(key);
    this.#byId.get(to)?.keys.add(key);
  }

  /** When the first lease expires; undefined when there is none. */
  nextExpiry(): number | undefined {
    return this.#heap[0]?.expiresAt;
  }

  /** A lease that has expired at `now` with its keys; it stays until it is removed. */
  expired(now: number): { id: number; keys: ReadonlySet<string> } | undefined {
    const first = this.#heap[0];
    return first !== undefined && first.expiresAt <= now ? first : undefined;
  }

  /** Removes the lease that expires first. */
  removeFirst(): void {
    const first = this.#heap[0];
    const last = this.#heap.pop();
    if (first === undefined || last === undefined) return;
    this.#byId.delete(first.id);
    if (last === first) return;
    this.#heap[0] = last;
    siftDown(this.#heap);
  }
}

function siftUp(heap: Lease[], at: number): void {
  while (at > 0) {
    const parent = (at - 1) >> 1;
    if (heap[parent]!.expiresAt <= heap[at]!.expiresAt) return;
    swap(heap, at, parent);
    at = parent;
  }
}

function siftDown(heap: Lease[]): void {
  for (let at = 0; ; ) {
    let least = at;
    for (const child of [2 * at + 1, 2 * at + 2]) {
      if (child < heap.length && heap[child]!.expiresAt < heap[least]!.expiresAt) least = child;
    }
    if (least === at) return;
    swap(heap, at, least);
    at = least;
  }
}

function swap(heap: Lease[], a: number, b: number): void {
  [heap[a], heap[b]] = [heap[b]!, heap[a]!];
}
