/**
 * CBOR (RFC 8949) as the API uses it: objects behind the self-described tag, text written as byte
 * strings and read from either, map keys in bytewise order, no NaN, no infinities, no bignums.
 * Answers are deterministic; a sequence (application/cbor-seq) is one encoded object after another.
 */
import { DecodeError } from './decode-context.ts';
import { maxJsonDepth, setMember } from './json-text.ts';

/** Tag 55799, which says "this is CBOR". */
const selfDescribed = Buffer.from([0xd9, 0xd9, 0xf7]);

/** True when the bytes begin as an object of ours or of the real server does. */
export function isCbor(bytes: Uint8Array): boolean {
  return selfDescribed.every((b, i) => bytes[i] === b);
}

/** Encodes a JSON value; bigint is for integers beyond 2^53. Throws on NaN and infinities. */
export function encodeCbor(value: unknown): Buffer {
  const parts: Buffer[] = [selfDescribed];
  encodeItem(parts, value);
  return Buffer.concat(parts);
}

/** A watch event. Its object is an encoded one of its own, as the real server nests them. */
export function encodeCborEvent(type: string, object: unknown): Buffer {
  const parts: Buffer[] = [selfDescribed, head(5, 2)];
  for (const text of ['type', type, 'object']) encodeText(parts, text);
  return Buffer.concat([...parts, encodeCbor(object)]);
}

/**
 * Decodes one item to a JSON value; byte strings become text. Throws DecodeError on anything that
 * is malformed, left over or not allowed, before memory is spent on lengths that are not there.
 */
export function decodeCbor(bytes: Uint8Array): unknown {
  const reader = new Reader(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength));
  try {
    return reader.whole();
  } catch (e) {
    if (e instanceof RangeError) throw tooDeep();
    throw e;
  }
}

function encodeItem(parts: Buffer[], value: unknown): void {
  switch (typeof value) {
    case 'string':
      encodeText(parts, value);
      return;
    case 'boolean':
      parts.push(value ? simple.true : simple.false);
      return;
    case 'number':
      encodeNumber(parts, value);
      return;
    case 'bigint':
      encodeInteger(parts, value);
      return;
    case 'object':
      break;
    default:
      throw new Error(`cbor: unsupported type: ${typeof value}`);
  }
  if (value === null) parts.push(simple.null);
  else if (Array.isArray(value)) {
    parts.push(head(4, value.length));
    for (const item of value) encodeItem(parts, item ?? null);
  } else encodeMap(parts, value as Record<string, unknown>);
}

const simple = {
  false: Buffer.from([0xf4]),
  true: Buffer.from([0xf5]),
  null: Buffer.from([0xf6]),
} as const;

function encodeText(parts: Buffer[], text: string): void {
  const bytes = Buffer.from(text, 'utf8');
  parts.push(head(2, bytes.length), bytes);
}

/** Keys in the order of their encoded bytes: shorter ones first. */
function encodeMap(parts: Buffer[], object: Record<string, unknown>): void {
  const members = Object.keys(object)
    .filter((key) => object[key] !== undefined)
    .map((key) => ({ key, bytes: Buffer.from(key, 'utf8') }))
    .sort((a, b) => a.bytes.length - b.bytes.length || a.bytes.compare(b.bytes));
  parts.push(head(5, members.length));
  for (const { key, bytes } of members) {
    parts.push(head(2, bytes.length), bytes);
    encodeItem(parts, object[key]);
  }
}

function encodeNumber(parts: Buffer[], value: number): void {
  if (Number.isSafeInteger(value)) encodeInteger(parts, value === 0 ? 0 : value);
  else if (!Number.isFinite(value)) {
    const shown = Number.isNaN(value) ? 'NaN' : value > 0 ? '+Inf' : '-Inf';
    throw new Error(`cbor: unsupported value: ${shown}`);
  } else parts.push(shortestFloat(value));
}

function encodeInteger(parts: Buffer[], value: number | bigint): void {
  parts.push(value < 0 ? head(1, -1n - BigInt(value)) : head(0, value));
}

/** The initial byte and argument of an item, in its shortest form. */
function head(major: number, argument: number | bigint): Buffer {
  const first = major << 5;
  if (argument < 24) return Buffer.from([first | Number(argument)]);
  if (argument < 0x100) return Buffer.from([first | 24, Number(argument)]);
  const out = Buffer.allocUnsafe(argument < 0x10000 ? 3 : argument < 0x100000000 ? 5 : 9);
  if (out.length === 3) out.writeUInt16BE(Number(argument), 1);
  else if (out.length === 5) out.writeUInt32BE(Number(argument), 1);
  else out.writeBigUInt64BE(BigInt(argument), 1);
  out[0] = first | (out.length === 3 ? 25 : out.length === 5 ? 26 : 27);
  return out;
}

/** 16 bits where they hold the value exactly, else 32, else 64. */
function shortestFloat(value: number): Buffer {
  if (Math.fround(value) !== value) {
    const out = Buffer.allocUnsafe(9);
    out[0] = 0xfb;
    out.writeDoubleBE(value, 1);
    return out;
  }
  const half = toHalf(value);
  if (half !== undefined) return Buffer.from([0xf9, half >> 8, half & 0xff]);
  const out = Buffer.allocUnsafe(5);
  out[0] = 0xfa;
  out.writeFloatBE(value, 1);
  return out;
}

/** The bits of a 16 bit float; undefined where it would not be exact. */
function toHalf(value: number): number | undefined {
  const sign = value < 0 ? 0x8000 : 0;
  const magnitude = Math.abs(value);
  const exponent = Math.floor(Math.log2(magnitude));
  // Below the smallest normal exponent numbers have the fixed step 2^-24.
  const step = Math.max(exponent, -14) - 10;
  const digits = magnitude / 2 ** step;
  if (exponent > 15 || !Number.isInteger(digits) || digits >= 2048) return undefined;
  if (digits < 1024) return sign | digits;
  return sign | ((step + 25) << 10) | (digits - 1024);
}

function fromHalf(bits: number): number {
  const sign = bits & 0x8000 ? -1 : 1;
  const exponent = (bits >> 10) & 0x1f;
  const digits = bits & 0x3ff;
  if (exponent === 31) return digits === 0 ? sign * Number.POSITIVE_INFINITY : Number.NaN;
  return sign * (exponent === 0 ? digits * 2 ** -24 : (digits + 1024) * 2 ** (exponent - 25));
}

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** Additional information of an item without a length: it ends with a break. */
const indefinite = 31;

/** How the content of a byte string is to be shown (RFC 8949, 3.4.5.2). */
const laterEncodings = new Map<number | bigint, BufferEncoding>([
  [21, 'base64url'],
  [22, 'base64'],
  [23, 'hex'],
]);

class Reader {
  private readonly bytes: Buffer;
  private at = 0;

  constructor(bytes: Buffer) {
    this.bytes = bytes;
  }

  whole(): unknown {
    const value = this.item(0);
    const extra = this.bytes.length - this.at;
    if (extra > 0) {
      throw new DecodeError(`cbor: ${extra} bytes of extraneous data starting at index ${this.at}`);
    }
    return value;
  }

  private item(depth: number): unknown {
    if (depth > maxJsonDepth) throw tooDeep();
    const first = this.byte();
    const major = first >> 5;
    const info = first & 31;
    switch (major) {
      case 0:
      case 1:
        return this.integer(major, info);
      case 2:
        return this.string(major, info).toString('utf8');
      case 3:
        return text(this.string(major, info));
      case 4:
        return this.array(info, depth);
      case 5:
        return this.map(info, depth);
      case 6:
        return this.tagged(info, depth);
      default:
        return this.simple(info);
    }
  }

  private integer(major: number, info: number): number | bigint {
    const argument = this.argument(info);
    const value = major === 0 ? argument : -1n - BigInt(argument);
    if (BigInt.asIntN(64, BigInt(value)) !== BigInt(value)) {
      throw new DecodeError(`cbor: cannot unmarshal ${value} into Go value of type int64`);
    }
    return Number.isSafeInteger(Number(value)) ? Number(value) : value;
  }

  /** The bytes of a string, joined when it comes in pieces. */
  private string(major: number, info: number): Buffer {
    if (info !== indefinite) {
      const size = this.argument(info);
      if (size > this.bytes.length - this.at) throw eof();
      this.at += Number(size);
      return this.bytes.subarray(this.at - Number(size), this.at);
    }
    const pieces: Buffer[] = [];
    while (!this.ends()) {
      const first = this.byte();
      if (first >> 5 !== major || (first & 31) === indefinite) {
        throw new DecodeError('cbor: wrong element type for indefinite-length string');
      }
      pieces.push(this.string(major, first & 31));
    }
    return Buffer.concat(pieces);
  }

  private array(info: number, depth: number): unknown[] {
    const out: unknown[] = [];
    if (info === indefinite) {
      while (!this.ends()) out.push(this.item(depth + 1));
      return out;
    }
    const size = this.argument(info);
    // Every element takes a byte at least: a longer list is not there.
    if (size > this.bytes.length - this.at) throw eof();
    for (let i = 0; i < size; i++) out.push(this.item(depth + 1));
    return out;
  }

  private map(info: number, depth: number): Record<string, unknown> {
    const out: Record<string, unknown> = {};
    if (info === indefinite) {
      for (let i = 0; !this.ends(); i++) this.member(out, depth, i);
      return out;
    }
    const size = this.argument(info);
    if (size > (this.bytes.length - this.at) / 2) throw eof();
    for (let i = 0; i < size; i++) this.member(out, depth, i);
    return out;
  }

  private member(out: Record<string, unknown>, depth: number, index: number): void {
    const first = this.byte();
    const major = first >> 5;
    if (major !== 2 && major !== 3) throw new DecodeError('cbor: map keys must be strings');
    const key = text(this.string(major, first & 31));
    if (Object.hasOwn(out, key)) {
      throw new DecodeError(
        `cbor: found duplicate map key ${JSON.stringify(key)} at map element index ${index}`,
      );
    }
    setMember(out, key, this.item(depth + 1));
  }

  private tagged(info: number, depth: number): unknown {
    const tag = this.argument(info);
    if (tag === 2 || tag === 3) throw new DecodeError('cbor: bignums are not supported');
    const encoding = laterEncodings.get(tag);
    if (encoding !== undefined && this.bytes[this.at]! >> 5 === 2) {
      return this.string(2, this.byte() & 31).toString(encoding);
    }
    const content = this.item(depth + 1);
    return tag === 1 && typeof content === 'number' ? timeText(content) : content;
  }

  private simple(info: number): unknown {
    if (info === 20 || info === 21) return info === 21;
    if (info === 22) return null;
    if (info < 25 || info > 27)
      throw new DecodeError(`cbor: simple value ${info} is not recognized`);
    const size = 2 ** (info - 24);
    this.at += size;
    if (this.at > this.bytes.length) throw eof();
    const start = this.at - size;
    let value = fromHalf(size === 2 ? this.bytes.readUInt16BE(start) : 0);
    if (size === 4) value = this.bytes.readFloatBE(start);
    else if (size === 8) value = this.bytes.readDoubleBE(start);
    if (!Number.isFinite(value)) {
      throw new DecodeError('cbor: floating-point NaN and infinity are not allowed');
    }
    return value === 0 ? 0 : value;
  }

  private argument(info: number): number | bigint {
    if (info < 24) return info;
    if (info > 27) throw new DecodeError(`cbor: invalid additional information ${info}`);
    const size = 2 ** (info - 24);
    this.at += size;
    if (this.at > this.bytes.length) throw eof();
    const start = this.at - size;
    if (size < 8) return this.bytes.readUIntBE(start, size);
    const value = this.bytes.readBigUInt64BE(start);
    return value <= Number.MAX_SAFE_INTEGER ? Number(value) : value;
  }

  /** Consumes a break if one is next. */
  private ends(): boolean {
    if (this.at >= this.bytes.length) throw eof();
    if (this.bytes[this.at] !== 0xff) return false;
    this.at++;
    return true;
  }

  private byte(): number {
    const value = this.bytes[this.at++];
    if (value === undefined) throw eof();
    return value;
  }
}

function text(bytes: Buffer): string {
  try {
    return utf8.decode(bytes);
  } catch {
    throw new DecodeError('cbor: invalid UTF-8 string');
  }
}

/** Seconds since 1970 as RFC 3339. */
function timeText(seconds: number): string {
  const date = new Date(seconds * 1000);
  if (Number.isNaN(date.getTime())) throw new DecodeError('cbor: time out of range');
  return date.toISOString().replace(/\.?0*Z$/, 'Z');
}

function eof(): DecodeError {
  return new DecodeError('cbor: unexpected EOF');
}

function tooDeep(): DecodeError {
  return new DecodeError(`cbor: exceeded max nested level ${maxJsonDepth}`);
}
