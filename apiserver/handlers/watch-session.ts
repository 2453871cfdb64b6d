/**
 * The stream of one watch. What the client is ready for goes out at once, in bytes shared with the
 * other watches; for a client that reads slower the events wait as references, not as bytes. Whoever
 * leaves too many of them unread is cut off.
 */
import type { ServerResponse } from 'node:http';
import { expired, type StatusError } from '../../machinery/meta/status-error.ts';
import { asStatusError } from '../server/api-response.ts';
import { ChunkedStream } from '../server/chunked-stream.ts';
import type { RenderContext } from '../server/rendering.ts';
import type { CacheEvent } from '../storage/cache/resource-cache.ts';
import type { StoredObject } from '../storage/cache/stored-object.ts';
import type { ListOptions } from './list-options.ts';
import { type Selection, triggerOf } from './selection.ts';
import type { EventType, WatchEncoder } from './watch-encoder.ts';

/** What may wait for a slow client: bytes of objects, and events. */
const waitingLimitBytes = 32 * 1024 * 1024;
const waitingLimit = 50_000;
const maxTimeoutMs = 2 ** 31 - 1;
const bookmarkEveryMs = 60_000;
/** How long a client may take to read the end. */
const leaveMs = 30_000;

export interface WatchSessionOptions {
  readonly c: RenderContext;
  readonly selection: Selection;
  readonly options: ListOptions;
  readonly encoder: WatchEncoder;
  readonly response: ServerResponse;
  /** It ends after this time, or up to twice as long, when the client names none; 0: never. */
  readonly minTimeoutMs: number;
}

interface Waiting {
  readonly type: EventType;
  readonly object: StoredObject;
}

/** Call one of `begin`, `resume` and `fail`, then `run`. */
export class WatchSession {
  readonly #c: RenderContext;
  readonly #selection: Selection;
  readonly #options: ListOptions;
  readonly #encoder: WatchEncoder;
  readonly #response: ServerResponse;
  readonly #minTimeoutMs: number;
  readonly #stream: ChunkedStream;
  /** What the client has from before the watch joined: its state, or past events. */
  #before: Iterator<Waiting, void> | undefined;
  /** The revision of the bookmark that is owed behind `#before`. */
  #owedBookmark: number | undefined;
  /** Events that came while the client was not ready. */
  #waiting: Waiting[] = [];
  #waitingBytes = 0;
  /** So many of them have been sent. */
  #taken = 0;
  #after = 0;
  #unsubscribe: (() => void) | undefined;
  #over = false;

  constructor(options: WatchSessionOptions) {
    this.#c = options.c;
    this.#selection = options.selection;
    this.#options = options.options;
    this.#encoder = options.encoder;
    this.#response = options.response;
    this.#minTimeoutMs = options.minTimeoutMs;
    this.#response.writeHead(200, {
      'Content-Type': this.#c.form.streamType,
      'Cache-Control': 'no-cache, private',
      'Transfer-Encoding': 'chunked',
    });
    this.#response.flushHeaders();
    this.#stream = new ChunkedStream(this.#response, () => this.#pump());
  }

  /** The present state as ADDED events, then what follows. */
  begin(objects: readonly StoredObject[]): void {
    const { allowWatchBookmarks, sendInitialEvents } = this.#options;
    this.#before = added(objects);
    if (allowWatchBookmarks && sendInitialEvents === true) {
      this.#owedBookmark = this.#c.resource.store.cacher.revision;
    }
    this.#subscribe();
    this.#pump();
  }

  /** Past events after a revision, then what follows. */
  resume(past: readonly CacheEvent[], after: number): void {
    this.#after = after;
    this.#before = this.#selectedOf(past);
    this.#subscribe();
    this.#pump();
  }

  /** Sends an error and ends the stream. */
  fail(error: StatusError): void {
    if (this.#over) return;
    this.#before = undefined;
    this.#waiting = [];
    this.#stream.push(this.#encoder.error(error));
    this.#end();
  }

  /** Runs until the stream has ended: the client went away, its time is up, history was lost. */
  async run(signal: AbortSignal): Promise<void> {
    const response = this.#response;
    const { timeoutSeconds = 0, allowWatchBookmarks } = this.#options;
    const timeoutMs =
      timeoutSeconds === 0
        ? (this.#minTimeoutMs || maxTimeoutMs) * (1 + Math.random())
        : Math.max(0, timeoutSeconds * 1000);
    const timeout = setTimeout(() => this.#timeUp(), Math.min(timeoutMs, maxTimeoutMs));
    const bookmarks = allowWatchBookmarks
      ? setInterval(() => this.#bookmark(), bookmarkEveryMs)
      : undefined;
    try {
      // A client that left before this point is not told of any more.
      if (!response.destroyed && !signal.aborted && !response.writableFinished) {
        await new Promise<void>((resolve) => {
          response.once('close', resolve);
          signal.addEventListener('abort', () => resolve(), { once: true });
        });
      }
    } finally {
      this.#over = true;
      clearTimeout(timeout);
      clearInterval(bookmarks);
      this.#stream.close();
      this.#unsubscribe?.();
      this.#before = undefined;
      this.#waiting = [];
    }
  }

  #subscribe(): void {
    const { cache } = this.#c.resource.store;
    this.#unsubscribe = cache.subscribe({
      namespace: cache.spec.namespaced ? this.#selection.scope : '',
      trigger: triggerOf(this.#c.resource, this.#selection),
      onEvent: (event) => this.#onEvent(event),
      onLost: () => this.fail(expired('too old resource version: the history was lost')),
    });
  }

  #onEvent(event: CacheEvent): void {
    if (this.#over) return;
    try {
      const shown = this.#shown(event);
      if (shown === undefined) return;
      if (this.#idle) this.#send(shown, true);
      else this.#wait(shown);
    } catch (e) {
      this.fail(asStatusError(e));
    }
  }

  /** What the selection sees of an event. */
  #shown(event: CacheEvent): Waiting | undefined {
    const { scope } = this.#selection;
    if (event.revision <= this.#after) return undefined;
    if (scope !== '' && event.object.namespace !== scope) return undefined;
    const now = event.type !== 'DELETED' && this.#selection.matches(event.object);
    const before = event.prev !== undefined && this.#selection.matches(event.prev);
    if (now) return { type: before ? 'MODIFIED' : 'ADDED', object: event.object };
    if (!before) return undefined;
    // Out of the selection, or gone: the last state that was seen, under the new revision.
    const last = event.type === 'DELETED' ? event.object : event.prev!.at(event.revision);
    return { type: 'DELETED', object: last };
  }

  *#selectedOf(past: readonly CacheEvent[]): Generator<Waiting, void> {
    for (const event of past) {
      const shown = this.#shown(event);
      if (shown !== undefined) yield shown;
    }
  }

  #wait(waiting: Waiting): void {
    this.#waiting.push(waiting);
    this.#waitingBytes += waiting.object.size;
    const count = this.#waiting.length - this.#taken;
    if (count <= waitingLimit && this.#waitingBytes <= waitingLimitBytes) return;
    this.#over = true;
    this.#response.destroy();
  }

  /** Sends what waits, as long as the connection takes it. */
  #pump(): void {
    try {
      while (!this.#stream.full && !this.#over) {
        const next = this.#next();
        if (next === undefined) return;
        this.#send(next, false);
      }
    } catch (e) {
      this.fail(asStatusError(e));
    }
  }

  #next(): Waiting | undefined {
    if (this.#before !== undefined) {
      const { done, value } = this.#before.next();
      if (done !== true) return value;
      this.#before = undefined;
      if (this.#owedBookmark !== undefined) {
        this.#stream.push(this.#encoder.bookmark(this.#owedBookmark, true));
      }
    }
    const next = this.#waiting[this.#taken];
    if (next === undefined) return undefined;
    this.#taken++;
    this.#waitingBytes -= next.object.size;
    if (this.#taken === this.#waiting.length) {
      this.#waiting = [];
      this.#taken = 0;
    }
    return next;
  }

  #send({ type, object }: Waiting, share: boolean): void {
    // An object is no list: the real server ends the stream where it should show one as such.
    if (this.#c.form.asList) {
      this.#end();
      return;
    }
    this.#stream.push(this.#encoder.event(type, object, share));
  }

  /** Nothing has to be sent before something new can be. */
  get #idle(): boolean {
    return this.#before === undefined && this.#waiting.length === 0 && !this.#stream.full;
  }

  #bookmark(): void {
    const { revision } = this.#c.resource.store.cacher;
    // A client that is behind learns its place from the events that wait for it.
    if (!this.#idle || this.#over || revision <= this.#after) return;
    this.#stream.push(this.#encoder.bookmark(revision, false));
  }

  #timeUp(): void {
    if (this.#over) return;
    if (this.#options.allowWatchBookmarks) this.#bookmark();
    this.#end();
  }

  #end(): void {
    this.#stream.flush();
    this.#over = true;
    this.#unsubscribe?.();
    this.#response.end();
    // A client that does not read the end either is left alone with it.
    const leave = setTimeout(() => this.#response.destroy(), leaveMs).unref();
    this.#response.once('close', () => clearTimeout(leave));
  }
}

function* added(objects: readonly StoredObject[]): Generator<Waiting, void> {
  for (const object of objects) yield { type: 'ADDED', object };
}
