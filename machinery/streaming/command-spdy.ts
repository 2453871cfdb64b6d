/** exec and attach over SPDY/3.1: one stream per channel, told apart by the header `streamtype`. */
import type { Duplex } from 'node:stream';
import {
  type Channel,
  type CommandSide,
  inputsOf,
  outputsOf,
  type StreamFlags,
} from './command-side.ts';
import { SpdySession, type SpdyStream } from './spdy-session.ts';

/** Versions of the protocol, the best first; v5 differs from v4 over WebSocket only. */
export const commandProtocols = [
  'v4.channel.k8s.io',
  'v3.channel.k8s.io',
  'v2.channel.k8s.io',
  'channel.k8s.io',
] as const;

abstract class SpdySide implements CommandSide {
  abstract readonly statusAsText: boolean;
  onData: CommandSide['onData'] = () => undefined;
  onEnd: CommandSide['onEnd'] = () => undefined;
  onClose: CommandSide['onClose'] = () => undefined;
  protected readonly streams = new Map<Channel, SpdyStream>();
  protected abstract readonly session: SpdySession;

  send(channel: Channel, data: Buffer): boolean {
    const stream = this.streams.get(channel);
    return stream === undefined ? true : this.session.send(stream, data);
  }

  drained(): Promise<void> {
    return this.session.drained();
  }

  end(channel: Channel): void {
    const stream = this.streams.get(channel);
    if (stream !== undefined) this.session.end(stream);
  }

  pause(): void {
    this.session.pause();
  }

  resume(): void {
    this.session.resume();
  }

  finish(): void {
    for (const channel of this.streams.keys()) this.end(channel);
    this.session.finish();
  }

  close(): void {
    this.session.close();
  }

  protected add(channel: Channel, stream: SpdyStream): void {
    this.streams.set(channel, stream);
    stream.onData = (data) => this.onData(channel, data);
    stream.onEnd = () => this.onEnd(channel);
  }
}

/** The connection to a runtime: opens the streams, in the order that upstream's client does. */
export class SpdyRuntimeSide extends SpdySide {
  readonly statusAsText = false;
  protected readonly session: SpdySession;

  constructor(socket: Duplex, head: Buffer, flags: StreamFlags) {
    super();
    this.session = new SpdySession(socket, head);
    this.session.onClose = () => this.onClose();
    const outputs = outputsOf(flags);
    const inputs = inputsOf(flags);
    const order: Channel[] = ['error', 'stdin', 'stdout', 'stderr', 'resize'];
    for (const channel of order) {
      if (!outputs.includes(channel) && !inputs.includes(channel)) continue;
      this.add(channel, this.session.open({ streamtype: channel }));
    }
  }
}

/** A client's connection: the client opens the streams; what comes for one too early waits. */
export class SpdyClientSide extends SpdySide {
  readonly statusAsText: boolean;
  protected readonly session: SpdySession;
  readonly #missing: Set<Channel>;
  readonly #early: { channel: Channel; data: Buffer | undefined }[] = [];
  readonly #complete = Promise.withResolvers<void>();
  #finishing = false;

  /** `giveUp` ends the wait for streams that the client should have opened. */
  constructor(
    socket: Duplex,
    head: Buffer,
    protocol: string,
    flags: StreamFlags,
    giveUp: AbortSignal,
  ) {
    super();
    this.statusAsText = protocol !== 'v4.channel.k8s.io';
    const resizes = /^v[34]\./.test(protocol);
    const inputs = inputsOf(flags).filter((c) => c !== 'resize' || resizes);
    this.#missing = new Set([...outputsOf(flags), ...inputs]);
    this.session = new SpdySession(socket, head, (stream) => this.#opened(stream));
    const late = (): void => this.session.close();
    giveUp.addEventListener('abort', late, { once: true });
    void this.#complete.promise.then(() => giveUp.removeEventListener('abort', late));
    this.session.onClose = () => {
      this.#complete.resolve();
      this.onClose();
    };
  }

  override send(channel: Channel, data: Buffer): boolean {
    if (this.#missing.size === 0) return super.send(channel, data);
    this.#early.push({ channel, data });
    return false;
  }

  override end(channel: Channel): void {
    if (this.#missing.size === 0) super.end(channel);
    else this.#early.push({ channel, data: undefined });
  }

  override async drained(): Promise<void> {
    await this.#complete.promise;
    await super.drained();
  }

  override finish(): void {
    if (this.#missing.size === 0) super.finish();
    else this.#finishing = true;
  }

  #opened(stream: SpdyStream): boolean {
    const channel = stream.headers['streamtype'] as Channel;
    if (!this.#missing.delete(channel)) return false;
    this.add(channel, stream);
    if (this.#missing.size > 0) return true;
    // Behind the answer to the stream's opening.
    queueMicrotask(() => this.#flush());
    return true;
  }

  #flush(): void {
    for (const { channel, data } of this.#early.splice(0)) {
      if (data === undefined) super.end(channel);
      else super.send(channel, data);
    }
    this.#complete.resolve();
    if (this.#finishing) super.finish();
  }
}
