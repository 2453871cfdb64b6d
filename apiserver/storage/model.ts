/**
 * Random operation sequences against a store and a model that is too simple to be wrong: the list
 * of all events. `K8TS_FUZZ_RUNS` sets the number of sequences, `K8TS_FUZZ_SEED` the seed;
 * `K8TS_FUZZ_SHRINK=1` looks for a shorter sequence that fails (which can take long).
 */
import assert from 'node:assert/strict';
import fc from 'fast-check';
import {
  CompactedError,
  FutureRevisionError,
  type KeyValue,
  type Storage,
  type StoreEvent,
} from './storage.ts';

/** Which revision an operation names: the newest of its key, or so many before the newest. */
type Guess = { readonly right: true } | { readonly right: false; readonly back: number };

type Write =
  | { readonly op: 'create'; readonly key: string }
  | { readonly op: 'update' | 'delete'; readonly key: string; readonly guess: Guess };

type Operation =
  | Write
  | { readonly op: 'get'; readonly key: string }
  | {
      readonly op: 'range';
      readonly prefix: string;
      readonly limit: number | undefined;
      readonly after: string | undefined;
      readonly back: number | undefined;
    }
  | { readonly op: 'watch'; readonly prefix: string; readonly back: number }
  | { readonly op: 'compact'; readonly back: number };

const keys = fc.constantFrom('a', 'a/', 'a/b', 'a/c', 'b/b', 'b/é', 'b/😀');
const prefixes = fc.constantFrom('', 'a', 'a/', 'b/', 'b/b', 'c');
const guess: fc.Arbitrary<Guess> = fc.oneof(
  { arbitrary: fc.constant({ right: true as const }), weight: 3 },
  { arbitrary: fc.record({ right: fc.constant(false as const), back: fc.nat(9) }), weight: 1 },
);
const maybe = <T>(arbitrary: fc.Arbitrary<T>) => fc.option(arbitrary, { nil: undefined });
const operation: fc.Arbitrary<Operation> = fc.oneof(
  { arbitrary: fc.record({ op: fc.constant('create' as const), key: keys }), weight: 4 },
  { arbitrary: fc.record({ op: fc.constant('update' as const), key: keys, guess }), weight: 4 },
  { arbitrary: fc.record({ op: fc.constant('delete' as const), key: keys, guess }), weight: 3 },
  { arbitrary: fc.record({ op: fc.constant('get' as const), key: keys }), weight: 1 },
  {
    arbitrary: fc.record({
      op: fc.constant('range' as const),
      prefix: prefixes,
      limit: maybe(fc.integer({ min: 1, max: 4 })),
      after: maybe(keys),
      back: maybe(fc.integer({ min: -2, max: 9 })),
    }),
    weight: 3,
  },
  {
    arbitrary: fc.record({
      op: fc.constant('watch' as const),
      prefix: prefixes,
      back: fc.integer({ min: -3, max: 9 }),
    }),
    weight: 1,
  },
  {
    arbitrary: fc.record({ op: fc.constant('compact' as const), back: fc.nat(9) }),
    weight: 1,
  },
);

const operationLists = fc.array(operation, { minLength: 2, maxLength: 60, size: 'max' });

/** Registers the model test with mocha. */
export function storageModel(subject: { open(): Promise<Storage>; runs: number }): void {
  it('agrees with the model over random sequences', async function () {
    const runs = Number(process.env['K8TS_FUZZ_RUNS'] ?? subject.runs);
    this.timeout(10_000 + runs * 1000);
    await using store = await subject.open();
    let run = 0;
    await fc.assert(
      fc.asyncProperty(operationLists, async (operations) => {
        // Each sequence has keys of its own, so that all can share one store.
        const sequence = new Sequence(store, `/model/${process.pid}/${++run}/`);
        await sequence.run(operations);
      }),
      {
        numRuns: runs,
        seed: Number(process.env['K8TS_FUZZ_SEED'] ?? 20261123),
        endOnFailure: process.env['K8TS_FUZZ_SHRINK'] !== '1',
      },
    );
  });
}

class Sequence {
  readonly #store: Storage;
  readonly #root: string;
  readonly #events: StoreEvent[] = [];
  readonly #watches: (() => Promise<void>)[] = [];
  readonly #abort = new AbortController();
  #revision = 0;
  #compacted = 0;
  /** Before this revision the store belongs to other tests. */
  #base = 0;

  constructor(store: Storage, root: string) {
    this.#store = store;
    this.#root = root;
  }

  async run(operations: readonly Operation[]): Promise<void> {
    this.#base = this.#revision = await this.#store.currentRevision();
    // Nothing is asked about the time before, so this is as good as compacted.
    this.#compacted = this.#base;
    try {
      for (const operation of operations) await this.#step(operation);
      await Promise.all(this.#watches.map((finish) => finish()));
      assert.equal(await this.#store.currentRevision(), this.#revision);
    } finally {
      this.#abort.abort();
    }
  }

  async #step(step: Operation): Promise<void> {
    switch (step.op) {
      case 'create':
      case 'update':
      case 'delete':
        return this.#write(step);
      case 'get': {
        const { kv, revision } = await this.#store.get(this.#root + step.key);
        assert.deepEqual(kv, this.#at(this.#revision).get(this.#root + step.key));
        assert.equal(revision, this.#revision);
        return;
      }
      case 'range':
        return this.#range(step);
      case 'watch':
        return this.#watch(this.#root + step.prefix, this.#revision - step.back + 1);
      case 'compact': {
        const revision = this.#revision - step.back;
        if (revision <= this.#base) return;
        await this.#store.compact(revision);
        this.#compacted = Math.max(this.#compacted, revision);
      }
    }
  }

  async #write(step: Write): Promise<void> {
    const key = this.#root + step.key;
    const current = this.#at(this.#revision).get(key);
    const value = Buffer.from(`${step.op} ${this.#revision}`);
    const expected = this.#expected(step, current);
    const result = await (step.op === 'create'
      ? this.#store.create(key, value)
      : step.op === 'update'
        ? this.#store.update(key, value, expected)
        : this.#store.delete(key, expected));
    const allowed =
      step.op === 'create' ? current === undefined : current?.modRevision === expected;
    if (!allowed) {
      assert.deepEqual(result, { ok: false, current, revision: this.#revision });
      return;
    }
    const revision = ++this.#revision;
    const deleted = step.op === 'delete';
    assert.deepEqual(result, { ok: true, revision });
    const kv: KeyValue = {
      key,
      value: deleted ? Buffer.alloc(0) : value,
      createRevision: deleted ? 0 : (current?.createRevision ?? revision),
      modRevision: revision,
      lease: 0,
    };
    this.#events.push({ type: deleted ? 'delete' : 'put', kv });
  }

  #expected(step: Write, current: KeyValue | undefined): number {
    if (step.op === 'create') return 0;
    if (step.guess.right) return current?.modRevision ?? this.#revision;
    return this.#revision - step.guess.back;
  }

  async #range(step: Extract<Operation, { op: 'range' }>): Promise<void> {
    const revision = step.back === undefined ? undefined : this.#revision - step.back;
    // 0 means the newest.
    if (revision !== undefined && (revision < this.#base || revision === 0)) return;
    const after = step.after === undefined ? undefined : this.#root + step.after;
    const reading = this.#store.range(this.#root + step.prefix, {
      ...(step.limit === undefined ? {} : { limit: step.limit }),
      ...(after === undefined ? {} : { after }),
      ...(revision === undefined ? {} : { revision }),
    });
    if (revision !== undefined && revision > this.#revision) {
      await assert.rejects(reading, FutureRevisionError);
      return;
    }
    if (revision !== undefined && revision < this.#compacted) {
      await assert.rejects(reading, CompactedError);
      return;
    }
    const all = [...this.#at(revision ?? this.#revision).values()]
      .filter((kv) => kv.key.startsWith(this.#root + step.prefix))
      .filter((kv) => after === undefined || byBytes(kv.key, after) > 0)
      .sort((a, b) => byBytes(a.key, b.key));
    const kvs = all.slice(0, step.limit);
    assert.deepEqual(await reading, {
      kvs,
      revision: revision ?? this.#revision,
      more: all.length > kvs.length,
      count: all.length,
    });
  }

  async #watch(prefix: string, fromRevision: number): Promise<void> {
    const signal = this.#abort.signal;
    const watch = this.#store.watch(prefix, { fromRevision, signal });
    // At the compacted revision itself a store may go either way.
    if (fromRevision === this.#compacted || fromRevision <= this.#base) return;
    if (fromRevision < this.#compacted) {
      await assert.rejects(watch[Symbol.asyncIterator]().next(), CompactedError);
      return;
    }
    const seen: StoreEvent[] = [];
    let reached = 0;
    let finishing = false;
    const running = (async () => {
      for await (const batch of watch) {
        assert.ok(batch.revision >= reached, 'revisions of batches go up');
        reached = batch.revision;
        seen.push(...batch.events);
        assert.ok((seen.at(-1)?.kv.modRevision ?? 0) <= reached);
        if (reached >= this.#revision && finishing) return;
      }
    })();
    running.catch(() => {});
    this.#watches.push(async () => {
      finishing = true;
      if (reached < this.#revision && fromRevision <= this.#revision) {
        watch.reach(this.#revision);
        await running;
      }
      const expected = this.#events.filter(
        ({ kv }) => kv.key.startsWith(prefix) && kv.modRevision >= fromRevision,
      );
      assert.deepEqual(seen, expected);
    });
    // Let the watch start before a later compaction can pass it by.
    if (fromRevision <= this.#revision) watch.reach(this.#revision);
    while (reached < this.#revision && fromRevision <= this.#revision) {
      await Promise.race([running, new Promise((resolve) => setImmediate(resolve))]);
    }
  }

  /** The state as of a revision, told by the events alone. */
  #at(revision: number): Map<string, KeyValue> {
    const state = new Map<string, KeyValue>();
    for (const { type, kv } of this.#events) {
      if (kv.modRevision > revision) break;
      if (type === 'put') state.set(kv.key, kv);
      else state.delete(kv.key);
    }
    return state;
  }
}

function byBytes(a: string, b: string): number {
  return Buffer.compare(Buffer.from(a), Buffer.from(b));
}
