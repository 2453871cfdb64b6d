/**
 * Frames of SPDY/3.1, as much of it as Kubernetes' streams use: the pure part, bytes to frames and
 * back. Blocks of headers are compressed in one zlib stream for each direction of a connection;
 * `spdy-headers.ts` reads them.
 */

const version = 3;
const frameHeaderBytes = 8;
/** A length field has 24 bits. */
export const maxFramePayload = 2 ** 24 - 1;
/** No control frame of ours is larger; only data may be. */
const maxControlPayload = 256 * 1024;

export const frameTypes = {
  synStream: 1,
  synReply: 2,
  rstStream: 3,
  settings: 4,
  ping: 6,
  goAway: 7,
  headers: 8,
  windowUpdate: 9,
} as const;

export const flagFin = 1;

/** What came in. The payload is a view of the bytes that were pushed. */
export type Frame =
  | { readonly kind: 'data'; readonly id: number; readonly fin: boolean; readonly data: Buffer }
  | {
      readonly kind: 'control';
      readonly type: number;
      readonly flags: number;
      readonly payload: Buffer;
    };

/** Splits bytes as they come into frames. */
export class FrameReader {
  #rest: Buffer<ArrayBufferLike> = Buffer.alloc(0);

  push(bytes: Buffer): void {
    this.#rest = this.#rest.length === 0 ? bytes : Buffer.concat([this.#rest, bytes]);
  }

  /** The next whole frame, undefined: not there yet. Throws for what is no SPDY/3. */
  next(): Frame | undefined {
    const rest = this.#rest;
    if (rest.length < frameHeaderBytes) return undefined;
    const first = rest.readUInt32BE(0);
    const control = first >>> 31 === 1;
    const flags = rest[4]!;
    const length = rest.readUInt32BE(4) & maxFramePayload;
    if (control) {
      if (((first >>> 16) & 0x7fff) !== version) throw new Error('not a frame of SPDY/3');
      if (length > maxControlPayload) throw new Error('a control frame is too large');
    }
    const end = frameHeaderBytes + length;
    if (rest.length < end) return undefined;
    const payload = rest.subarray(frameHeaderBytes, end);
    this.#rest = rest.subarray(end);
    if (control) return { kind: 'control', type: first & 0xffff, flags, payload };
    return { kind: 'data', id: first, fin: (flags & flagFin) !== 0, data: payload };
  }
}

/** The head of a data frame; `length` bytes are to follow. */
export function dataHead(id: number, length: number, fin: boolean): Buffer {
  const head = Buffer.alloc(frameHeaderBytes);
  head.writeUInt32BE(id, 0);
  head.writeUInt32BE((((fin ? flagFin : 0) << 24) | length) >>> 0, 4);
  return head;
}

export function controlFrame(type: number, flags: number, payload: Buffer): Buffer {
  const head = Buffer.alloc(frameHeaderBytes);
  head.writeUInt16BE(0x8000 | version, 0);
  head.writeUInt16BE(type, 2);
  head.writeUInt32BE(((flags << 24) | payload.length) >>> 0, 4);
  return Buffer.concat([head, payload]);
}

/** Opens a stream. `block`: its headers, compressed. */
export function synStream(id: number, block: Buffer): Buffer {
  const ids = Buffer.alloc(10);
  ids.writeUInt32BE(id, 0);
  return controlFrame(frameTypes.synStream, 0, Buffer.concat([ids, block]));
}

/** Agrees to a stream that the other side opened. */
export function synReply(id: number, block: Buffer): Buffer {
  const ids = Buffer.alloc(4);
  ids.writeUInt32BE(id, 0);
  return controlFrame(frameTypes.synReply, 0, Buffer.concat([ids, block]));
}

/** Ends both directions of a stream. Status 3 is a refusal, 5 a cancellation. */
export function rstStream(id: number, status: number): Buffer {
  const payload = Buffer.alloc(8);
  payload.writeUInt32BE(id, 0);
  payload.writeUInt32BE(status, 4);
  return controlFrame(frameTypes.rstStream, 0, payload);
}

/** The stream that a control frame is about; 0 when it is too short to name one. */
export function streamIdOf(payload: Buffer): number {
  return payload.length < 4 ? 0 : payload.readUInt32BE(0) & 0x7fffffff;
}
