/**
 * WATCH: events of a selection as a stream. An event is encoded once per representation and the
 * bytes are shared by all watchers that see it; a watcher that reads too slowly is cut off.
 */
import type { ServerResponse } from 'node:http';
import { normalize } from '../../machinery/codec/decode.ts';
import { encodeWatchFrame } from '../../machinery/codec/protobuf.ts';
import { expired, type StatusError } from '../../machinery/meta/status-error.ts';
import { kindType } from '../../machinery/schema/schema.ts';
import type { KubeObject } from '../../machinery/schema/wire.ts';
import { toServed } from '../registry/served-resource.ts';
import type { ApiRequest } from '../server/api-request.ts';
import type { ApiResponse } from '../server/api-response.ts';
import { includeObject, partial, type RenderContext } from '../server/rendering.ts';
import { type IncludeObject, table, tableJson } from '../server/table.ts';
import type { CacheEvent } from '../storage/cache/resource-cache.ts';
import type { StoredObject } from '../storage/cache/stored-object.ts';
import { parseRevision, tooLarge } from './list.ts';
import type { ListOptions } from './options.ts';
import { type Selection, selected } from './selection.ts';

type EventType = 'ADDED' | 'MODIFIED' | 'DELETED';

/** What a watcher may leave unread before it is cut off. */
const unreadLimitBytes = 16 * 1024 * 1024;
/** Watches end after this time, or up to twice as long, when the client names none. */
const minTimeoutMs = 30 * 60 * 1000;
const bookmarkEveryMs = 60_000;
const waitMs = 3000;
const initialEventsEnd = 'k8s.io/initial-events-end';

/** Answers a WATCH; throws for parameters that are refused before the stream starts. */
export async function watch(
  request: ApiRequest,
  c: RenderContext,
  selection: Selection,
  options: ListOptions,
): Promise<ApiResponse> {
  const { cacher, cache } = c.resource.store;
  const asked = parseRevision(options.resourceVersion);
  const legacy = asked === undefined || asked === 0;
  const initial = options.sendInitialEvents ?? (legacy && options.resourceVersionMatch === '');
  if (initial || asked === undefined) {
    if (asked === undefined) await cacher.fresh();
    else if (asked > 0 && !(await cacher.waitUntil(asked, waitMs))) {
      throw tooLarge(asked, cacher.revision);
    }
  }
  const include = c.form.as === 'Table' ? includeObject(c.query) : 'Metadata';
  return {
    async stream(response) {
      const session = new WatchSession(c, selection, options, include, response);
      let error: StatusError | undefined;
      // No await between reading the state and subscribing: nothing may come in between.
      if (initial) session.start([...selected(c.resource, selection)]);
      else {
        const past = cache.since(asked ?? cacher.revision);
        if (past === undefined) {
          error = expired(`too old resource version: ${asked} (${cache.oldestRevision})`);
        } else session.replay(past, asked ?? 0);
      }
      await session.run(request.signal, error);
    },
  };
}

class WatchSession {
  readonly #c: RenderContext;
  readonly #selection: Selection;
  readonly #options: ListOptions;
  readonly #include: IncludeObject;
  readonly #response: ServerResponse;
  readonly #representation: string;
  #definitionsSent = false;
  #pending: Buffer[] = [];
  #scheduled = false;
  #after = 0;
  #lastBookmark = 0;
  #unsubscribe: (() => void) | undefined;
  #finish: () => void = () => {};

  constructor(
    c: RenderContext,
    selection: Selection,
    options: ListOptions,
    include: IncludeObject,
    response: ServerResponse,
  ) {
    this.#c = c;
    this.#selection = selection;
    this.#options = options;
    this.#include = include;
    this.#response = response;
    this.#representation = `${c.form.encoding}/${c.form.as}/${c.form.metaVersion}/${c.resource.apiVersion}/${include}`;
    response.writeHead(200, {
      'Content-Type': c.form.streamType,
      'Cache-Control': 'no-cache, private',
      'Transfer-Encoding': 'chunked',
    });
    response.flushHeaders();
  }

  /** The present state as ADDED events, then what follows. */
  start(objects: readonly StoredObject[]): void {
    for (const o of objects) this.#write(this.#frame('ADDED', o));
    this.#subscribe();
    if (this.#options.allowWatchBookmarks && this.#options.sendInitialEvents !== false) {
      this.#bookmark(this.#c.resource.store.cacher.revision, true);
    }
  }

  /** Past events after a revision, then what follows. */
  replay(past: readonly CacheEvent[], after: number): void {
    this.#after = after;
    for (const e of past) this.#deliver(e);
    this.#subscribe();
  }

  /** Runs until the client goes away, the time is up or history is lost. */
  async run(signal: AbortSignal, error: StatusError | undefined): Promise<void> {
    if (error !== undefined) {
      this.#write(this.#errorFrame(error));
      this.#flush();
      this.#response.end();
      return;
    }
    const timeoutMs =
      (this.#options.timeoutSeconds ?? 0) > 0
        ? this.#options.timeoutSeconds! * 1000
        : minTimeoutMs * (1 + Math.random());
    await new Promise<void>((resolve) => {
      this.#finish = resolve;
      const timeout = setTimeout(() => this.#end(), Math.min(timeoutMs, 2 ** 31 - 1));
      const bookmarks = this.#options.allowWatchBookmarks
        ? setInterval(
            () => this.#bookmark(this.#c.resource.store.cacher.revision, false),
            bookmarkEveryMs,
          )
        : undefined;
      const closed = () => resolve();
      this.#response.once('close', closed);
      signal.addEventListener('abort', closed, { once: true });
      this.#cleanup = () => {
        clearTimeout(timeout);
        clearInterval(bookmarks);
        signal.removeEventListener('abort', closed);
        this.#unsubscribe?.();
      };
    });
    this.#cleanup();
  }

  #cleanup: () => void = () => {};

  #end(): void {
    if (this.#options.allowWatchBookmarks) {
      this.#bookmark(this.#c.resource.store.cacher.revision, false);
    }
    this.#flush();
    this.#unsubscribe?.();
    this.#response.end();
    this.#finish();
  }

  #subscribe(): void {
    const { cache } = this.#c.resource.store;
    const { namespace, fields } = this.#selection;
    const indexed = cache.spec.indexedFields.find((f) => fields.exactValue(f) !== undefined);
    this.#unsubscribe = cache.subscribe({
      namespace: cache.spec.namespaced ? namespace : '',
      ...(indexed === undefined
        ? {}
        : { index: { field: indexed, value: fields.exactValue(indexed)! } }),
      onEvent: (event) => this.#deliver(event),
      onLost: () => {
        this.#write(this.#errorFrame(expired('too old resource version: the history was lost')));
        this.#flush();
        this.#unsubscribe?.();
        this.#response.end();
        this.#finish();
      },
    });
  }

  #deliver(event: CacheEvent): void {
    const { namespace } = this.#selection;
    if (event.revision <= this.#after) return;
    if (namespace !== '' && event.object.namespace !== namespace) return;
    const now = event.type !== 'DELETED' && this.#selection.matches(event.object);
    const before = event.prev !== undefined && this.#selection.matches(event.prev);
    if (now) this.#write(this.#frame(before ? 'MODIFIED' : 'ADDED', event.object));
    else if (before) {
      // Out of the selection, or gone: the last state that was seen, under the new revision.
      const last = event.type === 'DELETED' ? event.object : event.prev!.at(event.revision);
      this.#write(this.#frame('DELETED', last));
    }
  }

  #frame(type: EventType, o: StoredObject): Buffer {
    // The first table event of a stream differs: it alone carries the columns.
    const first = this.#c.form.as === 'Table' && !this.#definitionsSent;
    this.#definitionsSent = true;
    const key = `${type}/${this.#representation}`;
    if (!first) {
      const made = o.frames?.get(key);
      if (made !== undefined) return made;
    }
    const frame = this.#encode(type, o, first);
    // Cells with ages grow old: a table's frame is not kept.
    if (this.#c.form.as !== 'Table') {
      o.frames ??= new Map();
      o.frames.set(key, frame);
    }
    return frame;
  }

  #encode(type: EventType, o: StoredObject, first: boolean): Buffer {
    const { form, resource } = this.#c;
    if (form.encoding === 'json' && form.as === 'object' && resource.conversion === undefined) {
      return jsonFrame(type, o.bytes);
    }
    const value = toServed(resource, o.object<KubeObject>());
    if (form.as === 'Table') {
      const meta = { resourceVersion: String(o.revision) };
      return this.#encodeTable(type, o, meta, first);
    }
    return this.#encodeValue(
      type,
      form.as === 'PartialObjectMetadata' ? partial(value, form.metaVersion) : value,
    );
  }

  #encodeTable(
    type: EventType | 'BOOKMARK',
    item: StoredObject | KubeObject,
    meta: { resourceVersion: string },
    definitions: boolean,
  ): Buffer {
    const { form, resource } = this.#c;
    const options = {
      include: this.#include,
      nowMs: Date.now(),
      definitions,
      version: form.metaVersion,
    };
    if (form.encoding === 'json')
      return jsonFrame(type, tableJson(resource, [item], meta, options));
    return this.#encodeValue(type, table(resource, [item], meta, options));
  }

  #encodeValue(type: EventType | 'BOOKMARK' | 'ERROR', value: KubeObject): Buffer {
    if (this.#c.form.encoding === 'protobuf') {
      const t = kindType(value.apiVersion ?? '', value.kind ?? '');
      return Buffer.from(encodeWatchFrame(type, value, t ?? this.#c.resource.type));
    }
    return jsonFrame(type, Buffer.from(JSON.stringify(value)));
  }

  #errorFrame(error: StatusError): Buffer {
    return this.#encodeValue('ERROR', error.toStatus() as unknown as KubeObject);
  }

  #bookmark(revision: number, endOfInitial: boolean): void {
    if (!endOfInitial && revision <= this.#lastBookmark) return;
    this.#lastBookmark = revision;
    const { resource, form } = this.#c;
    const metadata = {
      resourceVersion: String(revision),
      ...(endOfInitial ? { annotations: { [initialEventsEnd]: 'true' } } : {}),
    };
    const { definition } = resource;
    let value: KubeObject = { kind: definition.kind, apiVersion: resource.apiVersion, metadata };
    if (form.as === 'Table') {
      this.#write(
        this.#encodeTable(
          'BOOKMARK',
          value,
          { resourceVersion: metadata.resourceVersion },
          !this.#definitionsSent,
        ),
      );
      return;
    } else if (form.as === 'PartialObjectMetadata') value = partial(value, form.metaVersion);
    else value = normalize(value, resource.type) as KubeObject;
    this.#write(this.#encodeValue('BOOKMARK', value));
  }

  #write(frame: Buffer): void {
    this.#pending.push(frame);
    if (this.#scheduled) return;
    this.#scheduled = true;
    // One write for all events of a batch.
    process.nextTick(() => this.#flush());
  }

  #flush(): void {
    this.#scheduled = false;
    if (this.#pending.length === 0) return;
    const chunk = this.#pending.length === 1 ? this.#pending[0]! : Buffer.concat(this.#pending);
    this.#pending = [];
    if (this.#response.writableEnded || this.#response.destroyed) return;
    this.#response.write(chunk);
    if (this.#response.writableLength > unreadLimitBytes) this.#response.destroy();
  }
}

const heads: Readonly<Record<string, Buffer>> = Object.fromEntries(
  ['ADDED', 'MODIFIED', 'DELETED', 'BOOKMARK', 'ERROR'].map((t) => [
    t,
    Buffer.from(`{"type":"${t}","object":`),
  ]),
);
const tail = Buffer.from('}\n');

function jsonFrame(type: string, object: Buffer): Buffer {
  return Buffer.concat([heads[type]!, object, tail]);
}
