/**
 * Many clients create at once what a ResourceQuota allows few of: it is never overshot, also not by
 * several servers of one etcd.
 *
 *   node conformance/api/quota.ts
 */
import assert from 'node:assert/strict';
import { EtcdProcess } from '../../apiserver/storage/etcd/etcd-process.ts';
import type { Api } from './api.ts';
import { ApiProcess } from './api-process.ts';
import { check, finish } from './report.ts';

interface QuotaStatus {
  readonly hard?: Readonly<Record<string, string>>;
  readonly used?: Readonly<Record<string, string>>;
}

const hard = { 'count/configmaps': '12', pods: '7', 'requests.cpu': '2' };
const none = { 'count/configmaps': '0', pods: '0', 'requests.cpu': '0' };

/** A namespace with a quota whose status stands as its controller would have set it. */
async function namespaceWithQuota(api: Api, name: string): Promise<string> {
  const made = await api.call('POST', '/api/v1/namespaces', { metadata: { name } });
  assert.equal(made.status, 201);
  const folder = `/api/v1/namespaces/${name}`;
  await api.call('POST', `${folder}/serviceaccounts`, { metadata: { name: 'default' } });
  const quota = { metadata: { name: 'q' }, spec: { hard } };
  assert.equal((await api.call('POST', `${folder}/resourcequotas`, quota)).status, 201);
  const status = { status: { hard, used: none } };
  const type = { 'content-type': 'application/merge-patch+json' };
  const patched = await api.call('PATCH', `${folder}/resourcequotas/q/status`, status, type);
  assert.equal(patched.status, 200, patched.object.message ?? '');
  return folder;
}

/** Creates all at once, by turns on each server; how many were let in, and what the others heard. */
async function createAll(
  apis: readonly Api[],
  path: string,
  count: number,
  object: (i: number) => object,
): Promise<{ made: number; messages: Set<string>; codes: Set<number> }> {
  const answers = await Promise.all(
    Array.from({ length: count }, (_, i) => apis[i % apis.length]!.call('POST', path, object(i))),
  );
  const refused = answers.filter((a) => a.status !== 201);
  return {
    made: answers.length - refused.length,
    messages: new Set(refused.map((a) => a.object.message ?? '')),
    codes: new Set(refused.map((a) => a.status)),
  };
}

async function usedOf(api: Api, folder: string): Promise<QuotaStatus['used']> {
  const { object } = await api.call('GET', `${folder}/resourcequotas/q`);
  return (object as { status?: QuotaStatus }).status?.used;
}

async function countOf(api: Api, path: string): Promise<number> {
  return (await api.call('GET', path)).object.items?.length ?? 0;
}

async function tryWith(apis: readonly Api[], name: string): Promise<void> {
  const api = apis[0]!;
  const folder = await namespaceWithQuota(api, name);
  const maps = await createAll(apis, `${folder}/configmaps`, 80, (i) => ({
    metadata: { name: `c${i}` },
  }));
  // A server that keeps losing the race gives up and asks to come again: nothing is stored then.
  assert.ok(maps.made <= 12, `${maps.made} of 12`);
  assert.equal(await countOf(api, `${folder}/configmaps`), maps.made);
  assert.equal((await usedOf(api, folder))?.['count/configmaps'], String(maps.made));
  const pods = await createAll(apis, `${folder}/pods`, 40, (i) => ({
    metadata: { name: `p${i}` },
    spec: { containers: [{ name: 'c', image: 'i', resources: { requests: { cpu: '400m' } } }] },
  }));
  // Five times 400m are two CPUs, of which there are not more.
  assert.ok(pods.made <= 5, `${pods.made} of 5`);
  assert.equal(await countOf(api, `${folder}/pods`), pods.made);
  const used = await usedOf(api, folder);
  assert.equal(used?.['pods'], String(pods.made));
  assert.ok([...pods.codes].every((code) => code === 403 || code === 409 || code === 500));
  const told = [...maps.messages, ...pods.messages];
  assert.ok(
    told.some((m) => m.includes('exceeded quota: q')),
    told.join('\n'),
  );
  console.log(`  ${maps.made} of 12 config maps, ${pods.made} of 5 pods`);
}

await check('one server never overshoots a quota', async () => {
  await using server = await ApiProcess.start();
  await tryWith([server.api], 'one');
});

await check('two servers of one etcd never overshoot a quota together', async () => {
  await using etcd = await EtcdProcess.start();
  await using first = await ApiProcess.start({ etcd: etcd.server });
  await using second = await ApiProcess.start({ etcd: etcd.server });
  await tryWith([first.api, second.api], 'two');
});

finish();
