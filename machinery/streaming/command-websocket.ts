/** exec and attach over WebSocket: the protocols `channel.k8s.io` to v5 (KEP-4006). */
import type { WebSocket } from 'ws';
import {
  type Channel,
  type CommandSide,
  inputsOf,
  outputsOf,
  type StreamFlags,
} from './command-side.ts';
import { ChannelSocket } from './websocket-messages.ts';

/** The only one in which a client can end its input and keep the connection. */
export const channelProtocolV5 = 'v5.channel.k8s.io';

/** What clients may ask for; '' is a client that names none. */
export const commandWebSocketProtocols: readonly string[] = [
  channelProtocolV5,
  'v4.channel.k8s.io',
  'v4.base64.channel.k8s.io',
  'channel.k8s.io',
  'base64.channel.k8s.io',
  '',
];

const numbers: Readonly<Record<Channel, number>> = {
  stdin: 0,
  stdout: 1,
  stderr: 2,
  error: 3,
  resize: 4,
};
const closeChannel = 255;

/** Either end of such a connection. */
export class WebSocketSide implements CommandSide {
  readonly statusAsText: boolean;
  onData: CommandSide['onData'] = () => undefined;
  onEnd: CommandSide['onEnd'] = () => undefined;
  onClose: CommandSide['onClose'] = () => undefined;
  readonly #socket: ChannelSocket;
  readonly #halfClose: boolean;
  readonly #received: ReadonlyMap<number, Channel>;
  readonly #sent: Set<Channel>;
  readonly #server: boolean;

  /** `end`: which end of the connection this is. */
  constructor(ws: WebSocket, protocol: string, flags: StreamFlags, end: 'client' | 'server') {
    this.statusAsText = !/^v[45]\./.test(protocol);
    this.#halfClose = protocol === channelProtocolV5;
    this.#server = end === 'server';
    const [inputs, outputs] = [inputsOf(flags), outputsOf(flags)];
    const [received, sent] = this.#server ? [inputs, outputs] : [outputs, inputs];
    this.#received = new Map(received.map((c) => [numbers[c], c]));
    this.#sent = new Set(sent);
    this.#socket = new ChannelSocket(ws, protocol.includes('base64.'));
    this.#socket.onMessage = (channel, data) => this.#message(channel, data);
    this.#socket.onClose = () => this.onClose();
    if (!this.#server) return;
    // Clients wait for a first message to know that the connection stands.
    const first = (['stdout', 'stderr'] as const).find((c) => this.#sent.has(c)) ?? 'error';
    this.#socket.send(numbers[first], Buffer.alloc(0));
  }

  send(channel: Channel, data: Buffer): boolean {
    return !this.#sent.has(channel) || this.#socket.send(numbers[channel], data);
  }

  drained(): Promise<void> {
    return this.#socket.drained();
  }

  end(channel: Channel): void {
    if (!this.#sent.delete(channel)) return;
    if (this.#server) {
      if (this.#sent.size === 0) this.#socket.finish();
    } else if (this.#halfClose) {
      this.#socket.send(closeChannel, Buffer.from([numbers[channel]]));
    }
  }

  pause(): void {
    this.#socket.pause();
  }

  resume(): void {
    this.#socket.resume();
  }

  finish(): void {
    this.#socket.finish();
  }

  close(): void {
    this.#socket.close();
  }

  #message(number: number, data: Buffer): void {
    if (number === closeChannel && this.#server) {
      const closed = this.#halfClose ? this.#received.get(data[0] ?? -1) : undefined;
      if (closed !== undefined) this.onEnd(closed);
      return;
    }
    const channel = this.#received.get(number);
    if (channel !== undefined && data.length > 0) this.onData(channel, data);
  }
}
