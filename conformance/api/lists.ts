/**
 * Lists against a model of everything that was written, on both stores:
 *
 *   node conformance/api/lists.ts [--seed N] [--filter TEXT]
 *
 * Every combination of resourceVersion, resourceVersionMatch, limit and continue with selectors, in
 * all forms: a list shows one state, and that of a time which its parameters allow.
 */
import assert from 'node:assert/strict';
import { EtcdStorage } from '../../apiserver/storage/etcd/etcd.ts';
import { EtcdProcess } from '../../apiserver/storage/etcd/etcd-process.ts';
import type { Api } from './api.ts';
import { ApiProcess } from './api-process.ts';
import { ListModel } from './list-model.ts';
import { type Listing, listProblem, readList, readPage } from './list-reader.ts';
import { type Random, randomOf } from './random.ts';
import { check, finish, seed } from './report.ts';
import { namespaces, type Selection, selectionsOf } from './selection.ts';
import { forms } from './watch-stream.ts';

const everything = selectionsOf('configmaps')[0]!;
const parallel = 8;

/** Runs tasks, a few at a time. */
async function all(tasks: readonly (() => Promise<void>)[]): Promise<void> {
  const rest = [...tasks];
  const work = async () => {
    for (let task = rest.shift(); task !== undefined; task = rest.shift()) await task();
  };
  await Promise.all(Array.from({ length: parallel }, work));
}

async function modelOf(api: Api, random: Random): Promise<ListModel> {
  const model = new ListModel(api);
  await model.prepare();
  for (let i = 0; i < 120; i++) await model.write(random);
  return model;
}

/** Every combination of parameters, while the writer goes on. */
async function combinations(api: Api, model: ListModel, random: Random, gone = 0): Promise<void> {
  const selections = selectionsOf('configmaps');
  const listings: Listing[] = [];
  const tasks: (() => Promise<void>)[] = [];
  const old = model.old(random);
  for (const resourceVersion of ['', '0', String(old), String(model.revision), 'abc', '-5']) {
    for (const match of ['', 'Exact', 'NotOlderThan', 'Bogus']) {
      for (const limit of [0, 1, 7, 500]) {
        for (let i = 0; i < 4; i++) {
          const selection: Selection = i === 0 ? everything : random.pick(selections);
          const query = { selection, form: random.pick(forms), resourceVersion, match, limit };
          tasks.push(async () => {
            listings.push(await readList(api, model, query));
          });
        }
      }
    }
  }
  for (const match of ['', 'Exact', 'NotOlderThan']) {
    const query = {
      selection: everything,
      form: forms[0]!,
      resourceVersion: '999999999999',
      match,
    };
    tasks.push(async () => {
      listings.push(await readList(api, model, { ...query, limit: 0 }));
    });
  }
  let reading = true;
  const writing = (async () => {
    while (reading) {
      await model.write(random);
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  })();
  try {
    await all(tasks);
  } finally {
    reading = false;
    await writing;
  }
  const problems = listings.flatMap((l) => listProblem(l, model, gone) ?? []);
  const pages = listings.reduce((sum, l) => sum + l.pages.length, 0);
  console.log(`  ${listings.length} lists in ${pages} pages`);
  assert.equal(
    problems.length,
    0,
    `${problems.length} problems:\n${problems.slice(0, 8).join('\n')}`,
  );
}

/** Pages of a list that is overtaken by writes between them. */
async function paging(api: Api, model: ListModel, random: Random): Promise<void> {
  const problems: string[] = [];
  for (const form of forms) {
    for (const selection of [everything, random.pick(selectionsOf('configmaps'))]) {
      for (const resourceVersion of ['', '0', String(model.revision)]) {
        const query = { selection, form, resourceVersion, match: '', limit: 1 + random.below(4) };
        const listing = await readList(api, model, query, () => model.write(random));
        const problem = listProblem(listing, model);
        if (problem !== undefined) problems.push(problem);
      }
    }
  }
  assert.equal(problems.length, 0, problems.slice(0, 8).join('\n'));
}

/** Whoever has been told of a write sees it, whoever asks. */
async function consistency(api: Api): Promise<void> {
  const client = async (number: number) => {
    const random = randomOf(seed + number);
    for (let i = 0; i < 25; i++) {
      const namespace = random.pick(namespaces);
      const folder = `/api/v1/namespaces/${namespace}/secrets`;
      const name = `own-${number}-${i}`;
      const labels = { own: name };
      const created = await api.call('POST', folder, { metadata: { name, labels } });
      assert.equal(created.status, 201, created.object.message ?? '');
      const select = `labelSelector=own%3D${name}`;
      const seen = async (path: string) => (await api.call('GET', path)).object.items?.length;
      assert.equal(await seen(`${folder}?${select}`), 1, `${name} is not in the list`);
      assert.equal(await seen(`/api/v1/secrets?fieldSelector=metadata.name%3D${name}`), 1);
      assert.equal((await api.call('GET', `${folder}/${name}`)).status, 200);
      const { resourceVersion } = created.object.metadata;
      const notOlder = `resourceVersion=${resourceVersion}&resourceVersionMatch=NotOlderThan`;
      assert.equal(await seen(`${folder}?${select}&${notOlder}`), 1);
      const patch = { metadata: { labels: { own: 'gone' } } };
      const type = { 'content-type': 'application/merge-patch+json' };
      await api.call('PATCH', `${folder}/${name}`, patch, type);
      assert.equal(await seen(`${folder}?${select}`), 0, `${name} is still in the list`);
      assert.equal((await api.call('DELETE', `${folder}/${name}`)).status, 200);
      assert.equal((await api.call('GET', `${folder}/${name}`)).status, 404);
    }
  };
  await Promise.all(Array.from({ length: parallel }, (_, i) => client(i)));
}

/** Numbers and continue tokens that no server has made: refused, or read as far as they mean something. */
async function oddities(api: Api): Promise<void> {
  const folder = '/api/v1/namespaces/alpha/configmaps';
  const status = async (query: string) => (await api.call('GET', `${folder}?${query}`)).status;
  const token = (rv: unknown, start: unknown) => {
    const text = JSON.stringify({ v: 'meta.k8s.io/v1', rv, start });
    return `continue=${Buffer.from(text).toString('base64url')}`;
  };
  const answers: Promise<void>[] = [];
  for (const start of ['n1\0', 'n1', '\0', '/n1', 'n1\0x', '\ud800']) {
    for (const [rv, expected] of [
      ...[0, 0.5, 1e300, '1', null, [1]].map((n) => [n, 400] as const),
      ...[-1, 5].map((n) => [n, 200] as const),
      // The server waits for it.
      [2 ** 53, 504],
    ] as const) {
      for (const more of ['', '&limit=1', '&limit=9223372036854775807', '&labelSelector=color']) {
        const query = token(rv, start) + more;
        const expects = async () => {
          assert.equal(await status(query), expected, `rv ${rv}, start ${start}${more}`);
        };
        answers.push(expects());
      }
    }
  }
  await Promise.all(answers);
  for (const start of ['', '../n1', 'a//b', 'a/', 7])
    assert.equal(await status(token(5, start)), 400);
  for (const limit of ['1e5', '0x1', '9223372036854775808']) {
    assert.equal(await status(`limit=${limit}`), 400, limit);
  }
  const largest = await api.call('GET', `${folder}?resourceVersion=18446744073709551615`);
  assert.equal(largest.status, 504);
  assert.match(largest.object.message ?? '', /version: 18446744073709551615, current: \d+$/);
  assert.equal(await status('resourceVersion=18446744073709551616'), 400);
}

async function suite(kind: string, server: ApiProcess): Promise<ListModel> {
  const { api } = server;
  const random = randomOf(seed);
  const model = await modelOf(api, random);
  await check(`${kind}: every combination of parameters`, () => combinations(api, model, random));
  await check(`${kind}: pages stay on their snapshot`, () => paging(api, model, random));
  await check(`${kind}: a list sees every write that was acknowledged`, () => consistency(api));
  await check(`${kind}: odd numbers and continue tokens`, () => oddities(api));
  return model;
}

{
  await using server = await ApiProcess.start();
  await suite('embedded', server);
}

{
  await using etcd = await EtcdProcess.start();
  await using server = await ApiProcess.start({ etcd: etcd.server });
  const { api } = server;
  const model = await suite('etcd', server);
  const random = randomOf(seed + 1);
  await check('etcd: what is compacted is gone, and nothing else', async () => {
    const [form] = forms;
    const query = { selection: everything, form: form! };
    const first = await readPage(api, query, { limit: '3' });
    const old = model.revision;
    await model.write(random);
    const late = await readPage(api, query, { limit: '3' });
    await using storage = new EtcdStorage({ servers: [etcd.server] });
    await storage.compact(model.revision);
    await model.write(random);
    const parameters = { limit: '3', continue: first.continue };
    const [next, exact] = await Promise.all([
      readPage(api, query, parameters),
      readPage(api, query, { resourceVersion: String(old), resourceVersionMatch: 'Exact' }),
    ]);
    assert.deepEqual([next.status, next.reason], [410, 'Expired']);
    // What is left of the list can be had as it is now.
    const rest = await readPage(api, query, { continue: next.continue });
    const sent = first.items.at(-1)!.key;
    const left = model.at(everything, rest.revision).filter((o) => o.key > sent);
    assert.deepEqual([rest.status, rest.items], [200, left]);
    assert.deepEqual([exact.status, exact.reason], [410, 'Expired']);
    const still = await readPage(api, query, { continue: late.continue });
    assert.equal(still.status, 200);
    assert.deepEqual([...late.items, ...still.items], model.at(everything, late.revision));
    await combinations(api, model, random, model.revision);
  });
  await check('etcd: a compaction does not hide the present', async () => {
    await server.signal('SIGTERM');
    await server.restart();
    await combinations(api, model, random, model.revision + 1);
  });
}

finish();
