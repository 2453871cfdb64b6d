/** Copies all keys of a store to another one, also while the first is written to. */
import { once } from 'node:events';
import { compareKeys } from './key-order.ts';
import type { KeyValue, RangeOptions, Storage, StoreEvent } from './storage.ts';

export interface MigrationOptions {
  /** Only keys under this prefix. Default: all. */
  readonly prefix?: string;
  /**
   * Changes are followed until this fires (the writers have been stopped then); without it, up to
   * the revision of the moment when all has been copied.
   */
  readonly until?: AbortSignal;
  /** Keys with a lease get one of this length: how much of theirs is left cannot be asked. */
  readonly leaseSeconds?: number;
  /** Called now and then. */
  readonly progress?: (copied: { readonly keys: number; readonly total: number }) => void;
}

export interface MigrationReport {
  readonly keys: number;
  readonly bytes: number;
  /** The revision of the source that the target has the state of, key by key and byte by byte. */
  readonly revision: number;
}

const pageKeys = 500;
/** Writes under way at a time. */
const writers = 32;

/**
 * Copies `from` to `to`, whose keys under the prefix must be none, follows what changes meanwhile,
 * and compares. Revisions are not carried over: clients must list again. Throws when the target is
 * not empty, is written to by others, or differs in the end.
 */
export async function migrate(
  from: Storage,
  to: Storage,
  options: MigrationOptions = {},
): Promise<MigrationReport> {
  const { prefix = '' } = options;
  const { count } = await to.range(prefix, { limit: 1 });
  if (count > 0) throw new Error(`the target is not empty: it has ${count} keys`);
  const target = new Target(to, options.leaseSeconds ?? 3600);
  const start = await copyAll(from, target, prefix, options);
  const revision = await follow(from, target, prefix, start, options.until);
  return compare(from, to, prefix, revision);
}

/** The store that is written to, and what was written where. */
class Target {
  readonly #store: Storage;
  readonly #leaseSeconds: number;
  readonly #revisions = new Map<string, number>();
  /** Leases of the source and their successors. */
  readonly #leases = new Map<number, Promise<number>>();

  constructor(store: Storage, leaseSeconds: number) {
    this.#store = store;
    this.#leaseSeconds = leaseSeconds;
  }

  async put({ key, value, lease: oldLease }: KeyValue): Promise<void> {
    const lease = oldLease === 0 ? 0 : await this.#lease(oldLease);
    const expected = this.#revisions.get(key);
    const result = await (expected === undefined
      ? this.#store.create(key, value, lease)
      : this.#store.update(key, value, expected, lease));
    if (!result.ok) throw new Error(`the target is written to by others: ${key}`);
    this.#revisions.set(key, result.revision);
  }

  async delete(key: string): Promise<void> {
    const expected = this.#revisions.get(key);
    if (expected === undefined) return;
    const result = await this.#store.delete(key, expected);
    // Its lease may have ended there first.
    if (!result.ok && result.current !== undefined) {
      throw new Error(`the target is written to by others: ${key}`);
    }
    this.#revisions.delete(key);
  }

  #lease(old: number): Promise<number> {
    const known = this.#leases.get(old) ?? this.#store.grantLease(this.#leaseSeconds);
    this.#leases.set(old, known);
    return known;
  }
}

/** Copies the state of one revision, which is returned. */
async function copyAll(
  from: Storage,
  target: Target,
  prefix: string,
  { progress }: MigrationOptions,
): Promise<number> {
  let page = await from.range(prefix, { limit: pageKeys });
  const { revision, count: total } = page;
  for (let keys = 0; ; ) {
    for (let i = 0; i < page.kvs.length; i += writers) {
      await Promise.all(page.kvs.slice(i, i + writers).map((kv) => target.put(kv)));
    }
    keys += page.kvs.length;
    progress?.({ keys, total });
    const last = page.kvs.at(-1);
    if (!page.more || last === undefined) return revision;
    page = await from.range(prefix, { limit: pageKeys, after: last.key, revision });
  }
}

/** Carries over changes after `start`; returns the revision up to which it did. */
async function follow(
  from: Storage,
  target: Target,
  prefix: string,
  start: number,
  until: AbortSignal | undefined,
): Promise<number> {
  const end = new AbortController();
  const watch = from.watch(prefix, { fromRevision: start + 1, signal: end.signal });
  let reached = start;
  let goal = Number.POSITIVE_INFINITY;
  const aiming = aim().catch((error: unknown) => {
    end.abort();
    throw error;
  });
  // Awaited in the end; until then a failure only ends the loop.
  aiming.catch(() => {});
  for await (const { events, revision } of watch) {
    for (const event of events) await apply(target, event);
    reached = revision;
    if (reached >= goal) break;
  }
  end.abort();
  await aiming;
  return reached;

  async function aim(): Promise<void> {
    if (until !== undefined && !until.aborted) await once(until, 'abort', { signal: end.signal });
    goal = await from.currentRevision();
    watch.reach(goal);
    // Nothing is to come: the loop would wait for a batch in vain.
    if (reached >= goal) end.abort();
  }
}

function apply(target: Target, { type, kv }: StoreEvent): Promise<void> {
  return type === 'put' ? target.put(kv) : target.delete(kv.key);
}

/** Walks both stores side by side, the source as of a revision. */
async function compare(
  from: Storage,
  to: Storage,
  prefix: string,
  revision: number,
): Promise<MigrationReport> {
  const copies = walk(to, prefix);
  let [keys, bytes] = [0, 0];
  for await (const kv of walk(from, prefix, revision)) {
    const copy = (await copies.next()).value;
    if (copy === undefined || compareKeys(copy.key, kv.key) > 0) {
      throw new Error(`the target lacks ${kv.key}`);
    }
    if (copy.key !== kv.key) throw new Error(`the target has ${copy.key}, the source has not`);
    if (!copy.value.equals(kv.value)) throw new Error(`the target differs at ${kv.key}`);
    keys++;
    bytes += kv.value.length;
  }
  const surplus = (await copies.next()).value;
  if (surplus !== undefined) {
    throw new Error(`the target has ${surplus.key}, the source has not`);
  }
  return { keys, bytes, revision };
}

async function* walk(
  store: Storage,
  prefix: string,
  atRevision?: number,
): AsyncGenerator<KeyValue, undefined> {
  let options: RangeOptions = { limit: pageKeys };
  if (atRevision !== undefined) options = { ...options, revision: atRevision };
  for (;;) {
    const { kvs, more, revision } = await store.range(prefix, options);
    yield* kvs;
    const last = kvs.at(-1);
    if (!more || last === undefined) return undefined;
    options = { limit: pageKeys, revision, after: last.key };
  }
}
