/** Blocks of names and values in SPDY frames, and the compression around them. */
import type { TransformOptions } from 'node:stream';
import { createInflate, type Inflate, type ZlibOptions } from 'node:zlib';
import { spdyDictionary } from './spdy-dictionary.ts';

/** Streams have a handful of short headers; more than this is no client of ours. */
const blockLimitBytes = 64 * 1024;

/** Names in lower case. */
export type StreamHeaders = Readonly<Record<string, string>>;

/**
 * Compresses the blocks of one direction, in the order they are sent: zlib's form without its
 * work, since they are a few words (RFC 1951, 3.2.4: stored blocks).
 */
export class HeaderWriter {
  #begun = false;

  block(headers: StreamHeaders): Buffer {
    const entries = Object.entries(headers);
    const parts = [uint32(entries.length)];
    for (const text of entries.flat()) {
      const bytes = Buffer.from(text);
      parts.push(uint32(bytes.length), bytes);
    }
    const zlibHead = this.#begun ? Buffer.alloc(0) : Buffer.from([0x78, 0x01]);
    this.#begun = true;
    // The empty block tells the reader that this much is complete.
    return Buffer.concat([zlibHead, stored(Buffer.concat(parts)), stored(Buffer.alloc(0))]);
  }
}

function stored(data: Buffer): Buffer {
  const head = Buffer.alloc(5);
  head.writeUInt16LE(data.length, 1);
  head.writeUInt16LE(~data.length & 0xffff, 3);
  return Buffer.concat([head, data]);
}

function uint32(value: number): Buffer {
  const out = Buffer.alloc(4);
  out.writeUInt32BE(value);
  return out;
}

/** Decompresses the blocks of one direction. One block at a time, in order. */
export class HeaderReader {
  readonly #inflate: Inflate;

  constructor() {
    const options: ZlibOptions & TransformOptions = {
      dictionary: spdyDictionary,
      chunkSize: blockLimitBytes,
      readableHighWaterMark: blockLimitBytes,
    };
    this.#inflate = createInflate(options);
  }

  /** Rejects for what cannot be read; the connection is of no use then. */
  async block(compressed: Buffer): Promise<StreamHeaders> {
    const inflate = this.#inflate;
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    inflate.once('error', reject);
    const tooLarge = () => reject(new Error('headers of a stream are too large'));
    const check = () => {
      if (inflate.readableLength >= blockLimitBytes) tooLarge();
    };
    inflate.on('readable', check);
    inflate.write(compressed, () => resolve());
    try {
      await promise;
    } finally {
      inflate.off('error', reject);
      inflate.off('readable', check);
    }
    const text = inflate.read() as Buffer | null;
    return parseBlock(text ?? Buffer.alloc(0));
  }

  close(): void {
    this.#inflate.on('error', () => undefined);
    this.#inflate.destroy();
  }
}

/** Names and values of a block that is not compressed. Throws for a block that breaks off. */
export function parseBlock(block: Buffer): StreamHeaders {
  const headers: Record<string, string> = {};
  let at = 0;
  const number = (): number => {
    if (at + 4 > block.length) throw new Error('headers of a stream break off');
    at += 4;
    return block.readUInt32BE(at - 4);
  };
  const text = (): string => {
    const length = number();
    if (at + length > block.length) throw new Error('headers of a stream break off');
    at += length;
    return block.toString('utf8', at - length, at);
  };
  for (let left = number(); left > 0; left--) {
    const name = text().toLowerCase();
    headers[name] = text();
  }
  return headers;
}
