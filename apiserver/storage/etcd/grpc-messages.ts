/** gRPC's framing of messages: a byte for compression, four for the length, the message. */
import { GrpcError, grpcCode } from './grpc-error.ts';

const prefixBytes = 5;
const nothing = Buffer.alloc(0);

/** A message as it goes over the stream. */
export function frameMessage(message: Buffer): Buffer {
  const framed = Buffer.allocUnsafe(prefixBytes + message.length);
  framed[0] = 0;
  framed.writeUInt32BE(message.length, 1);
  message.copy(framed, prefixBytes);
  return framed;
}

/** Cuts a stream's bytes into messages. */
export class MessageSplitter {
  #parts: Buffer[] = [];
  #bytes = 0;
  /** How many bytes must be there before there is anything to do. */
  #wanted = prefixBytes;

  /** Whether a message has begun and not ended. */
  get partial(): boolean {
    return this.#bytes > 0;
  }

  /**
   * The messages that `chunk` completes, in order; they are views of the chunks where they can be.
   * Throws GrpcError for a message that is compressed: none was asked to be.
   */
  push(chunk: Buffer): readonly Buffer[] {
    this.#parts.push(chunk);
    this.#bytes += chunk.length;
    if (this.#bytes < this.#wanted) return [];
    let rest = this.#parts.length === 1 ? chunk : Buffer.concat(this.#parts, this.#bytes);
    const messages: Buffer[] = [];
    this.#wanted = prefixBytes;
    while (rest.length >= prefixBytes) {
      if (rest[0] !== 0) throw new GrpcError(grpcCode.internal, 'a message is compressed');
      const end = prefixBytes + rest.readUInt32BE(1);
      if (rest.length < end) {
        this.#wanted = end;
        break;
      }
      messages.push(rest.subarray(prefixBytes, end));
      rest = rest.subarray(end);
    }
    if (rest.length === 0) rest = nothing;
    this.#parts = rest.length === 0 ? [] : [rest];
    this.#bytes = rest.length;
    return messages;
  }
}
