/**
 * The real Client: JSON over HTTP/1.1 with kept connections. Retries what is safe to send again:
 * reads whose connection broke, and anything the server turned away with Retry-After.
 */
import type { IncomingMessage } from 'node:http';
import { type Clock, systemClock } from '../machinery/meta/clock.ts';
import { StatusError } from '../machinery/meta/status-error.ts';
import type { KubeList, KubeObject } from '../machinery/schema/wire.ts';
import { sleep } from './abort.ts';
import type {
  CallOptions,
  Client,
  DeleteOptions,
  ListOptions,
  ObjectKey,
  PatchType,
  RawOptions,
  Resource,
  WatchEvent,
  WatchOptions,
} from './client.ts';
import { chunksOf, errorOf, isReset, readText } from './http-response.ts';
import { type Bearer, HttpTransport } from './http-transport.ts';
import type { ClientConfig } from './kubeconfig.ts';
import { LineDecoder } from './line-decoder.ts';
import { collectionPath, listQuery, objectPath, watchQuery } from './paths.ts';

export interface RestClientOptions {
  /** Names the caller: the user agent is `k8ts-<component>`. */
  readonly component: string;
  readonly clock?: Clock;
  /** Told of every answer, for rest_client_requests_total; code 0: no answer came. */
  readonly observe?: (method: string, code: number) => void;
}

/** A Client that holds connections. */
export interface RestClient extends Client {
  /** New connections use these credentials (certificate rotation). */
  setCredentials(credentials: Pick<ClientConfig, 'cert' | 'key' | 'token' | 'ca'>): void;
  /** A client for another caller, which shares connections with its like and is closed with this. */
  actingAs(bearer: Bearer): Client;
  /** Closes idle connections. */
  close(): void;
}

const patchContentTypes: Readonly<Record<PatchType, string>> = {
  json: 'application/json-patch+json',
  merge: 'application/merge-patch+json',
  strategic: 'application/strategic-merge-patch+json',
  apply: 'application/apply-patch+yaml',
};

const metadataAccept = {
  object: 'application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1,application/json',
  list: 'application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1,application/json',
};

const maxAttempts = 10;
const idleTimeoutMs = 60_000;
/** A watch's own time limit comes from the server; this is for a server that is gone. */
const watchSlackMs = 30_000;
const defaultWatchSeconds = 600;
/** Objects are at most 1.5 MiB in storage; a line is one of them with its event. */
const watchLineLimitBytes = 16 * 1024 * 1024;

interface Request {
  readonly method: string;
  readonly path: string;
  readonly body?: unknown;
  readonly contentType?: string;
  readonly accept?: string;
  readonly signal?: AbortSignal | undefined;
  readonly idleTimeoutMs?: number;
}

/** Connects lazily: the first call opens the first connection. */
export function createClient(config: ClientConfig, options: RestClientOptions): RestClient {
  const clock = options.clock ?? systemClock;
  return clientOver(new HttpTransport(config, () => clock.now()), clock, options);
}

function clientOver(
  transport: HttpTransport,
  clock: Clock,
  options: RestClientOptions,
): RestClient {
  const userAgent = `k8ts-${options.component}`;

  /** Sends with retries; resolves with a success response whose body is not read yet. */
  async function open(request: Request): Promise<IncomingMessage> {
    const body = request.body === undefined ? undefined : JSON.stringify(request.body);
    const headers: Record<string, string> = {
      accept: request.accept ?? 'application/json',
      'user-agent': userAgent,
      ...(body === undefined ? {} : { 'content-type': request.contentType ?? 'application/json' }),
    };
    for (let attempt = 1; ; attempt++) {
      let response: IncomingMessage;
      try {
        response = await transport.send({
          method: request.method,
          path: request.path,
          headers,
          ...(body === undefined ? {} : { body }),
          signal: request.signal,
          idleTimeoutMs: request.idleTimeoutMs ?? idleTimeoutMs,
        });
      } catch (e) {
        options.observe?.(request.method, 0);
        if (request.method === 'GET' && attempt < 3 && isReset(e)) continue;
        throw e;
      }
      const code = response.statusCode ?? 0;
      options.observe?.(request.method, code);
      if (code >= 200 && code < 300) return response;
      const retryAfter = Number(response.headers['retry-after'] ?? Number.NaN);
      const text = await readText(response);
      if (code === 401 && attempt === 1 && transport.refused()) continue;
      const turnedAway = code === 429 || (code >= 500 && !Number.isNaN(retryAfter));
      if (!turnedAway || attempt >= maxAttempts)
        throw errorOf(code, text, request.method, request.path);
      const seconds = Number.isNaN(retryAfter) ? 1 : retryAfter;
      await sleep(clock, seconds * 1000, request.signal ?? never);
      request.signal?.throwIfAborted();
    }
  }

  async function call<R>(request: Request): Promise<R> {
    const response = await open(request);
    return JSON.parse(await readText(response)) as R;
  }

  const writeQuery = (o: CallOptions): string => {
    const query = new URLSearchParams();
    if (o.fieldManager !== undefined) query.set('fieldManager', o.fieldManager);
    if (o.dryRun === true) query.set('dryRun', 'All');
    return query.size === 0 ? '' : `?${query}`;
  };

  return {
    get: (r, key, o = {}) =>
      call({
        method: 'GET',
        path: objectPath(r, key, o.subresource),
        ...(o.metadataOnly === true ? { accept: metadataAccept.object } : {}),
        signal: o.signal,
      }),

    async list<T extends KubeObject>(r: Resource<T>, o: ListOptions = {}): Promise<KubeList<T>> {
      const path = collectionPath(r, o.namespace);
      const page = (next: ListOptions): Promise<KubeList<T>> =>
        call({
          method: 'GET',
          path: `${path}${queryText(listQuery(next))}`,
          ...(o.metadataOnly === true ? { accept: metadataAccept.list } : {}),
          signal: o.signal,
        });
      const first = await page(o);
      const items = first.items ?? [];
      for (let at = first.metadata?.continue; at && o.limit === undefined; ) {
        const { resourceVersion: _, ...rest } = o;
        const more = await page({ ...rest, continue: at });
        for (const item of more.items ?? []) items.push(item);
        at = more.metadata?.continue;
      }
      if (o.metadataOnly !== true) nameKinds(r, items);
      return { ...first, items };
    },

    create: (r, object, o = {}) => {
      const { namespace, name } = object.metadata ?? {};
      const path =
        o.subresource === undefined
          ? collectionPath(r, namespace)
          : objectPath(r, { namespace, name: name ?? '' }, o.subresource);
      return call({ method: 'POST', path: path + writeQuery(o), body: object, signal: o.signal });
    },

    update: (r, object, o = {}) => {
      const { namespace, name } = object.metadata ?? {};
      const path = objectPath(r, { namespace, name: name ?? '' }, o.subresource);
      return call({ method: 'PUT', path: path + writeQuery(o), body: object, signal: o.signal });
    },

    patch: (r, key, patch, o) => {
      const query = new URLSearchParams();
      if (o.fieldManager !== undefined) query.set('fieldManager', o.fieldManager);
      if (o.dryRun === true) query.set('dryRun', 'All');
      if (o.force !== undefined) query.set('force', String(o.force));
      return call({
        method: 'PATCH',
        path: `${objectPath(r, key, o.subresource)}${queryText(query)}`,
        body: patch,
        contentType: patchContentTypes[o.type],
        signal: o.signal,
      });
    },

    post: (r, key, subresource, body) =>
      call({ method: 'POST', path: objectPath(r, key, subresource), body }),

    async delete(r: Resource, key: ObjectKey, o: DeleteOptions = {}): Promise<void> {
      const body = deleteBody(o);
      const response = await open({
        method: 'DELETE',
        path: objectPath(r, key),
        body,
        signal: o.signal,
      });
      response.resume();
    },

    async deleteCollection(r, selection, o = {}): Promise<void> {
      const response = await open({
        method: 'DELETE',
        path: `${collectionPath(r, selection.namespace)}${queryText(listQuery(selection))}`,
        body: deleteBody(o),
        signal: selection.signal,
      });
      response.resume();
    },

    async *watch<T extends KubeObject>(
      r: Resource<T>,
      o: WatchOptions,
    ): AsyncIterable<WatchEvent<T>> {
      const seconds = o.timeoutSeconds ?? defaultWatchSeconds;
      let response: IncomingMessage;
      try {
        response = await open({
          method: 'GET',
          path: `${collectionPath(r, o.namespace)}?${watchQuery({ ...o, timeoutSeconds: seconds })}`,
          ...(o.metadataOnly === true ? { accept: metadataAccept.object } : {}),
          signal: o.signal,
          idleTimeoutMs: seconds * 1000 + watchSlackMs,
        });
      } catch (e) {
        if (o.signal?.aborted) return;
        throw e;
      }
      const lines = new LineDecoder(watchLineLimitBytes);
      for await (const chunk of chunksOf(response)) {
        for (const line of lines.push(chunk)) {
          if (line !== '') yield eventOf<T>(line);
        }
      }
    },

    async raw(method: string, path: string, body?: unknown, o: RawOptions = {}): Promise<unknown> {
      const response = await open({
        method,
        path,
        ...(body === undefined ? {} : { body }),
        ...(o.accept === undefined ? {} : { accept: o.accept }),
        signal: o.signal,
      });
      const type = response.headers['content-type'] ?? '';
      const text = await readText(response);
      return type.includes('json') ? JSON.parse(text) : text;
    },

    setCredentials: (credentials) => transport.setCredentials(credentials),
    actingAs: (bearer) => clientOver(transport.actingAs(bearer), clock, options),
    close: () => transport.close(),
  };
}

/** A signal that never aborts, for waits without one. */
const never = new AbortController().signal;

function eventOf<T extends KubeObject>(line: string): WatchEvent<T> {
  const event = JSON.parse(line) as WatchEvent<T> | { type: 'ERROR'; object: unknown };
  if (event.type !== 'ERROR') return event;
  throw StatusError.from(event.object) ?? new Error(`watch failed: ${line.slice(0, 200)}`);
}

/** Items of typed lists come without kind; give them what single objects have. */
function nameKinds(r: Resource, items: KubeObject[]): void {
  items.forEach((item, i) => {
    if (item.kind === undefined) {
      items[i] = { apiVersion: r.apiVersion, kind: r.kind, ...item };
    }
  });
}

function deleteBody(o: Omit<DeleteOptions, 'signal'>): object {
  const preconditions = {
    ...(o.uid === undefined ? {} : { uid: o.uid }),
    ...(o.resourceVersion === undefined ? {} : { resourceVersion: o.resourceVersion }),
  };
  return {
    apiVersion: 'v1',
    kind: 'DeleteOptions',
    ...(o.gracePeriodSeconds === undefined ? {} : { gracePeriodSeconds: o.gracePeriodSeconds }),
    ...(o.propagationPolicy === undefined ? {} : { propagationPolicy: o.propagationPolicy }),
    ...(Object.keys(preconditions).length === 0 ? {} : { preconditions }),
  };
}

function queryText(query: URLSearchParams): string {
  return query.size === 0 ? '' : `?${query}`;
}
