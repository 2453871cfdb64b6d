/** Calls to etcd with time limits and fail-over, over one member at a time. */
import { setTimeout as pause } from 'node:timers/promises';
import { StoreUnavailableError } from '../storage.ts';
import { type EndpointStream, EtcdEndpoint } from './endpoint.ts';
import { storeError, worthRetrying } from './errors.ts';
import { GrpcError } from './grpc-error.ts';
import type { EtcdOptions } from './http2-session.ts';
import { encodeWatchAll, method } from './messages.ts';

/** Between two rounds over all members. */
const retryMs = 100;
/** A snapshot may take this long. */
const snapshotMs = 30 * 60 * 1000;

/** Messages from a member until it ends, fails or is cancelled. */
export class EtcdStream {
  readonly #call: EndpointStream;
  readonly #failed: () => void;
  readonly #limit: NodeJS.Timeout | undefined;
  #cancelled = false;

  /** `limitMs`: it is cancelled, as a failure, when it lasts longer. */
  constructor(call: EndpointStream, failed: () => void, limitMs?: number) {
    this.#call = call;
    this.#failed = failed;
    this.#limit =
      limitMs === undefined ? undefined : setTimeout(() => call.cancel(), limitMs).unref();
  }

  /** Ends the stream; the iteration ends quietly. */
  cancel(): void {
    this.#cancelled = true;
    this.#call.cancel();
  }

  /** Throws StoreUnavailableError when the stream breaks off; iterate once. */
  async *[Symbol.asyncIterator](): AsyncGenerator<Buffer, void> {
    try {
      for await (const message of this.#call) yield message;
    } catch (error) {
      if (this.#cancelled) return;
      this.#failed();
      throw error instanceof GrpcError ? storeError(error) : error;
    } finally {
      clearTimeout(this.#limit);
      this.cancel();
    }
  }
}

/** The connection to an etcd cluster. */
export class EtcdConnection {
  readonly #members: readonly EtcdEndpoint[];
  readonly #timeoutMs: number;
  #current = 0;
  #closed = false;

  constructor(options: EtcdOptions) {
    if (options.servers.length === 0) throw new Error('no etcd server is given');
    this.#members = options.servers.map((server) => new EtcdEndpoint(server, options));
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
      const patience = repeatable && this.#members.length > 1 ? this.#timeoutMs / 3 : Infinity;
      const until = Math.min(deadline, Date.now() + patience);
      const answered = await this.#members[used]!.call(path, request, until);
      if (!(answered instanceof GrpcError)) return answered;
      if (worthRetrying(answered)) this.#leave(used);
      const again = answered.neverSent || (repeatable && worthRetrying(answered));
      if (!again || Date.now() + retryMs >= deadline) throw storeError(answered);
      if (attempt % this.#members.length === 0) await pause(retryMs);
    }
  }

  /** Opens a watch of all keys; what comes are WatchResponse messages. */
  watchAll(startRevision: number): EtcdStream {
    // The member is to end the watch when it has lost the others, rather than be silent.
    const headers = { hasleader: 'true' };
    return this.#open((member) =>
      member.stream(method.watch, encodeWatchAll(startRevision), headers, true),
    );
  }

  /** Opens the stream of a snapshot; what comes are SnapshotResponse messages. */
  snapshot(): EtcdStream {
    const headers = { 'grpc-timeout': `${snapshotMs / 1000}S` };
    const nothing = Buffer.alloc(0);
    return this.#open(
      (member) => member.stream(method.snapshot, nothing, headers, false),
      snapshotMs,
    );
  }

  close(): void {
    this.#closed = true;
    for (const member of this.#members) member.close();
  }

  #open(start: (member: EtcdEndpoint) => EndpointStream, limitMs?: number): EtcdStream {
    if (this.#closed) throw new StoreUnavailableError('the store is closed');
    const used = this.#current;
    return new EtcdStream(start(this.#members[used]!), () => this.#leave(used), limitMs);
  }

  /** Goes on to the next member, unless another call has done so already. */
  #leave(used: number): void {
    if (this.#current === used) this.#current = (used + 1) % this.#members.length;
  }
}
