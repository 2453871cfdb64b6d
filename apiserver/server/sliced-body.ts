/**
 * A body made of slices that lie in memory already: the items of a list in the watch cache. It goes
 * out through small buffers that are used again and again. As one buffer, a list of 2000 pods would
 * be 6 MB to allocate, fill and collect for each answer, which costs more than encrypting it.
 */
import type { ServerResponse } from 'node:http';

/** Eight TLS records: Node hands at most ten to the kernel at once. */
const pieceBytes = 128 * 1024;

/** Pieces that are kept for the next answer. */
const keptPieces = 16;
const pieces: Buffer[] = [];

/** Slices in the order in which they go out. They must not change any more. */
export class SlicedBody {
  readonly #slices: Buffer[] = [];
  /** Where each slice begins and ends in its buffer. */
  readonly #ranges: number[] = [];
  #length = 0;
  /** How far it has been read: slices, and bytes of the next one. */
  #slice = 0;
  #offset = 0;

  /** All bytes together. */
  get length(): number {
    return this.#length;
  }

  /** Adds what stands in `buffer` from `start` to `end`. */
  push(buffer: Buffer, start = 0, end = buffer.length): void {
    this.#slices.push(buffer);
    this.#ranges.push(start, end);
    this.#length += end - start;
  }

  /** Everything in one buffer. */
  joined(): Buffer {
    const out = Buffer.allocUnsafe(this.#length);
    let at = 0;
    for (const [i, slice] of this.#slices.entries()) {
      at += slice.copy(out, at, this.#ranges[2 * i], this.#ranges[2 * i + 1]);
    }
    return out;
  }

  /** Fills `into` with what follows; returns how many bytes that are, 0 at the end. */
  read(into: Buffer): number {
    let at = 0;
    while (at < into.length && this.#slice < this.#slices.length) {
      const slice = this.#slices[this.#slice]!;
      const from = this.#ranges[2 * this.#slice]! + this.#offset;
      const end = this.#ranges[2 * this.#slice + 1]!;
      const copied = slice.copy(into, at, from, end);
      at += copied;
      if (from + copied === end) {
        this.#slice++;
        this.#offset = 0;
      } else this.#offset += copied;
    }
    return at;
  }
}

/**
 * Writes a body behind its head, as fast as the client reads. Resolves when all of it has been
 * handed over, or the connection has broken.
 */
export function writeSliced(response: ServerResponse, body: SlicedBody): Promise<void> {
  return new Promise((resolve) => {
    const piece = pieces.pop() ?? Buffer.allocUnsafeSlow(pieceBytes);
    let left = body.length;
    const next = () => {
      // What a broken connection has not sent it may still hold: the piece is left to it.
      if (response.destroyed) return;
      const size = body.read(piece);
      left -= size;
      const bytes = piece.subarray(0, size);
      if (left > 0) {
        response.write(bytes, next);
        return;
      }
      response.end(bytes, () => {
        if (pieces.length < keptPieces) pieces.push(piece);
      });
      resolve();
    };
    next();
    // A connection that breaks does not call back.
    if (left > 0) response.once('close', resolve);
  });
}
