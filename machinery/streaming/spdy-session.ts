/**
 * One connection of SPDY/3.1, either side of it: streams with headers, data and half-close. There
 * is no flow control per stream (moby/spdystream, which the others use, has none either); back
 * pressure is the connection's.
 */
import type { Duplex } from 'node:stream';
import {
  controlFrame,
  dataHead,
  type Frame,
  FrameReader,
  flagFin,
  frameTypes,
  maxFramePayload,
  rstStream,
  streamIdOf,
  synReply,
  synStream,
} from './spdy-frames.ts';
import { HeaderReader, HeaderWriter, type StreamHeaders } from './spdy-headers.ts';

/** More than any client opens; each is a little memory. */
const maxStreams = 4096;
const refused = 3;
const cancelled = 5;
const goAwayOk = Buffer.alloc(8);

/** One stream of a session. */
export interface SpdyStream {
  readonly id: number;
  /** What the other side opened it with; empty for our own. */
  readonly headers: StreamHeaders;
  /** Called with each piece of data, in order. */
  onData: (data: Buffer) => void;
  /** Called once: the other side has sent all it will send, or the stream was reset. */
  onEnd: () => void;
  /** Called instead of a normal end, before `onEnd`: the stream was reset, or the connection broke. */
  onReset: () => void;
}

interface Open extends SpdyStream {
  /** We have ended our direction. */
  sent: boolean;
  /** The other side has ended its own. */
  received: boolean;
}

export class SpdySession {
  readonly #socket: Duplex;
  readonly #streams = new Map<number, Open>();
  readonly #frames = new FrameReader();
  readonly #reader = new HeaderReader();
  readonly #writer = new HeaderWriter();
  readonly #accept: ((stream: SpdyStream) => boolean) | undefined;
  #nextId: number;
  #working = false;
  /** Called once when the connection has ended, for whatever reason. */
  onClose: () => void = () => undefined;

  /**
   * `head`: bytes that came with the upgrade. `accept`: makes this the server's side; it is told of
   * each stream that the client opens and sets the stream's callbacks, or refuses by false.
   */
  constructor(socket: Duplex, head: Buffer, accept?: (stream: SpdyStream) => boolean) {
    this.#socket = socket;
    this.#accept = accept;
    this.#nextId = accept === undefined ? 1 : 2;
    socket.once('close', () => {
      this.#reader.close();
      for (const id of [...this.#streams.keys()]) this.#forget(id);
      this.onClose();
    });
    socket.on('error', () => socket.destroy());
    // There is no half-close of a connection in SPDY: whoever ends it has gone.
    socket.once('end', () => socket.end(() => socket.destroy()));
    socket.on('data', (data: Buffer) => this.#read(data));
    if (head.length > 0) this.#read(head);
  }

  /** Whether a stream is not over yet. */
  has(stream: SpdyStream): boolean {
    return this.#streams.has(stream.id);
  }

  open(headers: StreamHeaders): SpdyStream {
    const stream = this.#keep(this.#nextId, {});
    this.#nextId += 2;
    this.#socket.write(synStream(stream.id, this.#writer.block(headers)));
    return stream;
  }

  /** Sends data; false when the connection is full: wait for `drained`. */
  send(stream: SpdyStream, data: Buffer): boolean {
    let ok = true;
    if (this.#streams.get(stream.id)?.sent !== false) return ok;
    for (let at = 0; at < data.length; at += maxFramePayload) {
      const part = data.subarray(at, at + maxFramePayload);
      this.#socket.write(dataHead(stream.id, part.length, false));
      ok = this.#socket.write(part);
    }
    return ok;
  }

  /** No more will be sent on the stream; what comes from the other side still does. */
  end(stream: SpdyStream): void {
    const open = this.#streams.get(stream.id);
    if (open === undefined || open.sent || this.#socket.destroyed) return;
    open.sent = true;
    this.#socket.write(dataHead(stream.id, 0, true));
    if (open.received) this.#streams.delete(stream.id);
  }

  /** Ends both directions at once. */
  reset(stream: SpdyStream): void {
    if (!this.#streams.has(stream.id)) return;
    this.#socket.write(rstStream(stream.id, cancelled));
    this.#forget(stream.id);
  }

  /** Resolves when more may be sent. */
  drained(): Promise<void> {
    const socket = this.#socket;
    return new Promise((resolve) => {
      const done = (): void => {
        socket.removeListener('drain', done);
        socket.removeListener('close', done);
        resolve();
      };
      socket.once('drain', done);
      socket.once('close', done);
      if (socket.destroyed || !socket.writableNeedDrain) done();
    });
  }

  /** Stops reading until `resume`: the receiver is full. */
  pause(): void {
    this.#socket.pause();
  }

  resume(): void {
    this.#socket.resume();
  }

  /** Ends the connection behind what has been sent. */
  finish(): void {
    if (this.#socket.destroyed) return;
    this.#socket.write(controlFrame(frameTypes.goAway, 0, goAwayOk));
    this.#socket.end(() => this.#socket.destroy());
  }

  close(): void {
    this.#socket.destroy();
  }

  #keep(id: number, headers: StreamHeaders): Open {
    const stream: Open = {
      id,
      headers,
      sent: false,
      received: false,
      onData: () => undefined,
      onEnd: () => undefined,
      onReset: () => undefined,
    };
    this.#streams.set(id, stream);
    return stream;
  }

  #read(data: Buffer): void {
    this.#frames.push(data);
    if (!this.#working) this.#work();
  }

  /** Handles frames in order; unpacking headers takes a turn, the frames behind them wait. */
  #work(): void {
    try {
      for (let f = this.#frames.next(); f !== undefined; f = this.#frames.next()) {
        const pending = this.#handle(f);
        if (pending === undefined) continue;
        this.#working = true;
        pending.then(
          () => {
            this.#working = false;
            this.#work();
          },
          () => this.close(),
        );
        return;
      }
    } catch {
      this.close();
    }
  }

  #handle(frame: Frame): Promise<void> | undefined {
    if (frame.kind === 'data') {
      const stream = this.#streams.get(frame.id);
      if (stream === undefined || stream.received) return undefined;
      if (frame.data.length > 0) stream.onData(frame.data);
      if (frame.fin) this.#received(stream);
      return undefined;
    }
    const { type, flags, payload } = frame;
    const id = streamIdOf(payload);
    const fin = (flags & flagFin) !== 0;
    switch (type) {
      case frameTypes.synStream:
        return this.#opened(id, fin, payload);
      case frameTypes.synReply: {
        // Its headers carry nothing that matters: they are not even unpacked.
        const stream = this.#streams.get(id);
        if (fin && stream !== undefined) this.#received(stream);
        return undefined;
      }
      case frameTypes.rstStream:
        this.#forget(id);
        return undefined;
      case frameTypes.ping:
        // Ours are odd and even as streams are; what is not ours is answered.
        this.#socket.write(controlFrame(frameTypes.ping, 0, payload));
        return undefined;
      case frameTypes.goAway:
        if (this.#accept === undefined) this.#socket.end();
        return undefined;
    }
    return undefined;
  }

  async #opened(id: number, fin: boolean, payload: Buffer): Promise<void> {
    if (payload.length < 10) throw new Error('a frame is too short');
    // The block is unpacked even when the stream is refused: those behind it build on it.
    const headers = await this.#reader.block(payload.subarray(10));
    if (this.#socket.destroyed) return;
    const accept = this.#accept;
    if (accept === undefined || this.#streams.has(id) || this.#streams.size >= maxStreams) {
      this.#socket.write(rstStream(id, refused));
      return;
    }
    const stream = this.#keep(id, headers);
    if (!accept(stream)) {
      this.#streams.delete(id);
      this.#socket.write(rstStream(id, refused));
      return;
    }
    this.#socket.write(synReply(id, this.#writer.block({})));
    if (fin) this.#received(stream);
  }

  #received(stream: Open): void {
    stream.received = true;
    if (stream.sent) this.#streams.delete(stream.id);
    stream.onEnd();
  }

  #forget(id: number): void {
    const stream = this.#streams.get(id);
    if (stream === undefined) return;
    this.#streams.delete(id);
    stream.onReset();
    if (stream.received) return;
    stream.received = true;
    stream.onEnd();
  }
}
