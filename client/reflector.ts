/**
 * Keeps a copy of one selection in step with the server: the present state as a stream
 * (sendInitialEvents, KEP-3157) or, where the server has no such stream, as a list; then changes
 * from the last resourceVersion on, over as many watches as it takes.
 */
import type { Clock } from '../machinery/meta/clock.ts';
import { hasReason } from '../machinery/meta/status-error.ts';
import type { KubeObject } from '../machinery/schema/wire.ts';
import { linkedSignal, sleep } from './abort.ts';
import { Backoff } from './backoff.ts';
import type { Client, Resource, WatchEvent } from './client.ts';
import { errorFields, type Log } from './log.ts';

export interface Selection {
  readonly namespace?: string | undefined;
  readonly labelSelector?: string | undefined;
  readonly fieldSelector?: string | undefined;
  readonly metadataOnly?: boolean;
}

/** Where a reflector puts what it learns; called in the order of the server's changes. */
export interface ReflectorSink<T extends KubeObject> {
  /** The whole state, at the start and whenever changes may have been missed. */
  replace(objects: readonly T[]): void;
  /** An object that was added or changed. */
  upsert(object: T): void;
  delete(object: T): void;
}

export interface ReflectorOptions {
  readonly clock: Clock;
  readonly random: () => number;
  readonly log: Log;
}

const initialEventsEnd = 'k8s.io/initial-events-end';
const firstBackoffMs = 200;
const maxBackoffMs = 10_000;
/** A watch that ends sooner, and brought nothing, is followed by a pause. */
const shortWatchMs = 1_000;
const minWatchSeconds = 300;

export class Reflector<T extends KubeObject> {
  private readonly client: Client;
  private readonly resource: Resource<T>;
  private readonly selection: Selection;
  private readonly sink: ReflectorSink<T>;
  private readonly options: ReflectorOptions;
  private readonly backoff: Backoff;
  private revision: string | undefined;
  private streamsState = true;
  private failures = 0;

  constructor(
    client: Client,
    resource: Resource<T>,
    selection: Selection,
    sink: ReflectorSink<T>,
    options: ReflectorOptions,
  ) {
    this.client = client;
    this.resource = resource;
    this.selection = selection;
    this.sink = sink;
    this.options = options;
    this.backoff = new Backoff({
      firstMs: firstBackoffMs,
      maxMs: maxBackoffMs,
      random: options.random,
    });
  }

  /** Up to where the sink knows the server's state; 0 before the first state and while lost. */
  get revisionSeen(): number {
    const revision = Number(this.revision ?? 0);
    return Number.isNaN(revision) ? 0 : revision;
  }

  /** Follows the server until the signal aborts. Failures are logged and retried, never thrown. */
  async run(signal: AbortSignal): Promise<void> {
    const { clock, log } = this.options;
    while (!signal.aborted) {
      const startedAt = clock.now();
      let quiet = true;
      try {
        if (this.revision === undefined && !this.streamsState) await this.list(signal);
        quiet = !(await this.watchOnce(signal));
        this.failures = 0;
        if (!quiet || clock.now() - startedAt >= shortWatchMs) {
          this.backoff.reset();
          continue;
        }
      } catch (e) {
        if (signal.aborted) return;
        if (this.mustListAgain(e)) {
          this.revision = undefined;
        } else if (this.revision === undefined && this.streamsState && refusesStream(e)) {
          this.streamsState = false;
          continue;
        } else if (this.failures++ === 0) {
          log.warn({ resource: this.resource.plural, ...errorFields(e) }, 'watch failed, retrying');
        }
      }
      await sleep(clock, this.backoff.next(), signal);
    }
  }

  private async list(signal: AbortSignal): Promise<void> {
    const list = await this.client.list(this.resource, { ...this.selection, signal });
    // First: handlers that run in replace look at it.
    this.revision = list.metadata?.resourceVersion;
    this.sink.replace(list.items);
  }

  /** One watch; true when it brought the state or a change. */
  private async watchOnce(signal: AbortSignal): Promise<boolean> {
    let pending: T[] | undefined = this.revision === undefined ? [] : undefined;
    let any = false;
    const link = linkedSignal(signal);
    try {
      const events = this.client.watch(this.resource, {
        ...this.selection,
        ...(pending === undefined
          ? { resourceVersion: this.revision! }
          : { sendInitialEvents: true }),
        // Spread, so that not all watches end at one moment.
        timeoutSeconds: Math.round(minWatchSeconds * (1 + this.options.random())),
        signal: link.signal,
      });
      for await (const event of events) {
        if (pending === undefined) {
          any = true;
          this.apply(event);
        } else if (endsState(event)) {
          this.revision = event.object.metadata?.resourceVersion;
          this.sink.replace(pending);
          pending = undefined;
          any = true;
        } else if (event.type === 'ADDED') pending.push(event.object);
      }
      return any;
    } finally {
      link.abort();
      link.dispose();
    }
  }

  private apply(event: WatchEvent<T>): void {
    const { object } = event;
    this.revision = object.metadata?.resourceVersion ?? this.revision;
    if (event.type === 'DELETED') this.sink.delete(object);
    else if (event.type !== 'BOOKMARK') this.sink.upsert(object);
  }

  private mustListAgain(e: unknown): boolean {
    if (hasReason(e, 'Expired', 'Gone')) return true;
    // The server knows fewer revisions than we have seen: it was restored from a backup.
    return (
      hasReason(e, 'Timeout') &&
      e.details?.causes?.some((c) => c.reason === 'ResourceVersionTooLarge') === true
    );
  }
}

function endsState(event: WatchEvent<KubeObject>): boolean {
  return (
    event.type === 'BOOKMARK' && event.object.metadata?.annotations?.[initialEventsEnd] === 'true'
  );
}

function refusesStream(e: unknown): boolean {
  return hasReason(e, 'Invalid', 'BadRequest', 'MethodNotAllowed', 'NotAcceptable');
}
