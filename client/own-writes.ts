/**
 * Tells whether a cache shows already what its reader wrote itself: the cache has reached the
 * resourceVersion of the write (versions of one store are comparable, KEP-5504), and what was
 * deleted is gone or marked. Exact, where counting events is not.
 */
import type { KubeObject } from '../machinery/schema/wire.ts';
import type { Informer } from './informer.ts';
import { keyOf } from './store.ts';

interface Written {
  revision: number;
  /** Uids of deleted objects by key. */
  readonly deleted: Map<string, string>;
}

/** By the key of whoever the writes were made for. One per informer of the kind written. */
export class OwnWrites<T extends KubeObject> {
  private readonly cache: Informer<T>;
  private readonly writes = new Map<string, Written>();

  constructor(cache: Informer<T>) {
    this.cache = cache;
  }

  /** Notes the answer to a create, update or patch. */
  wrote(owner: string, object: T): void {
    const revision = Number(object.metadata?.resourceVersion);
    if (Number.isNaN(revision)) return;
    const entry = this.entry(owner);
    entry.revision = Math.max(entry.revision, revision);
  }

  /** Notes a delete that the server accepted. */
  deleted(owner: string, object: T): void {
    this.entry(owner).deleted.set(keyOf(object), object.metadata?.uid ?? '');
  }

  /** False while a plan from the cache could repeat what was done. */
  isCurrent(owner: string): boolean {
    const entry = this.writes.get(owner);
    if (entry === undefined) return true;
    if (this.cache.revision < entry.revision) return false;
    for (const [key, uid] of entry.deleted) {
      const cached = this.cache.store.byKey(key);
      const there = cached?.metadata?.uid === uid;
      if (there && cached?.metadata?.deletionTimestamp === undefined) return false;
    }
    this.writes.delete(owner);
    return true;
  }

  /** The owner is gone. */
  forget(owner: string): void {
    this.writes.delete(owner);
  }

  private entry(owner: string): Written {
    let entry = this.writes.get(owner);
    if (entry === undefined) {
      entry = { revision: 0, deleted: new Map() };
      this.writes.set(owner, entry);
    }
    return entry;
  }
}
