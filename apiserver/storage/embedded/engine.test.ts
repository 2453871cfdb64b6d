import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import type { Clock } from '../../../machinery/meta/clock.ts';
import { StoreUnavailableError } from '../storage.ts';
import { Engine } from './engine.ts';
import { defaultHistory, type HistoryLimits } from './history.ts';
import { Housekeeping } from './housekeeping.ts';
import { storePath } from './store-file.ts';
import { transaction } from './transaction.ts';

const x = Buffer.from('x');

describe('embedded engine', () => {
  let root: string;
  let dataDir: string;
  let folders = 0;
  before(() => {
    root = mkdtempSync(join(tmpdir(), 'k8ts-engine-'));
  });
  beforeEach(() => {
    dataDir = join(root, `${++folders}`);
  });
  after(() => rmSync(root, { recursive: true }));

  it('finds its state again', () => {
    let engine = new Engine(dataDir);
    inTransaction(engine, () => {
      const lease = engine.grantLease(60, 1000);
      engine.create('/a', x, 0);
      engine.create('/b', x, lease);
      engine.update('/a', Buffer.from('y'), 1, 0);
      engine.delete('/a', 3);
      engine.create('/a', Buffer.alloc(0), 0);
    });
    inTransaction(engine, () => engine.compact(3));
    inTransaction(engine, () => engine.dropGarbage(100));
    const before = [engine.range('', {}, 1e6), engine.changes('', 4, 5, 1e6), engine.historyBytes];
    const expiry = engine.nextExpiry();
    engine.close();
    engine = new Engine(dataDir);
    assert.deepEqual(
      [engine.range('', {}, 1e6), engine.changes('', 4, 5, 1e6), engine.historyBytes],
      before,
    );
    assert.deepEqual([engine.revision, engine.compactedRevision, engine.garbage], [5, 3, 0]);
    assert.equal(engine.nextExpiry(), expiry);
    assert.equal(engine.get('/a')?.createRevision, 5);
    const lease = engine.grantLease(60, 1000);
    assert.ok(lease > engine.get('/b')!.lease);
    engine.close();
  });

  it('drops again what a crash left between compaction and cleaning', () => {
    let engine = new Engine(dataDir);
    inTransaction(engine, () => {
      engine.create('/a', x, 0);
      engine.update('/a', x, 1, 0);
      engine.update('/a', x, 2, 0);
      engine.create('/b', x, 0);
      engine.delete('/b', 4);
    });
    engine.compact(5);
    inTransaction(engine, () => engine.dropGarbage(1));
    engine.close();
    engine = new Engine(dataDir);
    assert.equal(engine.garbage, 3);
    inTransaction(engine, () => engine.dropGarbage(10));
    assert.equal(rows(engine), 1);
    assert.deepEqual([engine.revision, engine.compactedRevision], [5, 5]);
    engine.close();
  });

  it('forgets a transaction that does not fit on the disk, and goes on', () => {
    const engine = new Engine(dataDir);
    inTransaction(engine, () => engine.create('/a', x, 0));
    const pages = engine.database.prepare('PRAGMA page_count').get()?.['page_count'];
    engine.database.exec(`PRAGMA max_page_count = ${pages}`);
    const broken: Error[] = [];
    const write = () =>
      transaction(
        engine,
        () => {
          engine.create('/b', x, 0);
          engine.create('/c', Buffer.alloc(100_000), 0);
        },
        (error) => broken.push(error),
      );
    assert.throws(write, (e) => e instanceof StoreUnavailableError && /full/.test(e.message));
    assert.deepEqual([broken, engine.revision, engine.get('/b')], [[], 1, undefined]);
    engine.database.exec('PRAGMA max_page_count = 100000');
    write();
    assert.equal(engine.revision, 3);
    engine.close();
  });

  it('reads nothing more after a commit that failed otherwise', () => {
    const broken: Error[] = [];
    const calls: string[] = [];
    const engine = {
      begin: () => calls.push('begin'),
      commit: () => {
        throw new Error('disk I/O error');
      },
      rollback: () => calls.push('rollback'),
      describe: (error: unknown) => error as Error,
    };
    assert.throws(
      () =>
        transaction(
          engine,
          () => {},
          (error) => broken.push(error),
        ),
      StoreUnavailableError,
    );
    assert.deepEqual([calls, broken.length], [['begin'], 1]);
  });

  it('says in a line what is wrong with a file', () => {
    const path = storePath(dataDir);
    const cases: [string, () => void, RegExp][] = [
      [
        'not a database',
        () => writeFileSync(path, 'something else entirely'.repeat(500)),
        /k8ts\.db is not a k8ts store$/,
      ],
      [
        'another program',
        () => sql('CREATE TABLE t (x); INSERT INTO t VALUES (1)'),
        /k8ts\.db is not a k8ts store$/,
      ],
      [
        'newer',
        () => {
          new Engine(dataDir).close();
          sql('PRAGMA user_version = 7');
        },
        /k8ts\.db was written by a newer k8ts \(format 7, this one reads 1\)$/,
      ],
      [
        'damaged',
        () => {
          const engine = new Engine(dataDir);
          inTransaction(engine, () => {
            for (let i = 0; i < 50; i++) engine.create(`/${i}`, Buffer.alloc(3000), 0);
          });
          engine.close();
          const size = statSync(path).size;
          writeFileSync(path, Buffer.alloc(size - 3 * 8192, 7), { flag: 'r+' });
        },
        /k8ts\.db (is not a k8ts store|is damaged)/,
      ],
      [
        'a revision is missing',
        () => {
          const engine = new Engine(dataDir);
          inTransaction(engine, () => {
            for (let i = 0; i < 3; i++) engine.create(`/${i}`, x, 0);
          });
          engine.close();
          sql('DELETE FROM log WHERE revision = 2');
        },
        /k8ts\.db is damaged \(revision 2 is missing before 3\): restore a snapshot$/,
      ],
    ];
    for (const [name, damage, message] of cases) {
      rmSync(dataDir, { recursive: true, force: true });
      mkdirSync(dataDir);
      damage();
      assert.throws(() => new Engine(dataDir), { message }, name);
    }
    function sql(text: string): void {
      const db = new DatabaseSync(path);
      db.exec(text);
      db.close();
    }
  });

  it('is open once', () => {
    const engine = new Engine(dataDir);
    assert.throws(() => new Engine(dataDir), {
      message: new RegExp(
        `^data directory .* is in use by another process \\(pid ${process.pid}\\)$`,
      ),
    });
    engine.close();
    new Engine(dataDir).close();
  });

  describe('housekeeping', () => {
    it('expires leases and then has no timer', () => {
      const { engine, clock, housekeeping, expired } = setup();
      inTransaction(engine, () => {
        const short = engine.grantLease(1, clock.now());
        const long = engine.grantLease(10, clock.now());
        engine.create('/a', x, short);
        engine.create('/b', x, short);
        engine.create('/c', x, long);
      });
      housekeeping.schedule();
      clock.advance(990);
      assert.deepEqual(expired, []);
      clock.advance(260);
      assert.deepEqual(expired, ['/a@4', '/b@5']);
      clock.advance(10_000);
      assert.deepEqual(expired, ['/a@4', '/b@5', '/c@6']);
      clock.advance(20 * 60_000);
      assert.equal(clock.timers, 0);
      assert.equal(rows(engine), 0);
      engine.close();
    });

    it('forgets what is older than five minutes, and then has no timer', () => {
      const { engine, clock, housekeeping } = setup();
      const write = (i: number) => {
        inTransaction(engine, () => engine.create(`/${i}`, x, 0));
        housekeeping.schedule();
      };
      for (let minute = 1; minute <= 20; minute++) {
        write(minute);
        clock.advance(60_000);
      }
      const kept = engine.revision - engine.compactedRevision;
      assert.ok(kept >= 5 && kept <= 7, `${kept} revisions`);
      clock.advance(7 * 60_000);
      assert.deepEqual([engine.compactedRevision, clock.timers], [20, 0]);
      write(21);
      assert.equal(clock.timers, 1);
      engine.close();
    });

    it('keeps history and file within bounds', () => {
      const limits = { ...defaultHistory, maxRevisions: 100, maxBytes: 200_000 };
      const { engine, housekeeping } = setup(limits);
      let [small, revision] = [0, 0];
      for (let round = 0; round < 40; round++) {
        inTransaction(engine, () => {
          for (let i = 0; i < 20; i++) {
            const value = Buffer.alloc(round < 20 ? 10 : 10_000);
            const outcome =
              revision === 0
                ? engine.create('/a', value, 0)
                : engine.update('/a', value, revision, 0);
            revision = outcome.revision;
          }
        });
        housekeeping.schedule();
        const kept = engine.revision - engine.compactedRevision;
        assert.ok(kept <= 121, `${kept} revisions`);
        assert.ok(engine.historyBytes <= 240_000, `${engine.historyBytes} bytes`);
        if (round === 25) small = pages(engine);
      }
      // Rows that were dropped made room for those that followed.
      assert.ok(pages(engine) <= small * 1.5, `${small} pages grew to ${pages(engine)}`);
      engine.close();
    });

    it('gives many free pages back', () => {
      const { engine, housekeeping } = setup({ ...defaultHistory, maxRevisions: 10 });
      inTransaction(engine, () => {
        for (let i = 0; i < 1200; i++) engine.create(`/${i}`, Buffer.alloc(8000), 0);
      });
      const most = pages(engine);
      inTransaction(engine, () => {
        for (let i = 0; i < 1200; i++) engine.delete(`/${i}`, i + 1);
      });
      housekeeping.schedule();
      // Some are kept for what comes.
      assert.ok(pages(engine) < most * 0.7, `${pages(engine)} of ${most} pages`);
      engine.close();
    });

    function setup(limits: HistoryLimits = defaultHistory) {
      const engine = new Engine(dataDir);
      const clock = new FakeClock();
      const expired: string[] = [];
      const housekeeping = new Housekeeping(engine, limits, {
        transaction: (body) => inTransaction(engine, body),
        expired: (events) => {
          for (const { kv } of events) expired.push(`${kv.key}@${kv.modRevision}`);
        },
        clock,
        soon: (callback) => callback(),
      });
      return { engine, clock, expired, housekeeping };
    }
  });
});

function inTransaction(engine: Engine, body: () => void): void {
  transaction(engine, body, (error) => assert.fail(error));
}

function rows(engine: Engine): unknown {
  return engine.database.prepare('SELECT count(*) AS n FROM log').get()?.['n'];
}

function pages(engine: Engine): number {
  return Number(engine.database.prepare('PRAGMA page_count').get()?.['page_count']);
}

class FakeClock implements Clock {
  #now = 1_000_000;
  #timers: { at: number; callback: () => void }[] = [];

  get timers(): number {
    return this.#timers.length;
  }

  now(): number {
    return this.#now;
  }

  after(ms: number, callback: () => void): () => void {
    const timer = { at: this.#now + ms, callback };
    this.#timers.push(timer);
    return () => {
      this.#timers = this.#timers.filter((other) => other !== timer);
    };
  }

  advance(ms: number): void {
    const until = this.#now + ms;
    for (;;) {
      const [next] = this.#timers.filter((t) => t.at <= until).sort((a, b) => a.at - b.at);
      if (next === undefined) break;
      this.#timers = this.#timers.filter((other) => other !== next);
      this.#now = next.at;
      next.callback();
    }
    this.#now = until;
  }
}
