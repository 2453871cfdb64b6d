/**
 * The embedded store without threads: an append-only log in SQLite, one row for each revision, and
 * an index of it in memory that checks conditions and finds rows. Everything here is synchronous;
 * writes go into the open transaction and count once `commit` has returned.
 */
import type { DatabaseSync } from 'node:sqlite';
import { KeyIndex, type ScanOptions, type Version } from '../key-index.ts';
import { Leases } from '../leases.ts';
import { type KeyValue, LeaseNotFoundError, type StoreEvent } from '../storage.ts';
import { prepareStatements, type Statements } from './statements.ts';
import { openStoreFile, storeFileError } from './store-file.ts';

/** What came of a write: the new version, a delete created at 0, or what stands there instead. */
export type Outcome =
  | { readonly ok: true; readonly revision: number; readonly createRevision: number }
  | { readonly ok: false; readonly revision: number; readonly current: KeyValue | undefined };

/** A row is charged with so many bytes beside its value when history is bounded by size. */
const rowBytes = 100;

/** The store's state and its file. */
export class Engine {
  readonly #db: DatabaseSync;
  readonly #dataDir: string;
  readonly #sql: Statements;
  /** The value kept with a version: how many bytes its row has. */
  #index = new KeyIndex<number>();
  #leases = new Leases();
  /** Revisions of rows that can be dropped. */
  #garbage: number[] = [];
  #historyBytes = 0;

  /**
   * Opens the store in a data directory; throws StoreFileError. Its revision is `minRevision` at
   * least: when it has to be raised, all history counts as compacted.
   */
  constructor(dataDir: string, minRevision = 0) {
    this.#dataDir = dataDir;
    this.#db = openStoreFile(dataDir);
    try {
      this.#sql = prepareStatements(this.#db);
      this.load();
      if (this.revision < minRevision) {
        this.#sql.setCompacted.run(minRevision);
        this.load();
      }
    } catch (error) {
      this.#db.close();
      throw storeFileError(error, dataDir);
    }
  }

  /** For a backup of the live file. */
  get database(): DatabaseSync {
    return this.#db;
  }

  get revision(): number {
    return this.#index.revision;
  }

  get compactedRevision(): number {
    return this.#index.compactedRevision;
  }

  /** Bytes of the rows after the compacted revision. */
  get historyBytes(): number {
    return this.#historyBytes;
  }

  /** Rows that wait to be dropped. */
  get garbage(): number {
    return this.#garbage.length;
  }

  /** Reads the index from the file: at the start, and after a transaction that failed. */
  load(): void {
    const compacted = this.#db.prepare(`SELECT value FROM meta WHERE name = 'compacted'`).get();
    const index = new KeyIndex<number>(Number(compacted?.['value']));
    const leases = new Leases();
    for (const { id, expires_at } of this.#db.prepare('SELECT id, expires_at FROM lease').all()) {
      leases.add(Number(id), Number(expires_at));
    }
    const rows = this.#db.prepare(
      'SELECT revision, key, created, lease, length(value) FROM log ORDER BY revision',
    );
    rows.setReturnArrays(true);
    const garbage: number[] = [];
    this.#historyBytes = 0;
    for (const row of rows.iterate() as Iterable<unknown>) {
      const [revision, key, createRevision, lease, bytes] = row as [
        number,
        string,
        number,
        number,
        number | null,
      ];
      const deleted = createRevision === 0;
      const value = rowBytes + (bytes ?? 0);
      const version = { key, revision, createRevision, lease, deleted, value };
      for (const old of index.restore(version)) garbage.push(old.revision);
      if (revision > index.compactedRevision) this.#historyBytes += value;
    }
    for (const { key, lease } of index.scan('').versions) leases.move(key, 0, lease);
    this.#index = index;
    this.#leases = leases;
    this.#garbage = garbage;
  }

  begin(): void {
    this.#sql.begin.run();
  }

  /** Returns when all writes since `begin` are on disk. */
  commit(): void {
    this.#sql.commit.run();
  }

  /** Forgets all since `begin`. */
  rollback(): void {
    if (this.#db.isTransaction) this.#db.exec('ROLLBACK');
    this.load();
  }

  create(key: string, value: Uint8Array, lease: number): Outcome {
    const current = this.#index.get(key);
    if (current !== undefined) return this.#refused(current);
    return this.#put(key, value, lease, undefined);
  }

  update(key: string, value: Uint8Array, expected: number, lease: number): Outcome {
    const current = this.#index.get(key);
    if (current === undefined || current.revision !== expected) return this.#refused(current);
    return this.#put(key, value, lease, current);
  }

  delete(key: string, expected: number): Outcome {
    const current = this.#index.get(key);
    if (current === undefined || current.revision !== expected) return this.#refused(current);
    return { ok: true, revision: this.#remove(current), createRevision: 0 };
  }

  /** Grants a lease, which is on disk with the next commit. */
  grantLease(ttlSeconds: number, now: number): number {
    // By the clock, so that an id is not given out again after a restart.
    const id = Math.max(this.#leases.nextId(), now);
    const expiresAt = Math.ceil(now + ttlSeconds * 1000);
    this.#sql.addLease.run(id, expiresAt);
    this.#leases.add(id, expiresAt);
    return id;
  }

  /** When the next lease expires, undefined when there is none. */
  nextExpiry(): number | undefined {
    return this.#leases.nextExpiry();
  }

  /** Deletes keys of leases that have expired, at most `limit`; returns the deletes. */
  expire(now: number, limit: number): StoreEvent[] {
    const events: StoreEvent[] = [];
    for (;;) {
      const lease = this.#leases.expired(now);
      if (lease === undefined) return events;
      for (const key of [...lease.keys]) {
        if (events.length >= limit) return events;
        const revision = this.#remove(this.#index.get(key)!);
        events.push(deleteEvent(key, revision));
      }
      this.#sql.dropLease.run(lease.id);
      this.#leases.removeFirst();
    }
  }

  get(key: string): KeyValue | undefined {
    return this.#keyValue(this.#index.get(key));
  }

  /** The keys of `KeyIndex.scan`, at most `maxBytes` of them but at least one. */
  range(
    prefix: string,
    options: ScanOptions,
    maxBytes: number,
  ): { kvs: KeyValue[]; more: boolean; count: number } {
    const { versions, more, count } = this.#index.scan(prefix, options);
    const kvs: KeyValue[] = [];
    let bytes = 0;
    for (const version of versions) {
      if (bytes >= maxBytes) return { kvs, more: true, count };
      kvs.push(this.#keyValue(version)!);
      bytes += version.value;
    }
    return { kvs, more, count };
  }

  /** The events of `KeyIndex.changes`, at most `maxBytes` of them but at least one. */
  changes(
    prefix: string,
    from: number,
    to: number,
    maxBytes: number,
  ): { events: StoreEvent[]; reached: number } {
    const { versions, reached } = this.#index.changes(prefix, from, to, 1000);
    const events: StoreEvent[] = [];
    let bytes = 0;
    for (const version of versions) {
      if (bytes >= maxBytes) return { events, reached: events.at(-1)!.kv.modRevision };
      bytes += version.value;
      if (version.deleted) events.push(deleteEvent(version.key, version.revision));
      else events.push({ type: 'put', kv: this.#keyValue(version)! });
    }
    return { events, reached };
  }

  /** Forgets history in the index; the rows go with later calls of `dropGarbage`. */
  compact(revision: number): void {
    let bytes = 0;
    for (let at = this.compactedRevision + 1; at <= Math.min(revision, this.revision); at++) {
      bytes += this.#index.versionAt(at)!.value;
    }
    for (const version of this.#index.compact(revision)) this.#garbage.push(version.revision);
    this.#historyBytes -= bytes;
  }

  /** Drops at most `limit` rows. What was compacted before is on disk with the next commit. */
  dropGarbage(limit: number): void {
    this.#sql.setCompacted.run(this.#index.compactedRevision);
    for (const revision of this.#garbage.splice(0, limit)) this.#sql.drop.run(revision);
  }

  /**
   * Gives up to `limit` free pages back to the system when they are many; returns whether there are
   * more to give. Pages that are kept are used again by later writes.
   */
  shrink(limit: number): boolean {
    const pages = this.#pragma('page_count');
    const free = this.#pragma('freelist_count');
    if (free * 4 < pages || free < 1024) return false;
    this.#db.exec(`PRAGMA incremental_vacuum(${limit})`);
    return true;
  }

  /** The revision before which history must go for at most so much to be kept. */
  historyCut(maxRevisions: number, maxBytes: number): number {
    let cut = Math.max(this.compactedRevision, this.revision - maxRevisions);
    let bytes = this.#historyBytes;
    for (let at = this.compactedRevision + 1; at <= this.revision; at++) {
      if (bytes <= maxBytes) break;
      bytes -= this.#index.versionAt(at)!.value;
      cut = Math.max(cut, at);
    }
    return cut;
  }

  close(): void {
    this.#db.close();
  }

  /** The error to show for one that a call threw. */
  describe(error: unknown): Error {
    return storeFileError(error, this.#dataDir);
  }

  #put(
    key: string,
    value: Uint8Array,
    lease: number,
    current: Version<number> | undefined,
  ): Outcome {
    if (lease !== 0 && !this.#leases.has(lease)) throw new LeaseNotFoundError(lease);
    this.#leases.move(key, current?.lease ?? 0, lease);
    const version = this.#index.put(key, rowBytes + value.length, lease);
    this.#historyBytes += version.value;
    const { revision, createRevision } = version;
    this.#sql.insert.run(revision, key, createRevision, lease, value);
    return { ok: true, revision, createRevision };
  }

  /** Deletes; returns the revision of it. */
  #remove(current: Version<number>): number {
    this.#leases.move(current.key, current.lease, 0);
    const { revision, value } = this.#index.remove(current.key, rowBytes);
    this.#historyBytes += value;
    this.#sql.insert.run(revision, current.key, 0, 0, null);
    return revision;
  }

  #refused(current: Version<number> | undefined): Outcome {
    return { ok: false, revision: this.#index.revision, current: this.#keyValue(current) };
  }

  #keyValue(version: Version<number> | undefined): KeyValue | undefined {
    if (version === undefined) return undefined;
    const { key, revision, createRevision, lease } = version;
    const row = this.#sql.read.get(revision) as unknown as [Uint8Array] | undefined;
    if (row === undefined) throw new Error(`the row of revision ${revision} is missing`);
    const value = Buffer.from(row[0].buffer, row[0].byteOffset, row[0].length);
    return { key, value, createRevision, modRevision: revision, lease };
  }

  #pragma(name: string): number {
    return Number(this.#db.prepare(`PRAGMA ${name}`).get()?.[name]);
  }
}

function deleteEvent(key: string, revision: number): StoreEvent {
  const value = Buffer.alloc(0);
  return { type: 'delete', kv: { key, value, createRevision: 0, modRevision: revision, lease: 0 } };
}
