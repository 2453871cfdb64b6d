/**
 * HTTP as clients really speak it, well and badly:
 *
 *   node conformance/api/protocol.ts [--filter TEXT]
 */
import assert from 'node:assert/strict';
import { ApiProcess } from './api-process.ts';
import { RawConnection } from './raw-connection.ts';
import { check, finish } from './report.ts';

const folder = '/api/v1/namespaces/default/configmaps';
const limitBytes = 3 * 1024 * 1024;
const json = 'Content-Type: application/json';

await using server = await ApiProcess.start();

/** One check on a connection of its own, after which the server must still be well. */
async function on(name: string, body: (c: RawConnection) => Promise<void>): Promise<void> {
  await check(name, async () => {
    const connection = await RawConnection.open(server.port);
    try {
      await body(connection);
    } finally {
      connection.end();
    }
    if (!server.alive) {
      const { log } = server;
      await server.restart();
      assert.fail(`the server has ended: ${log.slice(-2000)}`);
    }
    assert.equal((await server.api.send('GET', '/readyz')).status, 200);
  });
}

/** The next answer, which must be this one; failures must be a Status. */
async function expect(c: RawConnection, status: number, reason?: string): Promise<string> {
  const answer = await c.answer();
  assert.equal(answer?.status, status, answer?.body ?? 'no answer');
  if (reason !== undefined) {
    const shown = JSON.parse(answer!.body) as { kind: string; reason: string; code: number };
    assert.deepEqual([shown.kind, shown.reason, shown.code], ['Status', reason, status]);
  }
  return answer!.body;
}

const object = (name: string, more: object = {}) => JSON.stringify({ metadata: { name }, ...more });
const sized = (text: string | Buffer) => `Content-Length: ${Buffer.byteLength(text)}`;
const chunked = 'Transfer-Encoding: chunked';
const chunks = (...parts: string[]) =>
  [...parts.map((p) => `${Buffer.byteLength(p).toString(16)}\r\n${p}\r\n`), '0\r\n\r\n'].join('');

await on('a body in chunks, however they are cut', async (c) => {
  const text = object('chunked', { data: { a: 'ä'.repeat(50) } });
  c.send(`POST ${folder}`, [json, chunked], chunks(...text.match(/[\s\S]{1,7}/g)!));
  await expect(c, 201);
  c.send(`DELETE ${folder}/chunked`);
  await expect(c, 200);
});

await on('Expect: 100-continue', async (c) => {
  const text = object('continue');
  c.send(`POST ${folder}?dryRun=All`, [json, sized(text), 'Expect: 100-continue']);
  await expect(c, 100);
  c.write(text);
  await expect(c, 201);
  c.send(`POST ${folder}`, [json, sized(text), 'Expect: the-unexpected']);
  await expect(c, 417);
});

await on('several requests at once on one connection are answered in order', async (c) => {
  const text = object('pipelined');
  c.send(`POST ${folder}?dryRun=All`, [json, sized(text)], text);
  c.send('GET /version');
  c.send(`GET ${folder}/nothing`);
  c.send(`DELETE ${folder}/nothing`);
  c.send('GET /readyz');
  await expect(c, 201);
  await expect(c, 200);
  await expect(c, 404, 'NotFound');
  await expect(c, 404, 'NotFound');
  assert.equal(await expect(c, 200), 'ok');
});

await on('a connection goes on after errors', async (c) => {
  for (const [body, status, reason] of [
    ['{', 400, 'BadRequest'],
    ['[]', 400, 'BadRequest'],
    [object('Not a name'), 422, 'Invalid'],
    [object('kube-root', { kind: 'Pod', apiVersion: 'v1' }), 400, 'BadRequest'],
  ] as const) {
    c.send(`POST ${folder}`, [json, sized(body)], body);
    await expect(c, status, reason);
  }
  c.send(`POST ${folder}`, ['Content-Type: text/plain', sized('x')], 'x');
  await expect(c, 415, 'UnsupportedMediaType');
  c.send('GET /version');
  await expect(c, 200);
});

await on('a body beyond 3 MiB, announced', async (c) => {
  c.send(`POST ${folder}`, [json, `Content-Length: ${limitBytes + 1}`], '{');
  await expect(c, 413, 'RequestEntityTooLarge');
});

await on('a body beyond 3 MiB, in chunks', async (c) => {
  c.send(`POST ${folder}`, [json, chunked]);
  const chunk = Buffer.from(chunks('x'.repeat(100_000)).slice(0, -5));
  for (let sent = 0; sent <= limitBytes + 200_000; sent += 100_000) c.write(chunk);
  await expect(c, 413, 'RequestEntityTooLarge');
  assert.ok(await c.closes(), 'the connection stays open amid a body');
});

await on('a body of just below 3 MiB is read', async (c) => {
  const text = object('big', { data: { a: 'x'.repeat(limitBytes - 60) } });
  assert.ok(text.length <= limitBytes);
  c.send(`POST ${folder}`, [json, sized(text)], text);
  // Too large for a config map, and for etcd.
  await expect(c, 422, 'Invalid');
});

await on('deep JSON, deep YAML and deep field paths', async (c) => {
  const deep = (open: string, close: string, levels: number) =>
    `{"metadata":{"name":"deep"},"data":${open.repeat(levels)}1${close.repeat(levels)}}`;
  for (const text of [
    deep('[', ']', 500_000),
    deep('{"a":', '}', 300_000),
    deep('[', ']', 9_000),
    deep('{"a":', '}', 9_000),
  ]) {
    for (const type of [json, 'Content-Type: application/yaml']) {
      c.send(`POST ${folder}`, [type, sized(text)], text);
      await expect(c, 400, 'BadRequest');
    }
    for (const type of ['json-patch+json', 'merge-patch+json', 'strategic-merge-patch+json']) {
      const header = `Content-Type: application/${type}`;
      c.send('PATCH /api/v1/namespaces/default', [header, sized(text)], text);
      const answer = await c.answer();
      assert.ok([400, 422].includes(answer?.status ?? 0), `${type}: ${answer?.body.slice(0, 300)}`);
    }
  }
});

await on('HEAD and OPTIONS', async (c) => {
  for (const method of ['HEAD', 'OPTIONS', 'TRACE', 'PROPFIND']) {
    for (const path of [folder, `${folder}/x`, `${folder}?watch=true`]) {
      const own = await RawConnection.open(server.port);
      own.send(`${method} ${path}`);
      own.write('');
      const answer = (await (method === 'HEAD' ? own.head() : own.answer()))?.status;
      own.end();
      assert.equal(answer, 405, `${method} ${path}`);
    }
  }
  const heads = { '/version': 405, '/api': 405, '/healthz': 200, '/openapi/v2': 200, '/': 200 };
  for (const [path, status] of Object.entries(heads)) {
    c.send(`HEAD ${path}`);
    assert.equal((await c.head())?.status, status, `HEAD ${path}`);
  }
});

await on('headers: large, too large, not printable', async (c) => {
  c.send('GET /version', [`X-Large: ${'x'.repeat(500_000)}`]);
  await expect(c, 200);
  c.send('GET /version', ['Audit-Id: ä\tö', `User-Agent: ${'ü'.repeat(300)}`]);
  await expect(c, 200);
  c.send('GET /version', [`X-Large: ${'x'.repeat(1_100_000)}`]);
  await expect(c, 431);
  assert.ok(await c.closes());
});

await on('what is no HTTP', async (c) => {
  c.write('\0\x01\x02 nonsense\r\n\r\n');
  await expect(c, 400);
  assert.ok(await c.closes());
});

await on('lengths that contradict each other', async (c) => {
  c.send(`POST ${folder}`, [json, 'Content-Length: 5', chunked], chunks('{}'));
  await expect(c, 400);
  assert.ok(await c.closes());
});

await on(
  'a request for an upgrade that nobody offers is answered as if it asked for none',
  async (c) => {
    c.send('GET /version', ['Connection: Upgrade', 'Upgrade: h2c']);
    await expect(c, 200);
    c.send(`GET ${folder}`, ['Connection: Upgrade', 'Upgrade: websocket']);
    assert.match(await expect(c, 200), /ConfigMapList/);
  },
);

await on('warnings: many, long, in any script', async (c) => {
  const odd = Object.fromEntries(
    ['日本語', 'emoji😀', 'quote"\\', 'tab\t', '\u0000', 'lone\ud800', 'ß'].map((k) => [k, 1]),
  );
  const many = Object.fromEntries(Array.from({ length: 5000 }, (_, i) => [`unknown-${i}`, 1]));
  for (const more of [odd, many, { ['x'.repeat(100_000)]: 1 }]) {
    const text = object('warned', more);
    c.send(`POST ${folder}?dryRun=All`, [json, sized(text)], text);
    const answer = await c.answer();
    assert.equal(answer?.status, 201, answer?.body.slice(0, 300) ?? 'no answer');
    const warning = answer?.headers.get('warning') ?? '';
    assert.match(warning, /^299 - "unknown field/);
    assert.ok(answer!.headers.size > 0 && warning.length < 10_000);
  }
});

await on('a connection that says nothing, or stops amid its headers', async (c) => {
  c.write('GET /version HTTP/1.1\r\nHost: x\r\nX-Sl');
  // The limit for headers is a minute: it is enough here that others are served meanwhile.
  assert.equal((await server.api.send('GET', '/version')).status, 200);
});

await server[Symbol.asyncDispose]();
finish();
