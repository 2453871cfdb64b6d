/**
 * Writes protobuf from the end to the beginning, so that a message's length is known when its
 * header is written: no size pass, no copies. Callers write fields in descending order.
 */

const firstSize = 64 * 1024;
/** A buffer that grew beyond this is not kept for the next message. */
const keptSize = 1024 * 1024;
/** Strings up to this length are copied by hand, which is faster than a call for each. */
const shortString = 48;

let spare: Buffer | undefined;

/** One message under construction; take it with `finish`, once. */
export class ProtoWriter {
  private buffer: Buffer;
  private at: number;

  constructor() {
    this.buffer = spare ?? Buffer.allocUnsafeSlow(firstSize);
    spare = undefined;
    this.at = this.buffer.length;
  }

  /** Bytes written so far; a message's length is the difference of two marks. */
  mark(): number {
    return this.buffer.length - this.at;
  }

  /** The written bytes (a copy of their own). The writer is used up. */
  finish(): Buffer {
    const out = Buffer.from(this.buffer.subarray(this.at));
    if (this.buffer.length <= keptSize) spare = this.buffer;
    return out;
  }

  byte(value: number): void {
    if (this.at === 0) this.grow(1);
    this.buffer[--this.at] = value;
  }

  bytes(value: Uint8Array): void {
    this.need(value.length);
    this.at -= value.length;
    this.buffer.set(value, this.at);
  }

  string(value: string): void {
    const { length } = value;
    if (length <= shortString) {
      this.need(length);
      const start = this.at - length;
      let i = 0;
      for (; i < length; i++) {
        const c = value.charCodeAt(i);
        if (c > 0x7f) break;
        this.buffer[start + i] = c;
      }
      if (i === length) {
        this.at = start;
        return;
      }
    }
    const size = Buffer.byteLength(value);
    this.need(size);
    this.at -= size;
    this.buffer.write(value, this.at, 'utf8');
  }

  /** A varint of a number below 2^32, not negative. */
  uint32(value: number): void {
    if (value < 0x80) {
      this.byte(value);
      return;
    }
    this.need(5);
    const size = value < 0x4000 ? 2 : value < 0x200000 ? 3 : value < 0x10000000 ? 4 : 5;
    this.at -= size;
    let rest = value;
    for (let i = 0; i < size - 1; i++) {
      this.buffer[this.at + i] = (rest & 0x7f) | 0x80;
      rest >>>= 7;
    }
    this.buffer[this.at + size - 1] = rest;
  }

  /** A varint of a signed 64 bit number; negative ones take ten bytes. */
  int64(value: number | bigint): void {
    if (value >= 0 && value <= 0xffffffff) {
      this.uint32(Number(value));
      return;
    }
    let rest = BigInt.asUintN(64, BigInt(value));
    const groups: number[] = [];
    do {
      groups.push(Number(rest & 0x7fn));
      rest >>= 7n;
    } while (rest > 0n);
    groups.reverse().forEach((group, i) => {
      this.byte(i === 0 ? group : group | 0x80);
    });
  }

  double(value: number): void {
    this.need(8);
    this.at -= 8;
    this.buffer.writeDoubleLE(value, this.at);
  }

  /** The length of what was written since `mark`, and the field's tag. */
  header(tag: number, mark: number): void {
    this.uint32(this.mark() - mark);
    this.uint32(tag);
  }

  private need(size: number): void {
    if (this.at < size) this.grow(size);
  }

  private grow(size: number): void {
    const used = this.mark();
    const bigger = Buffer.allocUnsafeSlow(Math.max(this.buffer.length * 2, used + size));
    this.buffer.copy(bigger, bigger.length - used, this.at);
    this.at = bigger.length - used;
    this.buffer = bigger;
  }
}
