/**
 * An answer that goes on for long, in small pieces, to many clients at once. What is pushed in one
 * turn of the event loop goes out at its end as one chunk of HTTP/1.1 in one buffer, which streams
 * that send the same share. (ServerResponse.write would make four writes of each piece, to be
 * copied into one for TLS: a third of what a watch event costs.)
 */
import type { ServerResponse } from 'node:http';
import type { Socket } from 'node:net';

/** So much is gathered before it is handed to the connection. */
const chunkBytes = 64 * 1024;
const lineEnd = Buffer.from('\r\n');

/** Streams with something to send at the end of this turn. */
let due: ChunkedStream[] = [];

/** The chunk made last, for the next stream that sends the same pieces in this turn. */
let lastPieces: readonly Buffer[] = [];
let lastChunk = lineEnd;

/** The head must have been sent, with `Transfer-Encoding: chunked`; the caller ends the response. */
export class ChunkedStream {
  readonly #response: ServerResponse;
  readonly #drained: () => void;
  #pieces: Buffer[] = [];
  #bytes = 0;
  #due = false;
  #full = false;
  /** The one that is listened to. */
  #socket: Socket | undefined;

  /** `drained` is called when the client takes more again. */
  constructor(response: ServerResponse, drained: () => void) {
    this.#response = response;
    this.#drained = () => {
      this.#full = false;
      drained();
    };
    response.on('drain', this.#drained);
  }

  /** The connection has taken all it wants for now. What is pushed all the same waits there. */
  get full(): boolean {
    return this.#full;
  }

  /** Sends a piece by the end of this turn. */
  push(piece: Buffer): void {
    this.#pieces.push(piece);
    this.#bytes += piece.length;
    if (this.#bytes >= chunkBytes) this.flush();
    else if (!this.#due) {
      this.#due = true;
      if (due.length === 0) setImmediate(flushAll);
      due.push(this);
    }
  }

  /** Sends now what has been pushed. */
  flush(): void {
    this.#due = false;
    const pieces = this.#pieces;
    if (pieces.length === 0) return;
    this.#pieces = [];
    this.#bytes = 0;
    const response = this.#response;
    if (response.writableEnded || response.destroyed) return;
    const { socket } = response;
    // While answers to earlier requests of the connection are being sent there is no socket.
    const taken = socket ? socket.write(chunkOf(pieces)) : response.write(Buffer.concat(pieces));
    if (taken) return;
    this.#full = true;
    if (!socket || this.#socket !== undefined) return;
    this.#socket = socket;
    socket.on('drain', this.#drained);
  }

  /** Takes the listeners away: the connection may go on without this answer. */
  close(): void {
    this.#response.off('drain', this.#drained);
    this.#socket?.off('drain', this.#drained);
  }
}

function flushAll(): void {
  const streams = due;
  due = [];
  for (const stream of streams) stream.flush();
  lastPieces = [];
  lastChunk = lineEnd;
}

function chunkOf(pieces: readonly Buffer[]): Buffer {
  const same = pieces.length === lastPieces.length && pieces.every((p, i) => p === lastPieces[i]);
  if (!same) {
    let size = 0;
    for (const piece of pieces) size += piece.length;
    lastChunk = Buffer.concat([Buffer.from(`${size.toString(16)}\r\n`), ...pieces, lineEnd]);
    lastPieces = pieces;
  }
  return lastChunk;
}
