/** One gRPC call as an HTTP/2 stream: where its status is found, and its messages as they come. */
import type { ClientHttp2Session, ClientHttp2Stream, IncomingHttpHeaders } from 'node:http2';
import { errorOfHttpStatus, errorOfReset, GrpcError, grpcCode } from './grpc-error.ts';
import { MessageSplitter } from './grpc-messages.ts';

/** Collects what headers and trailers say of the outcome of a stream. */
export class StreamStatus {
  readonly #stream: ClientHttp2Stream;
  /** The stream lets go of it when it ends. */
  readonly #session: ClientHttp2Session | undefined;
  #headers: IncomingHttpHeaders | undefined;
  #trailers: IncomingHttpHeaders | undefined;
  #failure: Error | undefined;

  /** Listens to the stream; from now on its errors are this object's to tell. */
  constructor(stream: ClientHttp2Stream) {
    this.#stream = stream;
    this.#session = stream.session as ClientHttp2Session | undefined;
    stream.on('response', (headers) => {
      this.#headers = headers;
    });
    stream.on('trailers', (trailers) => {
      this.#trailers = trailers;
    });
    stream.on('error', (error) => {
      this.#failure = error;
    });
  }

  /** Why the stream, which has closed, has failed; undefined when it has not. */
  error(): GrpcError | undefined {
    // An answer without messages has its status in the headers.
    const from = this.#trailers ?? this.#headers;
    const status = from?.['grpc-status'];
    if (from !== undefined && status !== undefined) {
      if (status === '0') return undefined;
      return new GrpcError(Number(status), messageText(String(from['grpc-message'] ?? '')));
    }
    const httpStatus = Number(this.#headers?.[':status'] ?? 200);
    if (httpStatus !== 200) return errorOfHttpStatus(httpStatus);
    const { rstCode } = this.#stream;
    const lost = this.#session?.destroyed !== false;
    if (rstCode !== 0 && !lost) return errorOfReset(rstCode);
    const why = this.#failure?.message ?? 'it ended without a status';
    return new GrpcError(grpcCode.unavailable, `the connection was lost: ${why}`, false, {
      cause: this.#failure,
    });
  }
}

/** The text of `grpc-message`: percent-encoded where it is not printable ASCII. */
function messageText(encoded: string): string {
  try {
    return decodeURIComponent(encoded);
  } catch {
    return encoded;
  }
}

/** The messages of a stream; what is not taken in time holds the server back. */
export class GrpcStream implements AsyncIterable<Buffer> {
  readonly #stream: ClientHttp2Stream;
  readonly #status: StreamStatus;

  constructor(stream: ClientHttp2Stream) {
    this.#stream = stream;
    this.#status = new StreamStatus(stream);
  }

  cancel(): void {
    // NGHTTP2_CANCEL
    this.#stream.close(0x8);
  }

  /** Throws GrpcError when the stream ends otherwise than well; iterate once. */
  async *[Symbol.asyncIterator](): AsyncGenerator<Buffer, void> {
    const splitter = new MessageSplitter();
    const closed = new Promise<void>((resolve) => {
      if (this.#stream.closed && this.#stream.destroyed) resolve();
      else this.#stream.once('close', resolve);
    });
    try {
      for await (const chunk of this.#stream) yield* splitter.push(chunk as Buffer);
    } catch (error) {
      if (error instanceof GrpcError) throw error;
      // The status tells more than the stream's own error.
    }
    // The server has said all it has to say.
    this.#stream.end();
    await closed;
    const error = this.#status.error();
    if (error !== undefined) throw error;
    if (splitter.partial) throw new GrpcError(grpcCode.internal, 'the last message is cut off');
  }
}
