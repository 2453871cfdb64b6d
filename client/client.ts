/**
 * What components ask of the API: one small interface, so that tests can stand a fake behind it.
 * `rest-client.ts` is the real one. Every method throws StatusError for an answer that is not a
 * success, and an ordinary Error when the server cannot be reached.
 */
import type { KubeList, KubeObject } from '../machinery/schema/wire.ts';

/** How a kind is addressed; `resources.ts` lists those that components use. */
export interface Resource<T extends KubeObject = KubeObject> {
  /** `v1`, `apps/v1`. */
  readonly apiVersion: string;
  readonly kind: string;
  readonly plural: string;
  readonly namespaced: boolean;
  /** Carries the type; never set. */
  readonly of?: T;
}

export interface ObjectKey {
  /** Left out for cluster-scoped kinds. */
  readonly namespace?: string | undefined;
  readonly name: string;
}

export interface CallOptions {
  readonly signal?: AbortSignal;
  /** A subresource such as `status`, `scale`, `binding`, `eviction`, `token`. */
  readonly subresource?: string;
  readonly fieldManager?: string;
  readonly dryRun?: boolean;
  /** Only metadata comes back (kind PartialObjectMetadata); reads only. */
  readonly metadataOnly?: boolean;
}

export interface ListOptions {
  readonly namespace?: string | undefined;
  readonly labelSelector?: string | undefined;
  readonly fieldSelector?: string | undefined;
  readonly limit?: number;
  readonly continue?: string;
  /** '0' reads from the server's cache; left out: as fresh as a quorum read. */
  readonly resourceVersion?: string;
  /** Only metadata comes back (kind PartialObjectMetadata): for graphs over all kinds. */
  readonly metadataOnly?: boolean;
  readonly signal?: AbortSignal;
}

export interface WatchOptions extends ListOptions {
  /** Asks for the present state first, ended by a bookmark annotated `k8s.io/initial-events-end`. */
  readonly sendInitialEvents?: boolean;
  readonly timeoutSeconds?: number;
}

export interface WatchEvent<T extends KubeObject> {
  readonly type: 'ADDED' | 'MODIFIED' | 'DELETED' | 'BOOKMARK';
  readonly object: T;
}

export type PatchType = 'json' | 'merge' | 'strategic' | 'apply';

export interface PatchOptions extends CallOptions {
  readonly type: PatchType;
  /** Server-side apply: take over fields that others own. */
  readonly force?: boolean;
}

export interface DeleteOptions {
  readonly gracePeriodSeconds?: number;
  readonly propagationPolicy?: 'Orphan' | 'Background' | 'Foreground';
  readonly uid?: string;
  readonly resourceVersion?: string;
  readonly signal?: AbortSignal;
}

export interface RawOptions {
  /** The Accept header; JSON when left out. */
  readonly accept?: string;
  readonly signal?: AbortSignal;
}

export interface Client {
  get<T extends KubeObject>(r: Resource<T>, key: ObjectKey, options?: CallOptions): Promise<T>;

  /** The whole list: pages are followed when `limit` is not given. */
  list<T extends KubeObject>(r: Resource<T>, options?: ListOptions): Promise<KubeList<T>>;

  /** The namespace is that of the object's metadata. */
  create<T extends KubeObject>(r: Resource<T>, object: T, options?: CallOptions): Promise<T>;

  update<T extends KubeObject>(r: Resource<T>, object: T, options?: CallOptions): Promise<T>;

  patch<T extends KubeObject>(
    r: Resource<T>,
    key: ObjectKey,
    patch: unknown,
    options: PatchOptions,
  ): Promise<T>;

  /** Posts to a subresource of an object (`binding`, `eviction`, `token`); returns the answer. */
  post<R>(r: Resource, key: ObjectKey, subresource: string, body: unknown): Promise<R>;

  delete(r: Resource, key: ObjectKey, options?: DeleteOptions): Promise<void>;

  /** Deletes all that the selection matches with one request. */
  deleteCollection(
    r: Resource,
    selection: ListOptions,
    options?: Omit<DeleteOptions, 'signal'>,
  ): Promise<void>;

  /**
   * One watch request as an async iterable. Ends when the server closes it or the signal aborts;
   * throws StatusError for an ERROR event (reason Expired or Gone: list again).
   */
  watch<T extends KubeObject>(r: Resource<T>, options: WatchOptions): AsyncIterable<WatchEvent<T>>;

  /** A raw request: discovery, healthz. Returns the parsed JSON, or text when it is not JSON. */
  raw(method: string, path: string, body?: unknown, options?: RawOptions): Promise<unknown>;
}
