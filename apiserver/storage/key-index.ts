/**
 * The multi-version index that the memory and the embedded store share: which key had which version
 * at which revision, back to the compacted revision. It hands out the revisions.
 */
import { compareKeys } from './key-order.ts';
import { SortedKeys } from './sorted-keys.ts';
import { CompactedError, FutureRevisionError } from './storage.ts';

/** One write of one key. Every revision is exactly one version. */
export interface Version<V> {
  readonly key: string;
  readonly revision: number;
  readonly createRevision: number;
  readonly lease: number;
  /** The write was a delete. */
  readonly deleted: boolean;
  /** What the owner of the index keeps with a version. */
  readonly value: V;
  /** The version before (a delete included), as far as it is not compacted. */
  prev: Version<V> | undefined;
}

export interface ScanOptions {
  readonly after?: string | undefined;
  readonly revision?: number | undefined;
  readonly limit?: number | undefined;
  /** False: `count` may stop at what is returned. */
  readonly count?: boolean;
}

export interface ScanResult<V> {
  readonly versions: Version<V>[];
  readonly more: boolean;
  readonly count: number;
}

/** Keys with their versions; single-threaded, nothing waits. */
export class KeyIndex<V> {
  readonly #newest = new Map<string, Version<V>>();
  readonly #keys = new SortedKeys();
  /** The versions after the compacted revision, one for each revision: `#log[i]` is the ith. */
  #log: Version<V>[] = [];
  #compacted: number;

  constructor(compactedRevision = 0) {
    this.#compacted = compactedRevision;
  }

  /** The newest revision. */
  get revision(): number {
    return this.#compacted + this.#log.length;
  }

  /** States at or after this revision are known. */
  get compactedRevision(): number {
    return this.#compacted;
  }

  /** Keys known, deleted ones included until they are compacted. */
  get size(): number {
    return this.#newest.size;
  }

  /** The version of a key that exists now. */
  get(key: string): Version<V> | undefined {
    const version = this.#newest.get(key);
    return version?.deleted ? undefined : version;
  }

  /** The version written at a revision; undefined when it is compacted or in the future. */
  versionAt(revision: number): Version<V> | undefined {
    return this.#log[revision - this.#compacted - 1];
  }

  /** Writes the key at the next revision. */
  put(key: string, value: V, lease: number): Version<V> {
    const revision = this.revision + 1;
    const prev = this.#newest.get(key);
    const createRevision = prev === undefined || prev.deleted ? revision : prev.createRevision;
    return this.#append({ key, revision, createRevision, lease, deleted: false, value, prev });
  }

  /** Deletes an existing key at the next revision. */
  remove(key: string, value: V): Version<V> {
    const prev = this.#newest.get(key);
    const revision = this.revision + 1;
    return this.#append({ key, revision, createRevision: 0, lease: 0, deleted: true, value, prev });
  }

  /**
   * Takes over a version that was written earlier, in revision order. Returns the versions that
   * this shows to be older than the compacted revision: their owner can drop them.
   */
  restore(from: Omit<Version<V>, 'prev'>): Version<V>[] {
    const prev = this.#newest.get(from.key);
    if (from.revision > this.#compacted) {
      if (from.revision !== this.revision + 1) {
        throw new Error(`revision ${this.revision + 1} is missing before ${from.revision}`);
      }
      this.#append({ ...from, prev });
      return [];
    }
    const version: Version<V> = { ...from, prev: undefined };
    const dropped = prev === undefined ? [] : [prev];
    if (version.deleted) {
      this.#forget(version.key);
      return [...dropped, version];
    }
    this.#newest.set(version.key, version);
    this.#keys.add(version.key);
    return dropped;
  }

  /**
   * The keys under `prefix` in byte order as of a revision, which must lie between the compacted
   * and the newest one: throws CompactedError or FutureRevisionError otherwise.
   */
  scan(prefix: string, options: ScanOptions = {}): ScanResult<V> {
    const { after, count: exact = true } = options;
    const limit = options.limit || Number.POSITIVE_INFINITY;
    const revision = options.revision || this.revision;
    if (revision < this.#compacted) throw new CompactedError(this.#compacted);
    if (revision > this.revision) throw new FutureRevisionError(this.revision);
    const versions: Version<V>[] = [];
    let count = 0;
    const start = after !== undefined && compareKeys(after, prefix) > 0 ? after : prefix;
    this.#keys.visitFrom(start, (key) => {
      if (!key.startsWith(prefix)) return false;
      if (key === after) return true;
      const version = this.#at(key, revision);
      if (version === undefined) return true;
      if (versions.length < limit) versions.push(version);
      count++;
      return exact || count <= limit;
    });
    return { versions, more: count > versions.length, count };
  }

  /**
   * Versions of keys under `prefix` in revision order, `from` to `to` inclusive, at most `limit`;
   * `reached` is the last revision looked at. Throws CompactedError when `from` is gone.
   */
  changes(
    prefix: string,
    from: number,
    to: number,
    limit: number,
  ): { versions: Version<V>[]; reached: number } {
    if (from <= this.#compacted) throw new CompactedError(this.#compacted);
    const versions: Version<V>[] = [];
    const last = Math.min(to, this.revision);
    for (let revision = from; revision <= last; revision++) {
      const version = this.#log[revision - this.#compacted - 1]!;
      if (!version.key.startsWith(prefix)) continue;
      versions.push(version);
      if (versions.length >= limit) return { versions, reached: revision };
    }
    return { versions, reached: last };
  }

  /**
   * Forgets the history before `revision` and returns the versions dropped. Throws
   * FutureRevisionError.
   */
  compact(revision: number): Version<V>[] {
    if (revision > this.revision) throw new FutureRevisionError(this.revision);
    const dropped: Version<V>[] = [];
    if (revision <= this.#compacted) return dropped;
    const passed = this.#log.slice(0, revision - this.#compacted);
    this.#log = this.#log.slice(passed.length);
    this.#compacted = revision;
    for (const version of passed) {
      // A delete before was dropped when its own turn came.
      if (version.prev !== undefined && !version.prev.deleted) dropped.push(version.prev);
      version.prev = undefined;
      if (!version.deleted) continue;
      dropped.push(version);
      if (this.#newest.get(version.key) === version) this.#forget(version.key);
    }
    return dropped;
  }

  #at(key: string, revision: number): Version<V> | undefined {
    let version = this.#newest.get(key);
    while (version !== undefined && version.revision > revision) version = version.prev;
    return version === undefined || version.deleted ? undefined : version;
  }

  #append(version: Version<V>): Version<V> {
    if (version.prev === undefined) this.#keys.add(version.key);
    this.#newest.set(version.key, version);
    this.#log.push(version);
    return version;
  }

  #forget(key: string): void {
    this.#newest.delete(key);
    this.#keys.delete(key);
  }
}
