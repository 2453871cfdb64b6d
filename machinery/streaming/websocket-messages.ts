/**
 * Messages of several channels on one WebSocket: each begins with the number of its channel, as a
 * byte or, where the protocol is text, as a digit in front of base64.
 */
import { WebSocket } from 'ws';

/** How much may wait for a slow reader before the other side is slowed down. */
const maxBufferedBytes = 1024 * 1024;
const normalClosure = 1000;
const digitZero = 0x30;

export class ChannelSocket {
  readonly #ws: WebSocket;
  readonly #text: boolean;
  #waiting: (() => void)[] = [];
  onMessage: (channel: number, data: Buffer) => void = () => undefined;
  onClose: () => void = () => undefined;

  /** `text`: the base64 form of the protocol. A socket that is paused is resumed. */
  constructor(ws: WebSocket, text: boolean) {
    this.#ws = ws;
    this.#text = text;
    ws.binaryType = 'nodebuffer';
    ws.on('message', (data: Buffer) => this.#received(data));
    ws.on('error', () => ws.terminate());
    ws.on('close', () => {
      this.#wake();
      this.onClose();
    });
    if (ws.isPaused) ws.resume();
  }

  /** False: the connection is full, wait for `drained`. */
  send(channel: number, data: Buffer): boolean {
    const ws = this.#ws;
    if (ws.readyState !== WebSocket.OPEN) return true;
    const sent = (): void => {
      if (ws.bufferedAmount <= maxBufferedBytes / 2) this.#wake();
    };
    if (this.#text) {
      ws.send(String.fromCharCode(digitZero + channel) + data.toString('base64'), sent);
    } else {
      ws.send(Buffer.concat([Buffer.from([channel]), data]), { binary: true }, sent);
    }
    return ws.bufferedAmount <= maxBufferedBytes;
  }

  drained(): Promise<void> {
    const { readyState, bufferedAmount } = this.#ws;
    if (readyState !== WebSocket.OPEN || bufferedAmount <= maxBufferedBytes / 2) {
      return Promise.resolve();
    }
    return new Promise((resolve) => this.#waiting.push(resolve));
  }

  pause(): void {
    this.#ws.pause();
  }

  resume(): void {
    this.#ws.resume();
  }

  /** Ends the connection behind what has been sent. */
  finish(): void {
    this.#ws.close(normalClosure);
  }

  close(): void {
    this.#ws.terminate();
  }

  #received(data: Buffer): void {
    if (data.length === 0) return;
    if (!this.#text) this.onMessage(data[0]!, data.subarray(1));
    else this.onMessage(data[0]! - digitZero, Buffer.from(data.toString('latin1', 1), 'base64'));
  }

  #wake(): void {
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const wake of waiting) wake();
  }
}
