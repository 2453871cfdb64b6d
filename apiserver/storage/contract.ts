/** The suite that every implementation of Storage passes: what `storage.ts` promises, as tests. */
import assert from 'node:assert/strict';
import { mkdtemp, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  CompactedError,
  FutureRevisionError,
  LeaseNotFoundError,
  type Storage,
  type StoreEvent,
  StoreUnavailableError,
  type WatchBatch,
} from './storage.ts';

/** What an implementation brings to the suite. */
export interface ContractSubject {
  /** Opens a store; it may hold earlier data. Watches must fall behind after 50 queued events. */
  open(): Promise<Storage>;
  /** A short lease time that the store takes. */
  readonly leaseSeconds: number;
  /** How long after its time a lease may still be seen. */
  readonly leaseSlackMs: number;
}

/** Registers the contract's tests with mocha. */
export function storageContract(subject: ContractSubject): void {
  let store: Storage;
  let prefix: string;
  let prefixes = 0;
  let leased: { key: string; kept: string; since: number; from: number };

  before(async () => {
    store = await subject.open();
    // The lease runs while the other tests do.
    const lease = await store.grantLease(subject.leaseSeconds);
    const since = Date.now();
    const key = `/leased/${since}-${process.pid}/a`;
    const kept = `${key.slice(0, -1)}b`;
    const from = (await revisionOf(store.create(key, bytes('x'), lease))) + 1;
    const created = await revisionOf(store.create(kept, bytes('x'), lease));
    await revisionOf(store.update(kept, bytes('y'), created));
    leased = { key, kept, since, from };
  });
  after(() => store?.[Symbol.asyncDispose]());
  beforeEach(() => {
    prefix = `/contract/${++prefixes}/`;
  });

  it('deletes the keys of an expired lease, and not those that lost it', async () => {
    const { key, from } = leased;
    const [event] = await collect(store, key, from, 1, subject.leaseSlackMs + 4000);
    assert.equal(event!.type, 'delete');
    assert.equal(event!.kv.key, leased.key);
    const waited = Date.now() - leased.since;
    assert.ok(waited >= subject.leaseSeconds * 1000 - 50, `expired early: ${waited} ms`);
    assert.equal((await store.get(leased.key)).kv, undefined);
    assert.equal((await store.get(leased.kept)).kv?.value.toString(), 'y');
  });

  it('refuses a lease that is not there', async () => {
    const before = await store.currentRevision();
    await assert.rejects(store.create(`${prefix}a`, bytes('x'), 987654321), LeaseNotFoundError);
    assert.equal(await store.currentRevision(), before);
  });

  it('creates once', async () => {
    const before = await store.currentRevision();
    const made = await store.create(`${prefix}a`, bytes('one'));
    assert.deepEqual(made, { ok: true, revision: before + 1 });
    const again = await store.create(`${prefix}a`, bytes('two'));
    const kv = {
      key: `${prefix}a`,
      value: bytes('one'),
      createRevision: before + 1,
      modRevision: before + 1,
      lease: 0,
    };
    assert.deepEqual(again, { ok: false, current: kv, revision: before + 1 });
    assert.deepEqual(await store.get(`${prefix}a`), { kv, revision: before + 1 });
    assert.deepEqual(await store.get(prefix), { kv: undefined, revision: before + 1 });
  });

  it('updates and deletes at the expected revision only', async () => {
    const key = `${prefix}a`;
    const first = await revisionOf(store.create(key, bytes('1')));
    for (const wrong of [0, first - 1, first + 1]) {
      for (const refused of [store.update(key, bytes('x'), wrong), store.delete(key, wrong)]) {
        const result = await refused;
        assert.ok(!result.ok);
        assert.equal(result.current?.modRevision, first);
        assert.equal(result.revision, first);
      }
    }
    const second = await revisionOf(store.update(key, bytes('2'), first));
    assert.equal(second, first + 1);
    const { kv } = await store.get(key);
    assert.deepEqual([kv?.createRevision, kv?.modRevision], [first, second]);
    assert.deepEqual(await store.delete(key, second), { ok: true, revision: first + 2 });
    assert.equal((await store.get(key)).kv, undefined);
    for (const expected of [0, second]) {
      const gone = { ok: false, current: undefined, revision: first + 2 };
      assert.deepEqual(await store.update(key, bytes('3'), expected), gone);
      assert.deepEqual(await store.delete(key, expected), gone);
    }
    const third = await revisionOf(store.create(key, bytes('4')));
    assert.equal((await store.get(key)).kv?.createRevision, third);
  });

  it('keeps bytes as they are', async () => {
    for (const [name, value] of Object.entries({
      empty: Buffer.alloc(0),
      binary: Buffer.from(Array.from({ length: 256 }, (_, i) => i)),
      long: Buffer.alloc(900_000, 7),
    })) {
      await revisionOf(store.create(prefix + name, value));
      assert.deepEqual((await store.get(prefix + name)).kv?.value, value);
    }
    const { kvs } = await store.range(prefix);
    assert.deepEqual(
      kvs.map((kv) => kv.value.length),
      [256, 0, 900_000],
    );
  });

  it('ranges in the order of bytes', async () => {
    const names = ['a', 'a/b', 'a0', 'aa', 'b', 'é', '\uffee', '😀'];
    for (const name of names.toReversed()) await store.create(prefix + name, bytes(name));
    await store.create(prefix.slice(0, -1), bytes('outside'));
    await store.create(`${prefix.slice(0, -1)}0`, bytes('outside'));
    const { kvs, more, count } = await store.range(prefix);
    assert.deepEqual(
      kvs.map((kv) => kv.key.slice(prefix.length)),
      names,
    );
    assert.deepEqual({ more, count }, { more: false, count: names.length });
    assert.deepEqual((await store.range(`${prefix}none`)).kvs, []);
  });

  it('ranges by pages at one revision', async () => {
    for (const name of 'abcde') await revisionOf(store.create(prefix + name, bytes(name)));
    assert.equal((await store.range(prefix, { limit: 0, revision: 0 })).kvs.length, 5);
    const page1 = await store.range(prefix, { limit: 2 });
    assert.deepEqual(summary(page1.kvs), ['a=a', 'b=b']);
    assert.deepEqual([page1.more, page1.count], [true, 5]);
    const { kv } = await store.get(`${prefix}d`);
    await store.delete(`${prefix}d`, kv!.modRevision);
    await store.create(`${prefix}bb`, bytes('new'));
    const { revision } = page1;
    const page2 = await store.range(prefix, { limit: 2, after: `${prefix}b`, revision });
    assert.deepEqual(summary(page2.kvs), ['c=c', 'd=d']);
    assert.deepEqual([page2.more, page2.count, page2.revision], [true, 3, revision]);
    const page3 = await store.range(prefix, { limit: 2, after: `${prefix}d`, revision });
    assert.deepEqual(summary(page3.kvs), ['e=e']);
    assert.deepEqual([page3.more, page3.count], [false, 1]);
    const end = await store.range(prefix, { limit: 2, after: `${prefix}e`, revision });
    assert.deepEqual([end.kvs, end.more, end.count], [[], false, 0]);
    const now = await store.range(prefix);
    assert.deepEqual(summary(now.kvs), ['a=a', 'b=b', 'bb=new', 'c=c', 'e=e']);
  });

  it('ranges over more than one message', async () => {
    const value = Buffer.alloc(700_000, 1);
    const names = Array.from({ length: 9 }, (_, i) => `${prefix}${i}`);
    await Promise.all(names.map((name) => revisionOf(store.create(name, value))));
    const all = await store.range(prefix);
    assert.deepEqual(
      all.kvs.map((kv) => kv.key),
      names,
    );
    assert.ok(all.kvs.every((kv) => kv.value.equals(value)));
    assert.deepEqual([all.more, all.count], [false, 9]);
    const some = await store.range(prefix, { limit: 8 });
    assert.deepEqual([some.kvs.length, some.more, some.count], [8, true, 9]);
  });

  it('refuses revisions of the future', async () => {
    const now = await store.currentRevision();
    await assert.rejects(
      store.range(prefix, { revision: now + 1000 }),
      (error) => error instanceof FutureRevisionError && error.currentRevision === now,
    );
    await assert.rejects(store.compact(now + 1000), FutureRevisionError);
  });

  it('hands out revisions one by one to concurrent writers', async () => {
    const before = await store.currentRevision();
    const results = await Promise.all(
      Array.from({ length: 100 }, (_, i) => store.create(`${prefix}${i % 50}`, bytes('x'))),
    );
    const made = results.filter((r) => r.ok).map((r) => r.revision);
    assert.deepEqual(
      made.toSorted((a, b) => a - b),
      Array.from({ length: 50 }, (_, i) => before + 1 + i),
    );
    const first = (await store.get(`${prefix}0`)).kv!.modRevision;
    const races = await Promise.all(
      Array.from({ length: 20 }, () => store.update(`${prefix}0`, bytes('y'), first)),
    );
    assert.equal(races.filter((r) => r.ok).length, 1);
    assert.equal(await store.currentRevision(), before + 51);
  });

  it('watches history and what comes', async () => {
    const from = (await store.currentRevision()) + 1;
    const r1 = await revisionOf(store.create(`${prefix}a`, bytes('1')));
    await revisionOf(store.create('/elsewhere', bytes(String(from))));
    const r2 = await revisionOf(store.update(`${prefix}a`, bytes('2'), r1));
    const watching = collect(store, prefix, from, 4);
    const r3 = await revisionOf(store.delete(`${prefix}a`, r2));
    const r4 = await revisionOf(store.create(`${prefix}a`, bytes('3')));
    assert.deepEqual((await watching).map(line), [
      `put a=1 @${r1}/${r1}`,
      `put a=2 @${r2}/${r1}`,
      `delete a= @${r3}/0`,
      `put a=3 @${r4}/${r4}`,
    ]);
    const { kv } = await store.get('/elsewhere');
    await store.delete('/elsewhere', kv!.modRevision);
  });

  it('watches from the future', async () => {
    const now = await store.currentRevision();
    const watching = collect(store, prefix, now + 3, 2);
    for (const name of 'abcd') await store.create(prefix + name, bytes(name));
    assert.deepEqual(
      (await watching).map((e) => e.kv.modRevision),
      [now + 3, now + 4],
    );
  });

  it('ends a watch quietly', async () => {
    const abort = new AbortController();
    const fromRevision = (await store.currentRevision()) + 1;
    const batches: WatchBatch[] = [];
    const running = (async () => {
      for await (const batch of store.watch(prefix, { fromRevision, signal: abort.signal })) {
        batches.push(batch);
        abort.abort();
      }
    })();
    await store.create(`${prefix}a`, bytes('x'));
    await running;
    assert.equal(batches.length, 1);
    for await (const _ of store.watch(prefix, { fromRevision, signal: abort.signal })) {
      assert.fail('a watch that is over delivers nothing');
    }
  });

  it('reaches a revision that no event under the prefix has', async () => {
    const abort = new AbortController();
    const start = await store.currentRevision();
    const watch = store.watch(prefix, { fromRevision: start + 1, signal: abort.signal });
    const made = await revisionOf(store.create(`${prefix.slice(0, -1)}-other`, bytes('x')));
    watch.reach(await store.currentRevision());
    for await (const batch of watch) {
      assert.deepEqual(batch.events, []);
      if (batch.revision >= made) break;
    }
    abort.abort();
  });

  it('catches up a slow consumer without gaps', async () => {
    const abort = new AbortController();
    const fromRevision = (await store.currentRevision()) + 1;
    const batches = store
      .watch(prefix, { fromRevision, signal: abort.signal })
      [Symbol.asyncIterator]();
    const first = batches.next();
    await store.create(`${prefix}first`, bytes('x'));
    assert.equal((await first).value?.events.length, 1);
    const names = Array.from({ length: 200 }, (_, i) => `${prefix}${i}`);
    await Promise.all(names.map((name) => store.create(name, bytes('x'))));
    const seen: StoreEvent[] = [];
    let reached = fromRevision;
    while (seen.length < names.length) {
      const { value } = await batches.next();
      assert.ok(value !== undefined && value.revision >= reached);
      reached = value.revision;
      seen.push(...value.events);
    }
    assert.deepEqual(
      seen.map((e) => e.kv.modRevision),
      names.map((_, i) => fromRevision + 1 + i),
    );
    abort.abort();
    assert.equal((await batches.next()).done, true);
  });

  it('forgets history when it is compacted', async () => {
    const key = `${prefix}a`;
    const r1 = await revisionOf(store.create(key, bytes('1')));
    const r2 = await revisionOf(store.update(key, bytes('2'), r1));
    const r3 = await revisionOf(store.update(key, bytes('3'), r2));
    await store.compact(r2);
    await store.compact(r2);
    await store.compact(r1);
    const compacted = (error: unknown) =>
      error instanceof CompactedError && [0, r2].includes(error.compactRevision);
    await assert.rejects(store.range(prefix, { revision: r1 }), compacted);
    await assert.rejects(collect(store, prefix, r1, 1), compacted);
    assert.deepEqual(summary((await store.range(prefix, { revision: r2 })).kvs), ['a=2']);
    assert.deepEqual(summary((await store.range(prefix)).kvs), ['a=3']);
    const [event] = await collect(store, prefix, r3, 1);
    assert.equal(line(event!), `put a=3 @${r3}/${r1}`);
  });

  it('writes a snapshot', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'k8ts-storage-'));
    try {
      await store.create(`${prefix}a`, bytes('x'));
      await store.snapshot(join(folder, 'snapshot'));
      assert.ok((await stat(join(folder, 'snapshot'))).size > 0);
    } finally {
      await rm(folder, { recursive: true });
    }
  });

  it('answers nothing once it is closed', async () => {
    const other = await subject.open();
    const running = collect(other, prefix, (await other.currentRevision()) + 1, 1);
    const ended = assert.rejects(running, StoreUnavailableError);
    await new Promise((resolve) => setImmediate(resolve));
    await other[Symbol.asyncDispose]();
    await ended;
    await assert.rejects(other.get('a'), StoreUnavailableError);
    await assert.rejects(other.create('a', bytes('x')), StoreUnavailableError);
    await assert.rejects(collect(other, prefix, 1, 1), StoreUnavailableError);
  });

  /** The first `count` events under a prefix; fails when they do not come in time. */
  async function collect(
    from: Storage,
    under: string,
    fromRevision: number,
    count: number,
    timeoutMs = 5000,
  ): Promise<StoreEvent[]> {
    const signal = AbortSignal.timeout(timeoutMs);
    const events: StoreEvent[] = [];
    for await (const batch of from.watch(under, { fromRevision, signal })) {
      events.push(...batch.events);
      assert.ok(batch.revision >= (events.at(-1)?.kv.modRevision ?? 0));
      if (events.length >= count) return events;
    }
    assert.fail(`watch of ${under} from ${fromRevision}: ${events.length} of ${count} events`);
  }

  function summary(kvs: readonly { key: string; value: Buffer }[]): string[] {
    return kvs.map((kv) => `${kv.key.slice(prefix.length)}=${kv.value}`);
  }

  function line({ type, kv }: StoreEvent): string {
    const name = kv.key.slice(prefix.length);
    return `${type} ${name}=${kv.value} @${kv.modRevision}/${kv.createRevision}`;
  }
}

/** The revision of a write that must have succeeded. */
export async function revisionOf(write: ReturnType<Storage['create']>): Promise<number> {
  const result = await write;
  assert.ok(result.ok, 'the write was refused');
  return result.revision;
}

function bytes(text: string): Buffer {
  return Buffer.from(text);
}
