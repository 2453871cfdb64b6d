/**
 * The API server is killed while many clients write, on both stores; on etcd, etcd too:
 *
 *   node conformance/api/durability.ts [--seed N] [--filter TEXT]
 *
 * After the restart every write that was acknowledged is there, and nothing that a watch has shown
 * is undone; revisions go on from where they were.
 */
import assert from 'node:assert/strict';
import { setTimeout as sleep } from 'node:timers/promises';
import { EtcdProcess } from '../../apiserver/storage/etcd/etcd-process.ts';
import type { Api, ApiObject } from './api.ts';
import { ApiProcess } from './api-process.ts';
import { type Random, randomOf } from './random.ts';
import { check, finish, seed } from './report.ts';
import { WatchReader } from './watch-stream.ts';

const folder = '/api/v1/namespaces/default/configmaps';
const writerCount = 8;
const rounds = 3;

/** What is known of an object: its acknowledged state, and one that may have come after it. */
interface Known {
  /** '' for none. */
  acknowledged: string;
  revision: number;
  /** Sent, and not answered. */
  open: string | undefined;
}

const gone = '';

/** Writes objects of its own, each in turn, until the connection breaks. */
class Writer {
  readonly known = new Map<string, Known>();
  readonly #api: Api;
  readonly #prefix: string;
  #serial = 0;

  constructor(api: Api, number: number) {
    this.#api = api;
    this.#prefix = `w${number}`;
  }

  async run(random: Random): Promise<void> {
    for (;;) {
      const name = `${this.#prefix}-${random.below(10)}`;
      const known = this.known.get(name) ?? { acknowledged: gone, revision: 0, open: undefined };
      this.known.set(name, known);
      if (!(await this.#write(name, known, random))) return;
    }
  }

  /** False when it is not known what became of it. */
  async #write(name: string, known: Known, random: Random): Promise<boolean> {
    const deletes = known.acknowledged !== gone && random.oneIn(4);
    const serial = `${this.#prefix}-${++this.#serial}`;
    const body = { metadata: { name, annotations: { serial } }, data: { x: 'y'.repeat(200) } };
    known.open = deletes ? gone : serial;
    const [method, path] = deletes
      ? ['DELETE', `${folder}/${name}`]
      : known.acknowledged === gone
        ? ['POST', folder]
        : ['PUT', `${folder}/${name}`];
    let answer: { status: number; object: ApiObject };
    try {
      answer = await this.#api.call(method!, path!, deletes ? undefined : body);
    } catch {
      return false;
    }
    // A store that is away: whether the write happened is not known.
    if (answer.status === 503 || answer.status === 504) return false;
    assert.ok(answer.status < 300, `${method} ${name}: ${answer.status} ${answer.object.message}`);
    known.acknowledged = known.open;
    known.open = undefined;
    if (!deletes) known.revision = Number(answer.object.metadata.resourceVersion);
    return true;
  }
}

/** What a watch has shown: the newest revision and serial of each object. */
async function follow(api: Api, shown: Map<string, number>): Promise<void> {
  const response = await api.open('GET', `${folder}?watch=true`, { fresh: true });
  const reader = new WatchReader('json');
  try {
    for await (const chunk of response) {
      for (const e of reader.push(chunk as Buffer)) shown.set(e.key.slice(8), e.revision);
    }
  } catch {
    // The server was killed.
  }
}

async function round(server: ApiProcess, random: Random, kill: () => Promise<void>) {
  const { api } = server;
  for (const { metadata } of (await api.call('GET', folder)).object.items ?? []) {
    await api.call('DELETE', `${folder}/${metadata.name}`);
  }
  const writers = Array.from({ length: writerCount }, (_, i) => new Writer(api, i));
  const shown = new Map<string, number>();
  const watching = follow(api, shown);
  const writing = writers.map((w) => w.run(random.fork()));
  await sleep(300 + random.below(700));
  await kill();
  await Promise.all([watching, ...writing]);
  const list = (await api.call('GET', folder)).object;
  const found = new Map(list.items?.map((o) => [o.metadata.name, o.metadata]));
  const listed = Number(list.metadata.resourceVersion);
  let acknowledged = 0;
  for (const writer of writers) {
    for (const [name, known] of writer.known) {
      acknowledged++;
      const serial = found.get(name)?.annotations?.['serial'] ?? gone;
      const possible = [known.acknowledged, known.open].filter((s) => s !== undefined);
      assert.ok(possible.includes(serial), `${name} is '${serial}', not one of '${possible}'`);
      assert.ok(listed >= known.revision, `revision ${listed} is below ${known.revision}`);
    }
  }
  for (const [name, revision] of shown) {
    const now = Number(found.get(name)?.resourceVersion ?? listed);
    assert.ok(now >= revision, `${name} was shown at ${revision} and is at ${now}`);
  }
  const next = await api.call('POST', folder, { metadata: { name: 'next' } });
  assert.equal(next.status, 201, next.object.message ?? '');
  const newest = Math.max(listed, ...shown.values());
  assert.ok(Number(next.object.metadata.resourceVersion) > newest, 'a revision was used twice');
  return acknowledged;
}

async function run(server: ApiProcess, kill: () => Promise<void>): Promise<void> {
  const random = randomOf(seed);
  let count = 0;
  for (let i = 0; i < rounds; i++) count += await round(server, random, kill);
  console.log(`  ${count} objects in ${rounds} rounds`);
  assert.ok(count > 0);
}

await check('the server on the embedded store is killed', async () => {
  await using server = await ApiProcess.start();
  await run(server, async () => {
    await server.kill();
    await server.restart();
  });
});

await check('the server on etcd is killed, and etcd under it', async () => {
  await using etcd = await EtcdProcess.start();
  await using server = await ApiProcess.start({ etcd: etcd.server });
  let turn = 0;
  await run(server, async () => {
    if (turn++ % 2 === 0) {
      await server.kill();
      await server.restart();
      return;
    }
    await etcd.kill();
    await etcd.restart();
    // The writers go on as soon as it is back: end them as well.
    await sleep(200);
    await server.kill();
    await server.restart();
  });
});

finish();
