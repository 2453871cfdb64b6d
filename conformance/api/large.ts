/**
 * Requests that are small to send and could be much work: none may hold up the server for long.
 *
 *   node conformance/api/large.ts [--filter TEXT]
 */
import assert from 'node:assert/strict';
import { ApiProcess } from './api-process.ts';
import { check, finish } from './report.ts';

const namespace = '/api/v1/namespaces/default';
const mib = 1024 * 1024;
/** Of the server's processor time for one request: how busy the machine is does not count. */
const limitMs = 10_000;

await using server = await ApiProcess.start({ inspect: true });
const { api, inspector } = server;
await api.call('POST', `${namespace}/serviceaccounts`, { metadata: { name: 'default' } });
await api.call('POST', `${namespace}/configmaps`, {
  metadata: { name: 'a', annotations: { a: 'b' } },
});
await api.call('POST', `${namespace}/pods`, {
  metadata: { name: 'a' },
  spec: { containers: [{ name: 'c', image: 'i' }] },
});

const many = <T>(count: number, make: (i: number) => T): T[] =>
  Array.from({ length: count }, (_, i) => make(i));
const record = (count: number, value: unknown) =>
  Object.fromEntries(many(count, (i) => [`k${i}`, value]));
const pod = (more: object) => ({
  metadata: { name: 'large' },
  spec: { containers: [{ name: 'c', image: 'i' }], ...more },
});
const container = (more: object) => pod({ containers: [{ name: 'c', image: 'i', ...more }] });

interface Sent {
  readonly method?: string;
  readonly path: string;
  readonly type?: string;
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
}

/** Sends a request; it must be answered with a 2xx or 4xx, in time. */
async function quick(name: string, sent: Sent): Promise<void> {
  await check(name, async () => {
    const { method = 'POST', path, type = 'application/json', body, headers = {} } = sent;
    const text = body === undefined || typeof body === 'string' ? body : JSON.stringify(body);
    assert.ok((text?.length ?? 0) <= 3 * mib, 'the test itself is too large');
    const before = server.cpuMs;
    const answer = await api
      .send(method, path, {
        headers: { 'content-type': type, ...headers },
        timeoutMs: 60_000,
        ...(text === undefined ? {} : { body: text }),
      })
      .catch((error: unknown) => assert.fail(`${error} ${server.log.slice(-2000)}`));
    const ms = server.cpuMs - before;
    const said = answer.body.toString('utf8', 0, 500);
    assert.ok(answer.status < 500, `${answer.status} ${said}`);
    assert.ok(ms < limitMs, `${Math.round(ms)} ms for ${answer.status} ${said}`);
  });
}

const dry = 'dryRun=All';
const configMaps = `${namespace}/configmaps`;
const pods = `${namespace}/pods`;

const unknown = { metadata: { name: 'large' }, ...record(150_000, 1) };
await quick('unknown fields', { path: `${configMaps}?${dry}`, body: unknown });
await quick('unknown fields, strictly', {
  path: `${configMaps}?${dry}&fieldValidation=Strict`,
  body: unknown,
});
const repeated = `{"metadata":{"name":"large"},"data":{${many(150_000, () => '"a":"b"').join()}}}`;
await quick('repeated fields', { path: `${configMaps}?${dry}`, body: repeated });
await quick('repeated fields in YAML', {
  path: `${configMaps}?${dry}`,
  type: 'application/yaml',
  body: `metadata: {name: large}\ndata:\n${many(60_000, () => '  a: b\n').join('')}`,
});
for (const [name, metadata] of Object.entries({
  labels: { labels: record(100_000, 'v') },
  annotations: { annotations: record(100_000, 'v') },
  finalizers: { finalizers: many(60_000, (i) => `example.com/f${i}`) },
  ownerReferences: {
    ownerReferences: many(20_000, (i) => ({
      apiVersion: 'v1',
      kind: 'Pod',
      name: `n${i}`,
      uid: `${i}`,
    })),
  },
  managedFields: {
    managedFields: many(10_000, (i) => ({
      manager: `m${i}`,
      operation: 'Update',
      apiVersion: 'v1',
      fieldsType: 'FieldsV1',
      fieldsV1: { 'f:data': { [`f:k${i}`]: {} } },
    })),
  },
})) {
  const body = { metadata: { name: 'large', ...metadata } };
  await quick(`metadata: ${name}`, { path: `${configMaps}?${dry}`, body });
}
await quick('data', {
  path: `${configMaps}?${dry}`,
  body: { metadata: { name: 'large' }, data: record(60_000, 'v') },
});
for (const [name, body] of Object.entries({
  containers: pod({ containers: many(20_000, (i) => ({ name: `c${i}`, image: 'i' })) }),
  'equal containers': pod({ containers: many(20_000, () => ({ name: 'c', image: 'i' })) }),
  volumes: pod({ volumes: many(20_000, (i) => ({ name: `v${i}`, emptyDir: {} })) }),
  tolerations: pod({ tolerations: many(20_000, (i) => ({ key: `k${i}`, operator: 'Exists' })) }),
  env: container({ env: many(40_000, (i) => ({ name: `E${i}`, value: '$(E0)' })) }),
  ports: container({ ports: many(20_000, (i) => ({ containerPort: (i % 60_000) + 1 })) }),
  volumeMounts: container({
    volumeMounts: many(20_000, (i) => ({ name: 'v', mountPath: `/m${i}` })),
  }),
  'node selector terms': pod({
    affinity: {
      nodeAffinity: {
        requiredDuringSchedulingIgnoredDuringExecution: {
          nodeSelectorTerms: many(10_000, (i) => ({
            matchExpressions: [{ key: `k${i}`, operator: 'In', values: ['a'] }],
          })),
        },
      },
    },
  }),
  'topology spread': pod({
    topologySpreadConstraints: many(3000, (i) => ({
      maxSkew: 1,
      topologyKey: `k${i}`,
      whenUnsatisfiable: 'DoNotSchedule',
      labelSelector: { matchLabels: { a: 'b' } },
    })),
  }),
})) {
  await quick(`pod: ${name}`, { path: `${pods}?${dry}`, body });
}
await quick('service ports', {
  path: `${namespace}/services?${dry}`,
  body: {
    metadata: { name: 'large' },
    spec: { ports: many(20_000, (i) => ({ name: `p${i}`, port: (i % 65_000) + 1 })) },
  },
});

// Texts on which a pattern could go astray.
const long = 'a'.repeat(100_000);
for (const text of [
  `${long}!`,
  `${'a-'.repeat(50_000)}`,
  `${'a.'.repeat(50_000)}!`,
  `${'1'.repeat(100_000)}x`,
]) {
  const shown = `${text.slice(0, 4)}…${text.at(-1)}`;
  const body = {
    metadata: {
      name: text,
      generateName: text,
      labels: { [text]: text },
      annotations: { [text]: '' },
    },
    spec: {
      containers: [
        {
          name: text,
          image: text,
          env: [{ name: text, valueFrom: { fieldRef: { fieldPath: text } } }],
          resources: { limits: { cpu: text, [text]: '1' } },
          ports: [{ containerPort: 1, name: text, hostIP: text }],
          volumeMounts: [{ name: text, mountPath: text, subPathExpr: text }],
        },
      ],
      hostAliases: [{ ip: text, hostnames: [text] }],
      nodeSelector: { [text]: text },
      priorityClassName: text,
      schedulerName: text,
    },
  };
  await quick(`long texts: ${shown}`, { path: `${pods}?${dry}`, body });
  await quick(`a long quantity: ${shown}`, {
    path: `${pods}?${dry}`,
    body: container({ resources: { limits: { cpu: text } } }),
  });
  await quick(`a long time: ${shown}`, {
    path: `${pods}?${dry}`,
    body: { metadata: { name: 'a', creationTimestamp: text, deletionTimestamp: text } },
  });
  await quick(`a long schedule: ${shown}`, {
    path: `/apis/batch/v1/namespaces/default/cronjobs?${dry}`,
    body: { metadata: { name: 'a' }, spec: { schedule: text, timeZone: text, jobTemplate: {} } },
  });
  await quick(`long addresses and hosts: ${shown}`, {
    path: `/apis/networking.k8s.io/v1/namespaces/default/ingresses?${dry}`,
    body: { metadata: { name: 'a' }, spec: { rules: [{ host: text }], tls: [{ hosts: [text] }] } },
  });
  const selector = encodeURIComponent(text);
  await quick(`a long selector: ${shown}`, {
    method: 'GET',
    path: `${pods}?labelSelector=${selector}&fieldSelector=${selector}`,
  });
  await quick(`a long user: ${shown}`, {
    method: 'GET',
    path: pods,
    headers: { 'impersonate-user': `system:serviceaccount:${text}`, 'user-agent': text },
  });
}
await quick('many requirements', {
  method: 'GET',
  path: `${pods}?labelSelector=${many(60_000, (i) => `k${i}`).join()}`,
});
await quick('many values', {
  method: 'GET',
  path: `${pods}?labelSelector=a+in+(${many(60_000, (i) => `v${i}`).join()})`,
});

const jsonPatch = 'application/json-patch+json';
const path = `${configMaps}/a?${dry}`;
const patch = (name: string, type: string, body: unknown, at = path) =>
  quick(name, { method: 'PATCH', path: at, type, body });
await patch(
  'a JSON patch of many operations',
  jsonPatch,
  many(40_000, (i) => ({ op: 'add', path: '/data', value: { [`k${i}`]: '' } })),
);
await patch('a JSON patch that copies and copies', jsonPatch, [
  { op: 'add', path: '/data', value: { a: 'x'.repeat(1000) } },
  ...many(60, (i) => ({ op: 'copy', from: '/data', path: `/data/k${i}` })),
]);
await patch('a JSON patch that moves in a list', jsonPatch, [
  { op: 'add', path: '/metadata/finalizers', value: many(20_000, (i) => `example.com/${i}`) },
  ...many(9000, () => ({ op: 'remove', path: '/metadata/finalizers/0' })),
]);
const mergePatch = 'application/merge-patch+json';
await patch('a merge patch of many keys', mergePatch, { data: record(100_000, 'v') });
const strategic = 'application/strategic-merge-patch+json';
const podPath = `${pods}/a?${dry}`;
const containers = many(8000, (i) => ({ name: `c${i}`, image: 'i' }));
await patch('a strategic merge patch of long lists', strategic, { spec: { containers } }, podPath);
await patch(
  'a strategic merge patch that gives an order',
  strategic,
  { spec: { '$setElementOrder/containers': containers.map(({ name }) => ({ name })), containers } },
  podPath,
);
const apply = 'application/apply-patch+yaml';
await patch(
  'an apply of long lists',
  apply,
  { apiVersion: 'v1', kind: 'Pod', metadata: { name: 'a' }, spec: { containers } },
  `${podPath}&fieldManager=m&force=true`,
);
await patch(
  'an apply of many keys',
  apply,
  { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'a' }, data: record(60_000, 'v') },
  `${path}&fieldManager=m`,
);

await check('memory comes back', async () => {
  const bytes = await inspector.memory();
  console.log(`  ${Math.round(bytes / mib)} MiB`);
  assert.ok(bytes < 150 * mib, `${bytes} bytes`);
});

await server[Symbol.asyncDispose]();
finish();
