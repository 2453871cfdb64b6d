/** A set of keys in byte order: sorted blocks, so that adding one moves few others. */
import { compareKeys } from './key-order.ts';

/** Blocks are split in two when they grow past this. */
const blockLimit = 512;

/** An ordered set of keys; adding, removing and seeking cost O(log n) and one short move. */
export class SortedKeys {
  readonly #blocks: string[][] = [];
  #size = 0;

  /** How many keys there are. */
  get size(): number {
    return this.#size;
  }

  /** Adds a key; nothing happens when it is there. */
  add(key: string): void {
    const b = this.#blockOf(key);
    const block = this.#blocks[b];
    if (block === undefined) {
      this.#blocks.push([key]);
      this.#size++;
      return;
    }
    const i = lowerBound(block, key);
    if (block[i] === key) return;
    this.#size++;
    // Keys often come in order: appending must not leave half-filled blocks behind.
    if (i === block.length && b === this.#blocks.length - 1 && block.length >= blockLimit) {
      this.#blocks.push([key]);
      return;
    }
    block.splice(i, 0, key);
    if (block.length > blockLimit) this.#blocks.splice(b + 1, 0, block.splice(blockLimit >> 1));
  }

  /** Removes a key; nothing happens when it is not there. */
  delete(key: string): void {
    const b = this.#blockOf(key);
    const block = this.#blocks[b];
    if (block === undefined) return;
    const i = lowerBound(block, key);
    if (block[i] !== key) return;
    block.splice(i, 1);
    this.#size--;
    if (block.length === 0) this.#blocks.splice(b, 1);
  }

  /**
   * Visits the keys at or after `start` in order until `visit` returns false. The set must not be
   * changed meanwhile.
   */
  visitFrom(start: string, visit: (key: string) => boolean): void {
    let b = this.#blockOf(start);
    let i = this.#blocks[b] === undefined ? 0 : lowerBound(this.#blocks[b]!, start);
    for (; b < this.#blocks.length; b++, i = 0) {
      const block = this.#blocks[b]!;
      for (; i < block.length; i++) if (!visit(block[i]!)) return;
    }
  }

  /** The first block whose last key is not below `key`; the last block when there is none. */
  #blockOf(key: string): number {
    let low = 0;
    let high = this.#blocks.length - 1;
    while (low < high) {
      const middle = (low + high) >> 1;
      const block = this.#blocks[middle]!;
      if (compareKeys(block[block.length - 1]!, key) < 0) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}

function lowerBound(block: readonly string[], key: string): number {
  let low = 0;
  let high = block.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (compareKeys(block[middle]!, key) < 0) low = middle + 1;
    else high = middle;
  }
  return low;
}
