/** Calls to etcd with time limits and fail-over, over one member at a time. */
import { setTimeout as pause } from 'node:timers/promises';
import {
  type Client,
  type ClientDuplexStream,
  type ClientReadableStream,
  Metadata,
  type ServiceError,
} from '@grpc/grpc-js';
import { StoreUnavailableError } from '../storage.ts';
import { bytes, callEndpoint, connectEndpoint, type EtcdOptions } from './endpoint.ts';
import { neverSent, storeError, worthRetrying } from './errors.ts';
import { encodeWatchAll, method } from './messages.ts';

/** Between two rounds over all members. */
const retryMs = 100;
/** A snapshot may take this long. */
const snapshotMs = 30 * 60 * 1000;

/** Messages from a member until it ends, fails or is cancelled. */
export class EtcdStream {
  readonly #call: ClientReadableStream<Buffer>;
  readonly #failed: () => void;
  #cancelled = false;

  constructor(call: ClientReadableStream<Buffer>, failed: () => void) {
    this.#call = call;
    this.#failed = failed;
    // Nobody may be iterating when it fails; the iteration hears of it all the same.
    call.on('error', () => {});
  }

  /** Ends the stream; the iteration ends quietly. */
  cancel(): void {
    this.#cancelled = true;
    this.#call.cancel();
  }

  /** Throws StoreUnavailableError when the stream breaks off; iterate once. */
  async *[Symbol.asyncIterator](): AsyncGenerator<Buffer, void> {
    try {
      for await (const message of this.#call) yield message as Buffer;
    } catch (error) {
      if (this.#cancelled) return;
      this.#failed();
      throw storeError(error as ServiceError);
    } finally {
      this.cancel();
    }
  }
}

/** The connection to an etcd cluster. */
export class EtcdConnection {
  readonly #clients: readonly Client[];
  readonly #timeoutMs: number;
  #current = 0;
  #closed = false;

  constructor(options: EtcdOptions) {
    if (options.servers.length === 0) throw new Error('no etcd server is given');
    this.#clients = options.servers.map((server) => connectEndpoint(server, options));
    this.#timeoutMs = options.timeoutMs ?? 10_000;
  }

  get closed(): boolean {
    return this.#closed;
  }

  /**
   * Calls a method and returns the answer's bytes. Only reads (`repeatable`) are sent again when it
   * is not known whether the first try has arrived. Rejects with an error of the contract, or the
   * call's own.
   */
  async call(path: string, request: Buffer, repeatable: boolean): Promise<Buffer> {
    const deadline = Date.now() + this.#timeoutMs;
    for (let attempt = 1; ; attempt++) {
      if (this.#closed) throw new StoreUnavailableError('the store is closed');
      const used = this.#current;
      // A member that is silent must not use up all the time when there are others to ask.
      const patience = repeatable && this.#clients.length > 1 ? this.#timeoutMs / 3 : Infinity;
      const until = Math.min(deadline, Date.now() + patience);
      const answered = await callEndpoint(this.#clients[used]!, path, request, until);
      if (!(answered instanceof Error)) return answered;
      if (worthRetrying(answered)) this.#leave(used);
      const again = neverSent(answered) || (repeatable && worthRetrying(answered));
      if (!again || Date.now() + retryMs >= deadline) throw storeError(answered);
      if (attempt % this.#clients.length === 0) await pause(retryMs);
    }
  }

  /** Opens a watch of all keys; what comes are WatchResponse messages. */
  watchAll(startRevision: number): EtcdStream {
    return this.#open((client) => {
      // The member is to end the watch when it has lost the others, rather than be silent.
      const metadata = new Metadata();
      metadata.set('hasleader', 'true');
      const call: ClientDuplexStream<Buffer, Buffer> = client.makeBidiStreamRequest(
        method.watch,
        bytes,
        bytes,
        metadata,
      );
      call.write(encodeWatchAll(startRevision));
      return call;
    });
  }

  /** Opens the stream of a snapshot; what comes are SnapshotResponse messages. */
  snapshot(): EtcdStream {
    const deadline = Date.now() + snapshotMs;
    const nothing = Buffer.alloc(0);
    return this.#open(
      (client): ClientReadableStream<Buffer> =>
        client.makeServerStreamRequest(method.snapshot, bytes, bytes, nothing, { deadline }),
    );
  }

  close(): void {
    this.#closed = true;
    for (const client of this.#clients) client.close();
  }

  #open(start: (client: Client) => ClientReadableStream<Buffer>): EtcdStream {
    if (this.#closed) throw new StoreUnavailableError('the store is closed');
    const used = this.#current;
    return new EtcdStream(start(this.#clients[used]!), () => this.#leave(used));
  }

  /** Goes on to the next member, unless another call has done so already. */
  #leave(used: number): void {
    if (this.#current === used) this.#current = (used + 1) % this.#clients.length;
  }
}
