/**
 * The main thread's end of the embedded store's thread: packs the requests of one turn of the event
 * loop into one message and matches the answers.
 */
import { Worker } from 'node:worker_threads';
import {
  CompactedError,
  FutureRevisionError,
  LeaseNotFoundError,
  type StoreEvent,
  StoreUnavailableError,
} from '../storage.ts';
import { MessageReader, MessageWriter } from './message.ts';
import {
  answer,
  failure,
  readEvents,
  request,
  type WorkerNotice,
  type WorkerOptions,
} from './protocol.ts';
import { StoreFileError } from './store-file.ts';

/** Requests beyond this are refused. */
const maxPending = 50_000;

/** The thread's values pass through buffers: of what it makes on its heap nearly nothing stays. */
const resourceLimits = { maxYoungGenerationSizeMb: 3 };

/** Reads the fields of an answer: what it returns resolves the request. */
export type ReadAnswer<T> = (from: MessageReader, tag: number) => T;

export interface LinkListener {
  /** Deletes of expired leases. */
  expired(events: readonly StoreEvent[]): void;
  /** All answers of a message have been read. Their promises have not been seen by anyone yet. */
  received(): void;
  /** The thread is gone. */
  ended(error: StoreUnavailableError): void;
}

interface Pending {
  readonly settle: ReadAnswer<void>;
  readonly reject: (error: Error) => void;
}

/** The connection to the thread. */
export class WorkerLink {
  readonly #worker: Worker;
  readonly #listener: LinkListener;
  readonly #pending = new Map<number, Pending>();
  #queue: ((to: MessageWriter) => void)[] = [];
  #queuedBytes = 0;
  #lastId = 0;
  #ended: StoreUnavailableError | undefined;

  /** Starts a thread and waits until it has opened the store; throws StoreFileError. */
  static async start(
    options: WorkerOptions,
  ): Promise<{ revision: number; connect: (listener: LinkListener) => WorkerLink }> {
    const url = new URL('./worker.ts', import.meta.url);
    const worker = new Worker(url, { workerData: options, name: 'k8ts-store', resourceLimits });
    const notice = await new Promise<WorkerNotice>((resolve, reject) => {
      worker.once('message', resolve);
      worker.once('error', reject);
    });
    if (!notice.open) throw new StoreFileError(notice.error);
    worker.removeAllListeners('error');
    const connect = (listener: LinkListener) => new WorkerLink(worker, listener);
    return { revision: notice.revision, connect };
  }

  private constructor(worker: Worker, listener: LinkListener) {
    this.#worker = worker;
    this.#listener = listener;
    worker.on('message', (message: ArrayBuffer) => this.#receive(new MessageReader(message)));
    worker.on('error', (error) => {
      const text = error instanceof Error ? error.message : String(error);
      this.#end(`the store has failed: ${text}`, error);
    });
    worker.on('exit', () => this.#end('the store is closed'));
  }

  /** Why nothing can be asked any more. */
  get ended(): StoreUnavailableError | undefined {
    return this.#ended;
  }

  /**
   * Sends a request. `bytes` is about what its fields take. Rejects with the error that the thread
   * answers, or StoreUnavailableError.
   */
  ask<T>(
    tag: number,
    bytes: number,
    write: (to: MessageWriter) => void,
    read: ReadAnswer<T>,
  ): Promise<T> {
    return new Promise((resolve, reject) => {
      if (this.#ended !== undefined) throw this.#ended;
      if (this.#pending.size >= maxPending) {
        throw new StoreUnavailableError('too many requests are waiting for the store');
      }
      const id = ++this.#lastId;
      this.#pending.set(id, { settle: (from, answered) => resolve(read(from, answered)), reject });
      this.#queuedBytes += bytes + 64;
      if (this.#queue.length === 0) setImmediate(() => this.#flush());
      this.#queue.push((to) => {
        to.byte(tag);
        to.number(id);
        write(to);
      });
    });
  }

  /** Lets the thread finish what it has been sent, close the file and end. */
  async close(): Promise<void> {
    if (this.#ended !== undefined) return;
    const exited = new Promise((resolve) => this.#worker.once('exit', resolve));
    const closed = this.ask(
      request.close,
      0,
      () => {},
      (from) => from.number(),
    );
    this.#ended = new StoreUnavailableError('the store is closed');
    await closed;
    await exited;
  }

  #flush(): void {
    const message = new MessageWriter(this.#queuedBytes);
    for (const write of this.#queue) write(message);
    this.#queue = [];
    this.#queuedBytes = 0;
    const buffer = message.finish();
    this.#worker.postMessage(buffer, [buffer]);
  }

  #receive(from: MessageReader): void {
    while (!from.done) {
      const tag = from.byte();
      const id = from.number();
      if (tag === answer.expired) {
        this.#listener.expired(readEvents(from));
        continue;
      }
      const pending = this.#pending.get(id)!;
      this.#pending.delete(id);
      if (tag === answer.failed) pending.reject(readFailure(from));
      else pending.settle(from, tag);
    }
    this.#listener.received();
  }

  #end(message: string, cause?: unknown): void {
    this.#ended ??= new StoreUnavailableError(message, { cause });
    for (const { reject } of this.#pending.values()) reject(this.#ended);
    this.#pending.clear();
    this.#listener.ended(this.#ended);
  }
}

function readFailure(from: MessageReader): Error {
  const kind = from.byte();
  const number = from.number();
  const text = from.text();
  switch (kind) {
    case failure.compacted:
      return new CompactedError(number);
    case failure.future:
      return new FutureRevisionError(number);
    case failure.leaseNotFound:
      return new LeaseNotFoundError(number);
    case failure.unavailable:
      return new StoreUnavailableError(text);
    default:
      return new Error(text);
  }
}
