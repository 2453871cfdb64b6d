/**
 * The storage contract: a flat, ordered key space with etcd's meaning.
 *
 * Every successful write gets a revision of its own, one higher than the last (a failed condition
 * gets none); `modRevision` of a value is what the API shows as resourceVersion. Reads see every
 * write that was acknowledged before they started. Implementations: memory, embedded, etcd;
 * `contract.ts` is the suite that all three pass.
 */

/** A stored value. The bytes are shared: treat them as read-only. */
export interface KeyValue {
  readonly key: string;
  readonly value: Buffer;
  readonly createRevision: number;
  readonly modRevision: number;
  /** Lease id, 0 for none. */
  readonly lease: number;
}

export interface RangeOptions {
  /** At most so many; `more` then says whether others follow. Default, and 0: all. */
  readonly limit?: number;
  /**
   * Read the state as of this revision; throws CompactedError or FutureRevisionError. Default,
   * and 0: the newest.
   */
  readonly revision?: number;
  /** Keys strictly after this one (the continuation of a paged read). */
  readonly after?: string;
}

export interface RangeResult {
  readonly kvs: readonly KeyValue[];
  /** The store's revision that the result is a state of. */
  readonly revision: number;
  readonly more: boolean;
  /** Keys under the prefix after `after`, those returned included. */
  readonly count: number;
}

export interface StoreEvent {
  readonly type: 'put' | 'delete';
  /** For a delete: the key, with the revision of the delete as modRevision and an empty value. */
  readonly kv: KeyValue;
}

/** One step of a watch: events of one or more whole revisions, or a mere sign of progress. */
export interface WatchBatch {
  readonly events: readonly StoreEvent[];
  /** Everything up to this revision has been delivered. */
  readonly revision: number;
}

export interface WatchOptions {
  /**
   * First revision to deliver (inclusive, at least 1); may lie in the future. The iteration throws
   * CompactedError when events from there on are gone.
   */
  readonly fromRevision: number;
  /** Ends the iteration quietly. */
  readonly signal: AbortSignal;
}

/** A running watch. It can be iterated once; it holds nothing before the iteration starts. */
export interface Watch extends AsyncIterable<WatchBatch> {
  /**
   * Asks for a batch that reaches `revision`, at once or as soon as the store gets there, also when
   * no event is to be delivered (nothing comes when an earlier batch reached it). Without it mere
   * progress is shown only now and then (about once a second while the store changes). A consistent
   * read is `watch.reach(await storage.currentRevision())` and then waiting for that batch.
   */
  reach(revision: number): void;
}

/** The outcome of a conditional write: the new revision, or what stands there instead. */
export type WriteResult =
  | { readonly ok: true; readonly revision: number }
  | { readonly ok: false; readonly current: KeyValue | undefined; readonly revision: number };

export interface Storage extends AsyncDisposable {
  /** The value, undefined when there is none, and the revision it was read at. */
  get(key: string): Promise<{ kv: KeyValue | undefined; revision: number }>;

  /** Keys that start with `prefix`, ascending by bytes. */
  range(prefix: string, options?: RangeOptions): Promise<RangeResult>;

  /** Writes when the key does not exist. `lease` attaches it to a lease. */
  create(key: string, value: Buffer, lease?: number): Promise<WriteResult>;

  /**
   * Writes when the key's modRevision is `expected`. Keeps no lease unless one is given.
   * A resolved promise means that the write is on disk.
   */
  update(key: string, value: Buffer, expected: number, lease?: number): Promise<WriteResult>;

  /** Deletes when the key's modRevision is `expected`. */
  delete(key: string, expected: number): Promise<WriteResult>;

  /**
   * Events of keys under `prefix` in revision order, without gaps or repeats, until `signal`.
   * A consumer that falls far behind is caught up from history, not buffered without limit.
   * After a lost connection the implementation resumes by itself; when what it needs was compacted
   * meanwhile, the iteration throws CompactedError and the caller lists again.
   */
  watch(prefix: string, options: WatchOptions): Watch;

  /** The newest revision, as fresh as a quorum read. */
  currentRevision(): Promise<number>;

  /**
   * Forgets history before `revision`; states at or after it stay readable, and so do the events
   * after it. Does nothing when that much is forgotten already; throws FutureRevisionError.
   */
  compact(revision: number): Promise<void>;

  /**
   * A lease whose keys are deleted when `ttlSeconds` have passed; renewing is not needed. A write
   * that names a lease which is gone throws LeaseNotFoundError.
   */
  grantLease(ttlSeconds: number): Promise<number>;

  /** Whether the value of a key, as it was read last, is to be written anew though it is the same. */
  isStale?(key: string): boolean;

  /** A consistent copy of the whole store in the implementation's own format, written to `path`. */
  snapshot(path: string): Promise<void>;
}

/** The revision asked for has been compacted. */
export class CompactedError extends Error {
  /** The oldest revision still readable, 0 when not known. */
  readonly compactRevision: number;

  constructor(compactRevision: number) {
    super(`required revision has been compacted (oldest: ${compactRevision})`);
    this.name = 'CompactedError';
    this.compactRevision = compactRevision;
  }
}

/** The revision asked for lies in the future. */
export class FutureRevisionError extends Error {
  readonly currentRevision: number;

  constructor(currentRevision: number) {
    super(`required revision is a future revision (current: ${currentRevision})`);
    this.name = 'FutureRevisionError';
    this.currentRevision = currentRevision;
  }
}

/** The store cannot be reached or did not answer in time; whether a write happened is unknown. */
export class StoreUnavailableError extends Error {
  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'StoreUnavailableError';
  }
}

/** The lease that a write names does not exist or has expired; nothing was written. */
export class LeaseNotFoundError extends Error {
  readonly lease: number;

  constructor(lease: number) {
    super(`requested lease not found (${lease})`);
    this.name = 'LeaseNotFoundError';
    this.lease = lease;
  }
}

/** The value is larger than the store takes; nothing was written. */
export class ValueTooLargeError extends Error {
  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'ValueTooLargeError';
  }
}
