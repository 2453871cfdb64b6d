/**
 * The gRPC channel to one of etcd's members: calls over one HTTP/2 connection of node's, with
 * messages of our own (`messages.ts`). Not @grpc/grpc-js, whose call costs more than twice the CPU
 * of one on a bare HTTP/2 stream: what it has beside (name resolution, balancing, interceptors,
 * retries) serves a list of fixed addresses nothing. And not etcd3, which cannot reach an https
 * server by its IP address, repeats writes that may have happened, and leaves a gap in a watch when
 * the connection is lost before history has been replayed.
 */
import type { ClientHttp2Session, ClientHttp2Stream } from 'node:http2';
import { GrpcError, grpcCode } from './grpc-error.ts';
import { frameMessage, MessageSplitter } from './grpc-messages.ts';
import { GrpcStream, StreamStatus } from './grpc-stream.ts';
import { connectMs, type EtcdOptions, type KeepAlive, openSession } from './http2-session.ts';

/** What a call is sent with beside its path. */
export type CallHeaders = Readonly<Record<string, string>>;

/** After a failure the next connection is made no sooner. */
const minBackoffMs = 100;
const maxBackoffMs = 2000;

/** A client of one member, connected when it is first used. It connects again by itself. */
export class EtcdEndpoint {
  readonly #server: URL;
  readonly #options: EtcdOptions;
  #session: ClientHttp2Session | undefined;
  #connecting: Promise<ClientHttp2Session> | undefined;
  #backoffMs = minBackoffMs;
  #notBefore = 0;
  /** Of the last attempt to connect. */
  #lastFailure: GrpcError | undefined;
  #closed = false;
  /** Calls and streams that run. */
  #calls = 0;
  readonly #alive: KeepAlive;

  /** Throws when the address is of no use. */
  constructor(server: string, options: EtcdOptions, pingMs?: number) {
    this.#server = new URL(server);
    this.#options = options;
    this.#alive = { busy: () => this.#calls > 0, ...(pingMs === undefined ? {} : { pingMs }) };
    const { protocol } = this.#server;
    if (protocol === 'http:' && (options.ca !== undefined || options.cert !== undefined)) {
      throw new Error(`etcd server ${server} must be an https address to use certificates`);
    }
    if (protocol !== 'http:' && protocol !== 'https:') {
      throw new Error(`etcd server ${server} must be an http or https address`);
    }
  }

  /** Calls a method; returns the error rather than throwing it. `deadline`: ms since 1970. */
  async call(path: string, request: Buffer, deadline: number): Promise<Buffer | GrpcError> {
    this.#calls++;
    try {
      const session = this.#open() ?? (await this.#connected(deadline));
      // The header takes whole numbers of at most eight digits.
      const left = Math.min(Math.ceil(deadline - Date.now()), 99_999_999);
      if (left <= 0) return late(true);
      return await unary(start(session, path, { 'grpc-timeout': `${left}m` }), request, left);
    } catch (error) {
      return asGrpcError(error);
    } finally {
      this.#calls--;
    }
  }

  /**
   * Sends one message and listens. The stream is there at once; what goes wrong, connecting
   * included, is told by its iteration.
   */
  stream(path: string, request: Buffer, headers: CallHeaders, endless: boolean): EndpointStream {
    return new EndpointStream(
      Promise.resolve()
        .then(() => this.#open() ?? this.#connected(Number.POSITIVE_INFINITY))
        .then((session) => {
          const stream = start(session, path, headers);
          this.#calls++;
          stream.once('close', () => this.#calls--);
          if (endless) stream.write(frameMessage(request));
          else stream.end(frameMessage(request));
          return new GrpcStream(stream);
        }),
    );
  }

  /** Ends the connection and what runs over it. */
  close(): void {
    this.#closed = true;
    this.#session?.destroy();
  }

  /** The connection, when there is one that takes calls. */
  #open(): ClientHttp2Session | undefined {
    const session = this.#session;
    return session === undefined || session.closed || session.destroyed ? undefined : session;
  }

  async #connected(deadline: number): Promise<ClientHttp2Session> {
    if (this.#connecting === undefined && Date.now() < this.#notBefore) {
      throw this.#lastFailure!;
    }
    this.#connecting ??= this.#connect().finally(() => {
      this.#connecting = undefined;
    });
    const left = deadline - Date.now();
    if (left > connectMs) return await this.#connecting;
    const { promise, reject } = Promise.withResolvers<never>();
    const timer = setTimeout(() => reject(late(true)), left);
    try {
      return await Promise.race([this.#connecting, promise]);
    } finally {
      clearTimeout(timer);
    }
  }

  async #connect(): Promise<ClientHttp2Session> {
    try {
      this.#session = await openSession(this.#server, this.#options, this.#alive);
      if (this.#closed) this.#session.destroy();
      this.#backoffMs = minBackoffMs;
      return this.#session;
    } catch (error) {
      this.#notBefore = Date.now() + this.#backoffMs;
      this.#backoffMs = Math.min(this.#backoffMs * 1.6, maxBackoffMs);
      const why = error instanceof Error ? error.message : String(error);
      const text = `no connection to ${this.#server.host}: ${why}`;
      this.#lastFailure = new GrpcError(grpcCode.unavailable, text, true, { cause: error });
      throw this.#lastFailure;
    }
  }
}

/** A stream that may still be waiting for its connection. */
export class EndpointStream implements AsyncIterable<Buffer> {
  readonly #started: Promise<GrpcStream>;

  constructor(started: Promise<GrpcStream>) {
    this.#started = started;
    // Nobody may be iterating when it fails; the iteration hears of it all the same.
    started.catch(() => {});
  }

  cancel(): void {
    this.#started.then(
      (stream) => stream.cancel(),
      () => {},
    );
  }

  /** Throws GrpcError when the stream ends otherwise than well; iterate once. */
  async *[Symbol.asyncIterator](): AsyncGenerator<Buffer, void> {
    let stream: GrpcStream;
    try {
      stream = await this.#started;
    } catch (error) {
      throw asGrpcError(error);
    }
    yield* stream;
  }
}

/** Opens a stream of a call. Throws GrpcError when the connection takes none any more. */
function start(session: ClientHttp2Session, path: string, headers: CallHeaders): ClientHttp2Stream {
  try {
    return session.request({
      ':method': 'POST',
      ':path': path,
      te: 'trailers',
      'content-type': 'application/grpc',
      'user-agent': 'k8ts',
      ...headers,
    });
  } catch (error) {
    const text = 'the connection has just been closed';
    throw new GrpcError(grpcCode.unavailable, text, true, { cause: error });
  }
}

/** One message there, one back. */
function unary(
  stream: ClientHttp2Stream,
  request: Buffer,
  timeoutMs: number,
): Promise<Buffer | GrpcError> {
  const { promise, resolve } = Promise.withResolvers<Buffer | GrpcError>();
  const status = new StreamStatus(stream);
  const splitter = new MessageSplitter();
  let answer: Buffer | undefined;
  const timer = setTimeout(() => {
    resolve(late(false));
    stream.close(0x8);
  }, timeoutMs);
  stream.on('data', (chunk: Buffer) => {
    try {
      const messages = splitter.push(chunk);
      answer ??= messages[0];
    } catch (error) {
      resolve(asGrpcError(error));
      stream.close(0x8);
    }
  });
  stream.once('close', () => {
    clearTimeout(timer);
    const error = status.error();
    if (error !== undefined) resolve(error);
    else resolve(answer ?? new GrpcError(grpcCode.internal, 'the answer has no message'));
  });
  stream.end(frameMessage(request));
  return promise;
}

function late(neverSent: boolean): GrpcError {
  return new GrpcError(grpcCode.deadlineExceeded, 'no answer in time', neverSent);
}

function asGrpcError(error: unknown): GrpcError {
  if (error instanceof GrpcError) return error;
  const text = error instanceof Error ? error.message : String(error);
  return new GrpcError(grpcCode.internal, text, false, { cause: error });
}
