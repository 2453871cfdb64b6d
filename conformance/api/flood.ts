/**
 * One client floods a running server; the others are served all the same.
 *
 *   node conformance/api/flood.ts
 *
 * What is compared are times of clients of the same run: no figure depends on the machine.
 */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { Api } from './api.ts';
import { ApiProcess } from './api-process.ts';
import { check, finish } from './report.ts';

const floodMs = 9000;
const connections = 96;
const objects = 1000;
const leases = '/apis/coordination.k8s.io/v1/namespaces/kube-system/leases';

interface Flooded {
  readonly codes: Readonly<Record<string, number>>;
  readonly medianMs: number;
}

/** Floods while `during` runs; it begins when the flood has. */
async function flood(port: number, path: string, during: () => Promise<void>): Promise<Flooded> {
  const child = spawn(
    process.execPath,
    [
      fileURLToPath(new URL('flood-client.ts', import.meta.url)),
      `--port=${port}`,
      '--token=flood',
      `--path=${path}`,
      `--connections=${connections}`,
      `--ms=${floodMs}`,
    ],
    { stdio: ['ignore', 'pipe', 'inherit'] },
  );
  let last = '';
  let meanwhile: Promise<void> | undefined;
  for await (const line of createInterface({ input: child.stdout })) {
    last = line;
    if (line !== 'begun') continue;
    meanwhile = during();
    // It is waited for below, when the flood is over.
    meanwhile.catch(() => {});
  }
  await meanwhile;
  assert.ok(meanwhile !== undefined, 'the flood did not begin');
  return JSON.parse(last) as Flooded;
}

/** Asks again and again for some time; the median of the answers' times. */
async function median(api: Api, method: string, path: string, body?: unknown): Promise<number> {
  const times: number[] = [];
  const untilMs = performance.now() + 4000;
  while (performance.now() < untilMs) {
    const startedMs = performance.now();
    const { status } = await api.send(method, path, { body });
    assert.ok(status < 300, `${method} ${path}: ${status}`);
    times.push(performance.now() - startedMs);
  }
  times.sort((a, b) => a - b);
  return times[times.length >> 1]!;
}

/** The first condition of an object, which may come a little later. */
async function conditionOf(api: Api, path: string): Promise<string | undefined> {
  for (const untilMs = performance.now() + 10_000; performance.now() < untilMs; ) {
    const { object } = await api.call('GET', path);
    const { conditions = [] } =
      (object as { status?: { conditions?: { type: string }[] } }).status ?? {};
    if (conditions.length > 0) return conditions[0]?.type;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  return undefined;
}

const tokens = [
  'flood,flooder,2,"devs"',
  'quiet,quiet,3,"devs"',
  'leader,system:kube-scheduler,4,""',
];
await using server = await ApiProcess.start({ tokens });
const { api, port } = server;
const quiet = new Api({ port, token: 'quiet' });
const leader = new Api({ port, token: 'leader' });

await check('what the flood asks for is there', async () => {
  for (const name of ['flooder', 'quiet']) {
    const roleRef = {
      apiGroup: 'rbac.authorization.k8s.io',
      kind: 'ClusterRole',
      name: 'cluster-admin',
    };
    const subjects = [{ apiGroup: 'rbac.authorization.k8s.io', kind: 'User', name }];
    const path = '/apis/rbac.authorization.k8s.io/v1/clusterrolebindings';
    await api.call('POST', path, { metadata: { name }, roleRef, subjects });
  }
  const data = { a: 'x'.repeat(1000) };
  for (let from = 0; from < objects; from += 50) {
    const made = Array.from({ length: 50 }, (_, i) =>
      api.call('POST', '/api/v1/namespaces/default/configmaps', {
        metadata: { name: `c${from + i}` },
        data,
      }),
    );
    for (const { status } of await Promise.all(made)) assert.equal(status, 201);
  }
  const metadata = { name: 'kube-scheduler' };
  const { status } = await leader.call('POST', leases, { metadata });
  assert.equal(status, 201);
  await quiet.call('GET', '/api/v1/namespaces/default/configmaps/c1');
});

/** Whoever is answered so soon waits for nobody; a flood that is, too, is none to wait for. */
const promptMs = 50;

for (const [what, path] of [
  ['lists', '/api/v1/namespaces/default/configmaps'],
  ['small reads', '/api/v1/namespaces/default/configmaps/c1'],
] as const) {
  await check(`a flood of ${what} does not keep the others waiting`, async () => {
    const times: Record<string, number> = {};
    const { codes, medianMs } = await flood(port, path, async () => {
      const lease = `${leases}/kube-scheduler`;
      [times['leader election'], times['administrator'], times['probe'], times['other user']] =
        await Promise.all([
          median(leader, 'GET', lease),
          median(api, 'GET', '/api/v1/namespaces/default/configmaps/c2'),
          median(quiet, 'GET', '/readyz'),
          median(quiet, 'GET', '/api/v1/namespaces/default/configmaps/c3'),
        ]);
    });
    const shown = Object.entries(times).map(([name, ms]) => `${name} ${ms.toFixed(1)}`);
    console.log(`  flood ${medianMs.toFixed(1)} ms ${JSON.stringify(codes)}, ${shown.join(', ')}`);
    for (const [name, ms] of Object.entries(times)) {
      const limitMs = Math.max(promptMs, medianMs / 2);
      assert.ok(ms < limitMs, `${name}: ${ms} ms, the flood ${medianMs} ms`);
    }
    assert.deepEqual(
      Object.keys(codes).filter((code) => code !== '200' && code !== '429'),
      [],
    );
  });
}

await check('a flood beyond seats and queues is sent away with 429', async () => {
  const small = await ApiProcess.start({
    tokens,
    flags: ['--max-requests-inflight=2', '--max-mutating-requests-inflight=1'],
  });
  await using _ = small;
  const group = 'flowcontrol.apiserver.k8s.io';
  const limited = {
    nominalConcurrencyShares: 1,
    borrowingLimitPercent: 0,
    limitResponse: { type: 'Queue', queuing: { queues: 1, handSize: 1, queueLengthLimit: 2 } },
  };
  const level = { metadata: { name: 'narrow' }, spec: { type: 'Limited', limited } };
  await small.api.call('POST', `/apis/${group}/v1/prioritylevelconfigurations`, level);
  const rules = [
    {
      subjects: [{ kind: 'User', user: { name: 'flooder' } }],
      nonResourceRules: [{ verbs: ['*'], nonResourceURLs: ['/openapi/*'] }],
    },
  ];
  const spec = {
    priorityLevelConfiguration: { name: 'narrow' },
    matchingPrecedence: 3,
    distinguisherMethod: { type: 'ByUser' },
    rules,
  };
  const schemas = `/apis/${group}/v1/flowschemas`;
  await small.api.call('POST', schemas, { metadata: { name: 'narrow' }, spec });
  const flooder = new Api({ port: small.port, token: 'flood' });
  const answers = await Promise.all(
    Array.from({ length: 20 }, () => flooder.send('GET', '/openapi/v2')),
  );
  const rejected = answers.filter((a) => a.status === 429);
  assert.ok(rejected.length > 0, 'nobody was sent away');
  assert.ok(answers.some((a) => a.status === 200));
  for (const { headers, body } of rejected) {
    assert.equal(body.toString(), 'Too many requests, please try again later.\n');
    assert.match(headers['retry-after'] ?? '', /^\d+$/);
    assert.match(String(headers['x-kubernetes-pf-flowschema-uid']), /^[0-9a-f-]{36}$/);
    assert.match(String(headers['x-kubernetes-pf-prioritylevel-uid']), /^[0-9a-f-]{36}$/);
  }
  assert.equal(await conditionOf(small.api, `${schemas}/narrow`), 'Dangling');
  flooder.close();
});

quiet.close();
leader.close();
await server[Symbol.asyncDispose]();
finish();
