/** The protobuf wire format, as much of it as etcd's messages need. */

/** Wire types (protobuf.dev, Encoding). */
export const wireType = { varint: 0, fixed64: 1, bytes: 2, fixed32: 5 } as const;

/** Writes one message. */
export class WireWriter {
  readonly #bytes: Buffer;
  #at = 0;

  /** `capacity` must suffice for the whole message. */
  constructor(capacity: number) {
    this.#bytes = Buffer.allocUnsafe(capacity);
  }

  /** An integer field; `value` is not negative. */
  int(field: number, value: number): void {
    this.#varint(field << 3);
    this.#varint(value);
  }

  bytes(field: number, value: Uint8Array): void {
    this.#varint((field << 3) | wireType.bytes);
    this.#varint(value.length);
    this.#bytes.set(value, this.#at);
    this.#at += value.length;
  }

  /** A field that is a message itself. */
  message(field: number, write: () => void): void {
    this.#varint((field << 3) | wireType.bytes);
    // The length is not known yet: room for four digits, the upper ones zero if need be.
    const lengthAt = this.#at;
    this.#at += 4;
    write();
    let length = this.#at - lengthAt - 4;
    for (let i = 0; i < 4; i++, length >>>= 7) {
      this.#bytes[lengthAt + i] = (length & 0x7f) | (i < 3 ? 0x80 : 0);
    }
  }

  finish(): Buffer {
    return this.#bytes.subarray(0, this.#at);
  }

  #varint(value: number): void {
    while (value > 0x7f) {
      this.#bytes[this.#at++] = (value % 0x80) | 0x80;
      value = Math.floor(value / 0x80);
    }
    this.#bytes[this.#at++] = value;
  }
}

/** Reads one message field by field. */
export class WireReader {
  readonly #bytes: Buffer;
  readonly #end: number;
  #at: number;
  #type = 0;

  constructor(bytes: Buffer, from = 0, end = bytes.length) {
    this.#bytes = bytes;
    this.#at = from;
    this.#end = end;
  }

  /** The number of the next field, 0 at the end. Its value must be read or skipped then. */
  next(): number {
    if (this.#at >= this.#end) return 0;
    const tag = this.int();
    this.#type = tag & 7;
    return tag >>> 3;
  }

  /** An integer. Beyond 2^53 (lease ids of other clients) it is only about right. */
  int(): number {
    let value = 0;
    let factor = 1;
    for (let digits = 0; digits < 10; digits++) {
      const byte = this.#bytes[this.#at++];
      if (byte === undefined) break;
      value += (byte & 0x7f) * factor;
      if (byte < 0x80) return value;
      factor *= 0x80;
    }
    throw new Error('etcd: malformed message');
  }

  bool(): boolean {
    return this.int() !== 0;
  }

  /** A view of the message, not a copy. */
  bytes(): Buffer {
    const start = this.#take();
    return this.#bytes.subarray(start, this.#at);
  }

  text(): string {
    const start = this.#take();
    return this.#bytes.toString('utf8', start, this.#at);
  }

  message(): WireReader {
    const start = this.#take();
    return new WireReader(this.#bytes, start, this.#at);
  }

  skip(): void {
    switch (this.#type) {
      case wireType.varint:
        this.int();
        return;
      case wireType.bytes:
        this.#take();
        return;
      case wireType.fixed64:
        this.#at += 8;
        return;
      case wireType.fixed32:
        this.#at += 4;
        return;
      default:
        throw new Error('etcd: malformed message');
    }
  }

  /** Passes over a length and what it covers; returns where that began. */
  #take(): number {
    const length = this.int();
    const start = this.#at;
    this.#at += length;
    if (this.#at > this.#end) throw new Error('etcd: malformed message');
    return start;
  }
}
