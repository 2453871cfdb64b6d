/**
 * Webhooks of admission under way: many requests at once, connections that break, configurations
 * that come and go, a server that starts again, two servers of one etcd.
 *
 *   node conformance/api/webhooks.ts
 */
import assert from 'node:assert/strict';
import {
  patchReply,
  startTestWebhook,
  type TestWebhook,
} from '../../apiserver/admission/webhook/test-webhook.ts';
import { EtcdProcess } from '../../apiserver/storage/etcd/etcd-process.ts';
import type { Api } from './api.ts';
import { ApiProcess } from './api-process.ts';
import { check, finish } from './report.ts';

const maps = '/api/v1/namespaces/default/configmaps';
const configurations = (kind: string) =>
  `/apis/admissionregistration.k8s.io/v1/${kind}webhookconfigurations`;

function configuration(webhook: TestWebhook, paths: readonly string[], more: object = {}): object {
  return {
    metadata: { name: 'c' },
    webhooks: paths.map((path, i) => ({
      name: `h${i}.example.com`,
      admissionReviewVersions: ['v1'],
      sideEffects: 'None',
      clientConfig: { url: `${webhook.url}${path}`, caBundle: webhook.caBundle },
      rules: [
        { apiGroups: [''], apiVersions: ['v1'], operations: ['*'], resources: ['configmaps'] },
      ],
      ...more,
    })),
  };
}

const configMap = (name: string) => ({ metadata: { name }, data: { a: '1' } });

async function made(api: Api, path: string, object: object): Promise<void> {
  const { status, object: answer } = await api.call('POST', path, object);
  assert.equal(status, 201, answer.message ?? '');
}

async function removed(api: Api, path: string): Promise<void> {
  assert.equal((await api.call('DELETE', path)).status, 200);
}

/** Each write is refused from when the configuration is there until it is gone. */
async function comesAndGoes(api: Api, webhook: TestWebhook): Promise<void> {
  webhook.reply('/no', () => ({ allowed: false, status: { message: 'no' } }));
  for (let i = 0; i < 50; i++) {
    await made(api, configurations('validating'), configuration(webhook, ['/no']));
    const refused = await api.call('POST', `${maps}?dryRun=All`, configMap('a'));
    assert.equal(refused.status, 400, `round ${i}`);
    await removed(api, `${configurations('validating')}/c`);
    const taken = await api.call('POST', `${maps}?dryRun=All`, configMap('a'));
    assert.equal(taken.status, 201, `round ${i}`);
  }
}

/** Many at once are all patched, over few connections; broken ones are replaced. */
async function manyAtOnce(api: Api, webhook: TestWebhook): Promise<void> {
  webhook.reply('/name', ({ name = '' }) =>
    patchReply({ op: 'add', path: '/data/name', value: name }),
  );
  await made(api, configurations('mutating'), configuration(webhook, ['/name']));
  await made(api, configurations('validating'), configuration(webhook, ['/yes']));
  const before = webhook.connections;
  for (let round = 0; round < 3; round++) {
    webhook.closeIdle();
    const names = Array.from({ length: 100 }, (_, i) => `m-${round}-${i}`);
    await Promise.all(
      names.map(async (name) => {
        const { status, object } = await api.call('POST', maps, configMap(name));
        assert.equal(status, 201, object.message ?? '');
        assert.equal(object.data?.['name'], name);
      }),
    );
    // One after the other, one connection does.
    const sofar = webhook.connections;
    for (let i = 0; i < 20; i++) {
      await made(api, `${maps}?dryRun=All`, configMap(`one-${round}-${i}`));
    }
    assert.ok(webhook.connections - sofar <= 2, `${webhook.connections - sofar} connections`);
  }
  console.log(`   ${webhook.calls.length} calls over ${webhook.connections - before} connections`);
  await removed(api, `${configurations('mutating')}/c`);
  await removed(api, `${configurations('validating')}/c`);
  await removed(api, maps);
}

/** Of a client that leaves, nothing is left: whatever the failure policy is. */
async function leaves(api: Api, webhook: TestWebhook): Promise<void> {
  for (const kind of ['mutating', 'validating']) {
    for (const failurePolicy of ['Fail', 'Ignore']) {
      const { promise, resolve } = Promise.withResolvers<{ allowed: boolean }>();
      const arrived = Promise.withResolvers<void>();
      webhook.reply('/slow', () => {
        arrived.resolve();
        return promise;
      });
      const hooks = configuration(webhook, ['/slow'], { failurePolicy });
      await made(api, configurations(kind), hooks);
      const left = api.send('POST', maps, { body: configMap('left'), timeoutMs: 300 });
      await arrived.promise;
      await assert.rejects(left);
      await removed(api, `${configurations(kind)}/c`);
      resolve({ allowed: true });
      assert.equal((await api.call('GET', `${maps}/left`)).status, 404, `${kind} ${failurePolicy}`);
    }
  }
}

async function run(name: string, servers: readonly ApiProcess[]): Promise<void> {
  await using webhook = await startTestWebhook();
  const { api } = servers[0]!;
  await check(`${name}: a webhook acts as soon as its configuration is answered`, () =>
    comesAndGoes(api, webhook),
  );
  await check(`${name}: many requests at once`, () => manyAtOnce(api, webhook));
  await check(`${name}: a client that leaves`, () => leaves(api, webhook));
  await check(`${name}: configurations stay when a server starts again`, async () => {
    webhook.reply('/no', () => ({ allowed: false, status: { message: 'no' } }));
    await made(api, configurations('validating'), configuration(webhook, ['/no']));
    await servers[0]!.signal('SIGTERM');
    await servers[0]!.restart();
    for (const server of servers) {
      const { status, object } = await server.api.call('POST', maps, configMap('a'));
      assert.equal(status, 400, object.message ?? '');
      assert.match(object.message ?? '', /denied the request: no$/);
    }
    await removed(api, `${configurations('validating')}/c`);
  });
}

{
  await using server = await ApiProcess.start();
  await run('embedded', [server]);
}
{
  await using etcd = await EtcdProcess.start();
  await using first = await ApiProcess.start({ etcd: etcd.server });
  await using second = await ApiProcess.start({ etcd: etcd.server });
  await run('etcd', [first, second]);
}
finish();
