/**
 * The client's side of SPDY/3.1 as container runtimes speak it for exec and attach: streams with
 * headers, data, half-close. There is no flow control (moby/spdystream has none either); back
 * pressure is the connection's.
 */
import type { Duplex } from 'node:stream';

const version = 3;
const types = { synStream: 1, synReply: 2, rstStream: 3, ping: 6, goAway: 7 } as const;
const finFlag = 1;
const frameHeaderBytes = 8;
/** A length field has 24 bits. */
const maxPayload = 2 ** 24 - 1;

/** One stream of a session. */
export interface SpdyStream {
  readonly id: number;
  /** Called with each piece of data, in order. */
  onData: (data: Buffer) => void;
  /** The other side has sent all it will send, or the stream was reset. */
  onEnd: () => void;
}

function controlFrame(type: number, flags: number, payload: Buffer): Buffer {
  const header = Buffer.alloc(frameHeaderBytes);
  header.writeUInt16BE(0x8000 | version, 0);
  header.writeUInt16BE(type, 2);
  header.writeUInt32BE((flags << 24) | payload.length, 4);
  return Buffer.concat([header, payload]);
}

/** A block of deflate that is stored as it is (RFC 1951, 3.2.4). */
function storedBlock(data: Buffer): Buffer {
  const head = Buffer.alloc(5);
  head.writeUInt16LE(data.length, 1);
  head.writeUInt16LE(~data.length & 0xffff, 3);
  return Buffer.concat([head, data]);
}

/** Names and values; zlib around them, without compressing: they are a few words. */
function headerBlock(headers: Record<string, string>, first: boolean): Buffer {
  const entries = Object.entries(headers);
  const count = Buffer.alloc(4);
  count.writeUInt32BE(entries.length, 0);
  const parts = [count];
  for (const text of entries.flat()) {
    const bytes = Buffer.from(text);
    const length = Buffer.alloc(4);
    length.writeUInt32BE(bytes.length, 0);
    parts.push(length, bytes);
  }
  // One zlib stream per session; the empty block tells the reader that this much is complete.
  const zlibHeader = first ? Buffer.from([0x78, 0x01]) : Buffer.alloc(0);
  return Buffer.concat([
    zlibHeader,
    storedBlock(Buffer.concat(parts)),
    storedBlock(Buffer.alloc(0)),
  ]);
}

export class SpdySession {
  private readonly socket: Duplex;
  private readonly streams = new Map<number, SpdyStream>();
  private nextId = 1;
  private rest: Buffer<ArrayBufferLike> = Buffer.alloc(0);
  /** Called once when the connection has ended, for whatever reason. */
  onClose: () => void = () => undefined;

  /** `head`: bytes that came with the answer to the upgrade. */
  constructor(socket: Duplex, head: Buffer) {
    this.socket = socket;
    const closed = (): void => {
      for (const stream of this.streams.values()) stream.onEnd();
      this.streams.clear();
      this.onClose();
    };
    socket.once('close', closed);
    socket.on('error', () => socket.destroy());
    socket.on('data', (data: Buffer) => this.read(data));
    if (head.length > 0) this.read(head);
  }

  /** Opens a stream; the runtime tells them apart by the header `streamtype`. */
  open(headers: Record<string, string>): SpdyStream {
    const first = this.nextId === 1;
    const stream: SpdyStream = { id: this.nextId, onData: () => undefined, onEnd: () => undefined };
    this.nextId += 2;
    this.streams.set(stream.id, stream);
    const ids = Buffer.alloc(10);
    ids.writeUInt32BE(stream.id, 0);
    const payload = Buffer.concat([ids, headerBlock(headers, first)]);
    this.socket.write(controlFrame(types.synStream, 0, payload));
    return stream;
  }

  /** Sends data; false when the connection is full: wait for `drained`. */
  send(stream: SpdyStream, data: Buffer): boolean {
    let ok = true;
    for (let at = 0; at < data.length; at += maxPayload) {
      ok = this.dataFrame(stream, data.subarray(at, at + maxPayload), 0);
    }
    return ok;
  }

  /** No more will be sent on the stream; what comes from the other side still does. */
  end(stream: SpdyStream): void {
    this.dataFrame(stream, Buffer.alloc(0), finFlag);
  }

  /** Resolves when more may be sent. */
  drained(): Promise<void> {
    const { socket } = this;
    return new Promise((resolve) => {
      const done = (): void => {
        socket.removeListener('drain', done);
        socket.removeListener('close', done);
        resolve();
      };
      socket.once('drain', done);
      socket.once('close', done);
      if (socket.destroyed) done();
    });
  }

  /** Stops reading until `resume`: the receiver is full. */
  pause(): void {
    this.socket.pause();
  }

  resume(): void {
    this.socket.resume();
  }

  close(): void {
    this.socket.destroy();
  }

  private dataFrame(stream: SpdyStream, data: Buffer, flags: number): boolean {
    const header = Buffer.alloc(frameHeaderBytes);
    header.writeUInt32BE(stream.id, 0);
    header.writeUInt32BE((flags << 24) | data.length, 4);
    this.socket.write(header);
    return this.socket.write(data);
  }

  private read(data: Buffer): void {
    this.rest = this.rest.length === 0 ? data : Buffer.concat([this.rest, data]);
    while (this.rest.length >= frameHeaderBytes) {
      const flagsAndLength = this.rest.readUInt32BE(4);
      const length = flagsAndLength & maxPayload;
      if (this.rest.length < frameHeaderBytes + length) return;
      const first = this.rest.readUInt32BE(0);
      const payload = this.rest.subarray(frameHeaderBytes, frameHeaderBytes + length);
      this.rest = this.rest.subarray(frameHeaderBytes + length);
      const flags = flagsAndLength >>> 24;
      if (first & 0x80000000) this.control(first & 0xffff, flags, payload);
      else this.deliver(first & 0x7fffffff, flags, payload);
    }
  }

  private deliver(id: number, flags: number, data: Buffer): void {
    const stream = this.streams.get(id);
    if (stream === undefined) return;
    if (data.length > 0) stream.onData(data);
    if (flags & finFlag) this.finish(id);
  }

  private control(type: number, flags: number, payload: Buffer): void {
    // Header blocks of answers carry nothing that matters: they are not even unpacked.
    if (type === types.ping) this.socket.write(controlFrame(types.ping, 0, payload));
    else if (type === types.rstStream) this.finish(payload.readUInt32BE(0) & 0x7fffffff);
    else if (type === types.goAway) this.socket.end();
    else if (type === types.synReply && flags & finFlag) {
      this.finish(payload.readUInt32BE(0) & 0x7fffffff);
    }
  }

  private finish(id: number): void {
    const stream = this.streams.get(id);
    this.streams.delete(id);
    stream?.onEnd();
  }
}
