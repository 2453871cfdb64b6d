/**
 * Packs many small records into one ArrayBuffer, which moves between threads without a copy.
 * Structured clones of objects with buffers cost several times more.
 */

/** Writes records; `finish` gives the buffer away. */
export class MessageWriter {
  #bytes: Buffer;
  /** The first 8 bytes hold the length. */
  #at = 8;

  /** `capacity` bytes are there at first; the buffer grows as needed. */
  constructor(capacity: number) {
    this.#bytes = Buffer.allocUnsafeSlow(capacity + 8);
  }

  /** Whether nothing has been written. */
  get empty(): boolean {
    return this.#at === 8;
  }

  /** Bytes written so far. */
  get length(): number {
    return this.#at - 8;
  }

  byte(value: number): void {
    this.#reserve(1);
    this.#bytes[this.#at++] = value;
  }

  /** A whole number up to 2^53. */
  number(value: number): void {
    this.#reserve(8);
    this.#at = this.#bytes.writeDoubleLE(value, this.#at);
  }

  text(value: string): void {
    this.#reserve(4 + value.length * 3);
    const written = this.#bytes.write(value, this.#at + 4, 'utf8');
    this.#at = this.#bytes.writeUInt32LE(written, this.#at) + written;
  }

  bytes(value: Uint8Array): void {
    this.#reserve(4 + value.length);
    this.#at = this.#bytes.writeUInt32LE(value.length, this.#at);
    this.#bytes.set(value, this.#at);
    this.#at += value.length;
  }

  /** The buffer to transfer; the writer must not be used any more. */
  finish(): ArrayBuffer {
    this.#bytes.writeDoubleLE(this.#at, 0);
    return this.#bytes.buffer as ArrayBuffer;
  }

  #reserve(more: number): void {
    if (this.#at + more <= this.#bytes.length) return;
    const grown = Buffer.allocUnsafeSlow(Math.max(this.#bytes.length * 2, this.#at + more));
    this.#bytes.copy(grown, 0, 0, this.#at);
    this.#bytes = grown;
  }
}

/** Reads records in the order in which they were written. */
export class MessageReader {
  readonly #bytes: Buffer;
  readonly #end: number;
  #at = 8;

  constructor(message: ArrayBuffer) {
    this.#bytes = Buffer.from(message);
    this.#end = this.#bytes.readDoubleLE(0);
  }

  /** Whether all has been read. */
  get done(): boolean {
    return this.#at >= this.#end;
  }

  byte(): number {
    return this.#bytes[this.#at++]!;
  }

  number(): number {
    const value = this.#bytes.readDoubleLE(this.#at);
    this.#at += 8;
    return value;
  }

  text(): string {
    const length = this.#length();
    const value = this.#bytes.toString('utf8', this.#at, this.#at + length);
    this.#at += length;
    return value;
  }

  /** A view of the message, not a copy. */
  bytes(): Buffer {
    const length = this.#length();
    const value = this.#bytes.subarray(this.#at, this.#at + length);
    this.#at += length;
    return value;
  }

  #length(): number {
    const length = this.#bytes.readUInt32LE(this.#at);
    this.#at += 4;
    return length;
  }
}
