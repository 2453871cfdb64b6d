/** Reads protobuf with bounds checked; error texts as the real server's generated code has them. */
import { DecodeError } from './decode-context.ts';

/** How a field is written. */
export const wireTypes = { varint: 0, fixed64: 1, bytes: 2, fixed32: 5 } as const;

/** Texts up to this length are put together by hand, which is faster than a call for each. */
const shortText = 16;

/** A position in a message that ends at `end`. */
export class ProtoReader {
  readonly buffer: Buffer;
  at: number;
  readonly end: number;

  constructor(buffer: Buffer, at = 0, end = buffer.length) {
    this.buffer = buffer;
    this.at = at;
    this.end = end;
  }

  /** More fields to come. */
  get more(): boolean {
    return this.at < this.end;
  }

  /** A field's tag: number * 8 + wire type. */
  tag(): number {
    const tag = this.uint32();
    if (tag >>> 3 === 0)
      throw new DecodeError(`proto: illegal tag ${tag >>> 3} (wire type ${tag})`);
    return tag;
  }

  /** The low 32 bits of a varint. */
  uint32(): number {
    const first = this.buffer[this.at];
    if (first !== undefined && first < 0x80 && this.at < this.end) {
      this.at++;
      return first;
    }
    return this.varint().low;
  }

  /** A varint as signed 64 bits; bigint where a number cannot hold it. */
  int64(): number | bigint {
    const first = this.buffer[this.at];
    if (first !== undefined && first < 0x80 && this.at < this.end) {
      this.at++;
      return first;
    }
    const { low, high } = this.varint();
    if (high === 0) return low;
    const signed = (high | 0) * 2 ** 32 + low;
    return Number.isSafeInteger(signed)
      ? signed
      : BigInt.asIntN(64, (BigInt(high) << 32n) | BigInt(low));
  }

  /** A length-delimited field's content. */
  message(): ProtoReader {
    const first = this.buffer[this.at];
    if (first !== undefined && first < 0x80 && this.at < this.end) {
      const from = this.at + 1;
      if (first > this.end - from) throw new DecodeError('unexpected EOF');
      this.at = from + first;
      return new ProtoReader(this.buffer, from, this.at);
    }
    const { low, high } = this.varint();
    if (high >= 0x80000000)
      throw new DecodeError('proto: negative length found during unmarshaling');
    const start = this.at;
    if (high > 0 || low > this.end - start) throw new DecodeError('unexpected EOF');
    this.at = start + low;
    return new ProtoReader(this.buffer, start, this.at);
  }

  /** The content as text. */
  text(): string {
    const { buffer, at, end } = this;
    if (end - at > shortText) return buffer.toString('utf8', at, end);
    let text = '';
    for (let i = at; i < end; i++) {
      const c = buffer[i]!;
      if (c > 0x7f) return buffer.toString('utf8', at, end);
      text += String.fromCharCode(c);
    }
    return text;
  }

  /** The content as base64. */
  base64(): string {
    return this.buffer.toString('base64', this.at, this.end);
  }

  double(): number {
    if (this.end - this.at < 8) throw new DecodeError('unexpected EOF');
    this.at += 8;
    return this.buffer.readDoubleLE(this.at - 8);
  }

  /** Passes over a field that is not known. */
  skip(wireType: number): void {
    switch (wireType) {
      case wireTypes.varint:
        this.varint();
        return;
      case wireTypes.fixed64:
        this.advance(8);
        return;
      case wireTypes.bytes:
        this.message();
        return;
      case 3:
        this.skipGroup();
        return;
      case 4:
        throw new DecodeError('proto: unexpected end of group');
      case wireTypes.fixed32:
        this.advance(4);
        return;
      default:
        throw new DecodeError(`proto: illegal wireType ${wireType}`);
    }
  }

  private skipGroup(): void {
    for (let depth = 1; depth > 0; ) {
      const wireType = this.tag() & 7;
      if (wireType === 3) depth++;
      else if (wireType === 4) depth--;
      else this.skip(wireType);
    }
  }

  private advance(size: number): void {
    if (this.end - this.at < size) throw new DecodeError('unexpected EOF');
    this.at += size;
  }

  private varint(): { low: number; high: number } {
    let low = 0;
    let high = 0;
    for (let shift = 0; shift < 70; shift += 7) {
      if (this.at >= this.end) throw new DecodeError('unexpected EOF');
      const byte = this.buffer[this.at++]!;
      const bits = byte & 0x7f;
      if (shift < 28) low |= bits << shift;
      else if (shift === 28) {
        low |= bits << 28;
        high = bits >>> 4;
      } else high |= bits << (shift - 32);
      if (byte < 0x80) return { low: low >>> 0, high: high >>> 0 };
    }
    throw new DecodeError('proto: integer overflow');
  }
}
