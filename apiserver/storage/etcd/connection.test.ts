import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { revisionOf } from '../contract.ts';
import {
  CompactedError,
  type StoreEvent,
  StoreUnavailableError,
  ValueTooLargeError,
  type WatchBatch,
} from '../storage.ts';
import { EtcdStorage } from './etcd.ts';
import { EtcdProcess } from './etcd-process.ts';

const run = process.env['K8TS_SKIP_ETCD'] === '1' ? describe.skip : describe;

run('etcd connection', () => {
  let etcd: EtcdProcess;
  before(async () => {
    etcd = await EtcdProcess.start();
  });
  after(() => etcd?.[Symbol.asyncDispose]());

  it('resumes a watch after a lost connection without gap or repeat', async () => {
    await using line = await Line.to(etcd.server);
    await using watched = new EtcdStorage({ servers: [line.server] });
    await using direct = new EtcdStorage({ servers: [etcd.server] });
    const fromRevision = (await direct.currentRevision()) + 1;
    const signal = AbortSignal.timeout(8000);
    const batches = watched.watch('/a/', { fromRevision, signal })[Symbol.asyncIterator]();
    const made: number[] = [];
    const make = async (name: string) =>
      made.push(await revisionOf(direct.create(`/a/${name}`, Buffer.from(name))));
    await make('1');
    const seen = [await next(batches)];
    for (const round of ['x', 'y']) {
      line.cut();
      for (const name of ['2', '3', '4']) await make(name + round);
      line.mend();
      while (seen.flat().length < made.length) seen.push(await next(batches));
    }
    assert.deepEqual(
      seen.flat().map((event) => event.kv.modRevision),
      made,
    );
  });

  it('tells a watch when what it missed has been compacted', async () => {
    await using line = await Line.to(etcd.server);
    await using watched = new EtcdStorage({ servers: [line.server] });
    await using direct = new EtcdStorage({ servers: [etcd.server] });
    const fromRevision = (await direct.currentRevision()) + 1;
    const signal = AbortSignal.timeout(8000);
    const batches = watched.watch('/b/', { fromRevision, signal })[Symbol.asyncIterator]();
    await revisionOf(direct.create('/b/1', Buffer.from('x')));
    await next(batches);
    line.cut();
    await revisionOf(direct.create('/b/2', Buffer.from('x')));
    await direct.compact(await revisionOf(direct.create('/b/3', Buffer.from('x'))));
    line.mend();
    await assert.rejects(batches.next(), CompactedError);
    // The next watch starts afresh.
    const now = await watched.currentRevision();
    const again = watched.watch('/b/', { fromRevision: now, signal })[Symbol.asyncIterator]();
    await revisionOf(direct.create('/b/4', Buffer.from('x')));
    assert.ok((await next(again)).length > 0);
    await again.return?.();
  });

  it('goes on to another member', async () => {
    await using storage = new EtcdStorage({ servers: ['http://127.0.0.1:1', etcd.server] });
    await revisionOf(storage.create('/c', Buffer.from('x')));
    const { kv } = await storage.get('/c');
    assert.equal(kv?.value.toString(), 'x');
  });

  it('waits for a server that is not there yet, for a while', async () => {
    await using line = await Line.to(etcd.server);
    line.cut();
    await using storage = new EtcdStorage({ servers: [line.server] });
    const created = storage.create('/d', Buffer.from('x'));
    line.mend();
    await revisionOf(created);
    await using impatient = new EtcdStorage({ servers: ['http://127.0.0.1:1'], timeoutMs: 300 });
    const start = Date.now();
    await assert.rejects(impatient.create('/d', Buffer.from('x')), StoreUnavailableError);
    await assert.rejects(impatient.currentRevision(), StoreUnavailableError);
    assert.ok(Date.now() - start < 2000);
  });

  it('gives up a call that is not answered', async () => {
    const sockets: Socket[] = [];
    const silent = createServer((socket) => sockets.push(socket)).listen(0, '127.0.0.1');
    await once(silent, 'listening');
    const address = silent.address();
    assert.ok(address !== null && typeof address === 'object');
    const server = `http://127.0.0.1:${address.port}`;
    await using storage = new EtcdStorage({ servers: [server], timeoutMs: 200 });
    await assert.rejects(storage.get('/e'), StoreUnavailableError);
    for (const socket of sockets) socket.destroy();
    silent.close();
  });

  it('says when a value is too large', async () => {
    await using storage = new EtcdStorage({ servers: [etcd.server] });
    await assert.rejects(storage.create('/f', Buffer.alloc(2_000_000)), ValueTooLargeError);
  });

  it('shares quorum reads, never with a call that came before the write', async () => {
    await using storage = new EtcdStorage({ servers: [etcd.server] });
    const reads: Promise<number>[] = [];
    for (let i = 0; i < 20; i++) {
      void storage.currentRevision();
      const made = await revisionOf(storage.create(`/g/${i}`, Buffer.from('x')));
      reads.push(storage.currentRevision().then((seen) => seen - made));
    }
    for (const ahead of await Promise.all(reads)) assert.ok(ahead >= 0, `${-ahead} behind`);
  });
});

async function next(batches: AsyncIterator<WatchBatch>): Promise<readonly StoreEvent[]> {
  for (;;) {
    const { done, value } = await batches.next();
    assert.ok(!done, 'the watch has ended');
    if (value.events.length > 0) return value.events;
  }
}

/** A connection to a server that can be cut and mended. */
class Line implements AsyncDisposable {
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  #target: URL;
  #whole = true;
  server = '';

  static async to(server: string): Promise<Line> {
    const line = new Line(new URL(server));
    line.#server.listen(0, '127.0.0.1');
    await once(line.#server, 'listening');
    const address = line.#server.address();
    assert.ok(address !== null && typeof address === 'object');
    line.server = `http://127.0.0.1:${address.port}`;
    return line;
  }

  private constructor(target: URL) {
    this.#target = target;
    this.#server = createServer((from) => this.#join(from));
  }

  cut(): void {
    this.#whole = false;
    for (const socket of this.#sockets) socket.destroy();
  }

  mend(): void {
    this.#whole = true;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.cut();
    await new Promise((closed) => this.#server.close(closed));
  }

  #join(from: Socket): void {
    if (!this.#whole) {
      from.destroy();
      return;
    }
    const to = connect({ port: Number(this.#target.port), host: this.#target.hostname });
    for (const [socket, other] of [
      [from, to],
      [to, from],
    ] as const) {
      this.#sockets.add(socket);
      socket.pipe(other);
      socket.on('error', () => {});
      socket.on('close', () => {
        this.#sockets.delete(socket);
        other.destroy();
      });
    }
  }
}
