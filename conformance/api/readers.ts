/**
 * Clients that read much, slowly or not to the end, and what they leave behind in the server:
 *
 *   node conformance/api/readers.ts [--seed N] [--filter TEXT]
 */
import assert from 'node:assert/strict';
import { setTimeout as sleep } from 'node:timers/promises';
import { ApiProcess } from './api-process.ts';
import { randomOf } from './random.ts';
import { check, finish, seed } from './report.ts';
import { acceptOf, WatchReader } from './watch-stream.ts';

const folder = '/api/v1/namespaces/default/secrets';
const bigBytes = 500_000;
const mib = 1024 * 1024;
const slack = 24 * mib;

await using server = await ApiProcess.start({ inspect: true });
const { api, inspector } = server;

async function writeBig(name: string, method = 'PUT'): Promise<void> {
  const path = method === 'POST' ? folder : `${folder}/${name}`;
  const filler = Buffer.alloc(bigBytes, Math.random().toString(36)).toString('base64');
  const { status, object } = await api.call(method, path, { metadata: { name }, data: { filler } });
  assert.ok(status < 300, `${method} ${path}: ${status} ${object.message}`);
}

const names = Array.from({ length: 60 }, (_, i) => `big-${i}`);

await check('a state of 40 MB reaches the clients that read it', async () => {
  for (const name of names) await writeBig(name, 'POST');
  const query = 'watch=true&sendInitialEvents=true&resourceVersionMatch=NotOlderThan';
  await Promise.all(
    (['json', 'protobuf', 'Table', 'PartialObjectMetadata'] as const).map(async (form) => {
      const path = `${folder}?${query}&allowWatchBookmarks=true&timeoutSeconds=200`;
      const headers = { accept: acceptOf(form) };
      const response = await api.open('GET', path, { fresh: true, headers });
      const reader = new WatchReader(form);
      const seen = new Set<string>();
      let chunks = 0;
      for await (const chunk of response) {
        const events = reader.push(chunk as Buffer);
        for (const e of events) if (!e.initialEnd) seen.add(e.key);
        if (events.some((e) => e.initialEnd)) break;
        // So slow that the connection is full now and then.
        if (++chunks % 8 === 0) await sleep(1);
      }
      response.destroy();
      assert.equal(seen.size, names.length, form);
    }),
  );
});

await check('a client that stops reading is cut off, and its memory comes back', async () => {
  const rounds: number[] = [];
  for (let round = 0; round < 3; round++) {
    const response = await api.open('GET', `${folder}?watch=true`, {
      fresh: true,
      timeoutMs: 120_000,
    });
    assert.equal(response.statusCode, 200);
    const closed = new Promise<void>((resolve) => response.once('close', resolve));
    // Nothing is read; the initial state alone fills the connection.
    response.pause();
    for (let i = 0; i < 70; i++) await writeBig(names[i % names.length]!);
    response.resume();
    await Promise.race([closed, sleep(5000).then(() => assert.fail('it was not cut off'))]);
    rounds.push(await inspector.memory());
  }
  console.log(`  after each round: ${rounds.map((b) => `${Math.round(b / mib)} MiB`).join(', ')}`);
  assert.ok(rounds[2]! < rounds[0]! + slack, `memory grows: ${rounds}`);
});

await check('clients that leave early leave nothing behind', async () => {
  for (const name of names) await api.call('DELETE', `${folder}/${name}`);
  const random = randomOf(seed);
  const paths = [
    `${folder}?watch=true`,
    `${folder}?watch=true&resourceVersion=0&allowWatchBookmarks=true`,
    '/api/v1/pods?watch=true&fieldSelector=spec.nodeName%3Dx',
    '/apis/rbac.authorization.k8s.io/v1/clusterroles',
    '/apis/rbac.authorization.k8s.io/v1/clusterroles?watch=true',
    '/api/v1/namespaces?resourceVersion=1&resourceVersionMatch=NotOlderThan',
  ];
  const leave = async () => {
    const opening = api.open('GET', random.pick(paths), { fresh: true, timeoutMs: 3000 });
    const response = await opening.catch(() => undefined);
    await sleep(random.below(20));
    response?.destroy();
  };
  const hurry = async () => {
    // The connection ends while the request is under way.
    await api.abort('POST', folder, { metadata: { name: 'half' } }, random.below(3));
    await api.abort('GET', random.pick(paths), undefined, random.below(3));
  };
  const round = async (count: number) => {
    for (let i = 0; i < count; i += 10) {
      await Promise.all(Array.from({ length: 5 }, leave));
      await Promise.all(Array.from({ length: 5 }, hurry));
    }
    await sleep(1000);
  };
  await round(50);
  const [memory, timers] = [await inspector.memory(), await inspector.timers()];
  await round(400);
  const [later, laterTimers] = [await inspector.memory(), await inspector.timers()];
  const grown = Math.round((later - memory) / 1024);
  console.log(`  ${grown} KiB and ${laterTimers - timers} timers more after 400 clients`);
  assert.ok(later < memory + 4 * mib, `memory grows by ${grown} KiB`);
  assert.ok(laterTimers <= timers + 5, `timers: ${timers}, then ${laterTimers}`);
  assert.ok(!server.log.includes('(node:'), server.log);
});

await server[Symbol.asyncDispose]();
finish();
