import assert from 'node:assert/strict';
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import { hasReason, notFound, tooManyRequests } from '../machinery/meta/status-error.ts';
import { pods } from './resources.ts';
import { createClient, type RestClient } from './rest-client.ts';

interface Seen {
  method: string;
  url: string;
  headers: http.IncomingHttpHeaders;
  body: string;
}

type Answer = (req: http.IncomingMessage, res: http.ServerResponse) => void;

const instantClock = {
  now: () => 0,
  after(_: number, callback: () => void) {
    queueMicrotask(callback);
    return () => {};
  },
};

describe('rest client', () => {
  let server: http.Server;
  let client: RestClient;
  let seen: Seen[];
  let answers: Answer[];

  beforeEach(async () => {
    seen = [];
    answers = [];
    server = http.createServer((req, res) => {
      let body = '';
      req.on('data', (d) => (body += d));
      req.on('end', () => {
        seen.push({ method: req.method!, url: req.url!, headers: req.headers, body });
        answers.shift()!(req, res);
      });
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as AddressInfo;
    client = createClient(
      { server: `http://127.0.0.1:${port}`, token: 'T' },
      {
        component: 'test',
        clock: instantClock,
      },
    );
  });

  afterEach(() => {
    client.close();
    server.closeAllConnections();
    server.close();
  });

  const json =
    (value: unknown, code = 200, headers: Record<string, string> = {}): Answer =>
    (_, res) => {
      res.writeHead(code, { 'content-type': 'application/json', ...headers });
      res.end(JSON.stringify(value));
    };

  it('addresses objects, names itself and sends the token', async () => {
    answers.push(json({ kind: 'Pod', metadata: { name: 'x' } }), json({}));
    const pod = await client.get(pods, { namespace: 'a', name: 'x' });
    assert.equal(pod.metadata?.name, 'x');
    await client.patch(
      pods,
      { namespace: 'a', name: 'x' },
      { a: 1 },
      {
        type: 'strategic',
        subresource: 'status',
        fieldManager: 'm',
      },
    );
    assert.equal(seen[0]?.url, '/api/v1/namespaces/a/pods/x');
    assert.equal(seen[0]?.headers['user-agent'], 'k8ts-test');
    assert.equal(seen[0]?.headers.authorization, 'Bearer T');
    assert.equal(seen[1]?.url, '/api/v1/namespaces/a/pods/x/status?fieldManager=m');
    assert.equal(seen[1]?.headers['content-type'], 'application/strategic-merge-patch+json');
    assert.equal(seen[1]?.body, '{"a":1}');
  });

  it('follows pages and names the kinds of items', async () => {
    answers.push(
      json({
        metadata: { continue: 'c', resourceVersion: '5' },
        items: [{ metadata: { name: 'x' } }],
      }),
      json({ metadata: {}, items: [{ metadata: { name: 'y' } }] }),
    );
    const list = await client.list(pods, { labelSelector: 'a=b', resourceVersion: '0' });
    assert.deepEqual(list.items, [
      { apiVersion: 'v1', kind: 'Pod', metadata: { name: 'x' } },
      { apiVersion: 'v1', kind: 'Pod', metadata: { name: 'y' } },
    ]);
    assert.equal(list.metadata?.resourceVersion, '5');
    assert.equal(seen[0]?.url, '/api/v1/pods?labelSelector=a%3Db&resourceVersion=0');
    assert.equal(seen[1]?.url, '/api/v1/pods?labelSelector=a%3Db&continue=c');
  });

  it('throws the status of an answer', async () => {
    answers.push(json(notFound({ group: '', resource: 'pods' }, 'x').toStatus(), 404), (_, res) =>
      res.writeHead(503).end('gone away'),
    );
    const get = () => client.get(pods, { namespace: 'a', name: 'x' });
    await assert.rejects(get(), (e) => hasReason(e, 'NotFound') && /"x" not found/.test(e.message));
    await assert.rejects(get(), (e) => hasReason(e, 'ServiceUnavailable'));
  });

  it('acts as somebody else with a token of theirs, with a new one after 401', async () => {
    const given = ['A', 'B'];
    let refused = 0;
    const other = client.actingAs({
      token: async () => given[0]!,
      refused: () => {
        refused++;
        given.shift();
      },
    });
    answers.push(json({}, 401), json({ metadata: { name: 'x' } }), json({}));
    await other.get(pods, { namespace: 'a', name: 'x' });
    await client.get(pods, { namespace: 'a', name: 'x' });
    assert.deepEqual(
      seen.map((s) => s.headers.authorization),
      ['Bearer A', 'Bearer B', 'Bearer T'],
    );
    assert.equal(refused, 1);
  });

  it('tries again after 429 and after a reset of a read', async () => {
    answers.push(
      json(tooManyRequests('wait', 1).toStatus(), 429, { 'retry-after': '1' }),
      (req) => req.socket.destroy(),
      json({ metadata: { name: 'x' } }),
      (req) => req.socket.destroy(),
    );
    assert.equal((await client.get(pods, { namespace: 'a', name: 'x' })).metadata?.name, 'x');
    await assert.rejects(client.create(pods, { metadata: { namespace: 'a', name: 'x' } }));
    assert.equal(seen.length, 4);
  });

  it('decodes a watch across chunks, ends with the server, throws on ERROR', async () => {
    const event = JSON.stringify({ type: 'ADDED', object: { metadata: { name: 'ä' } } });
    const bytes = Buffer.from(`${event}\n${event}\n`);
    answers.push((_, res) => {
      res.writeHead(200);
      const cut = bytes.indexOf(0xc3) + 1;
      res.write(bytes.subarray(0, cut));
      setImmediate(() => {
        res.write(bytes.subarray(cut));
        setImmediate(() => res.end());
      });
    });
    const names: unknown[] = [];
    for await (const e of client.watch(pods, { sendInitialEvents: true })) {
      names.push(e.object.metadata?.name);
    }
    assert.deepEqual(names, ['ä', 'ä']);
    assert.match(seen[0]!.url, /sendInitialEvents=true&resourceVersionMatch=NotOlderThan/);

    const gone = {
      type: 'ERROR',
      object: { kind: 'Status', status: 'Failure', reason: 'Expired', code: 410 },
    };
    answers.push((_, res) => res.end(`${JSON.stringify(gone)}\n`));
    await assert.rejects(
      async () => {
        for await (const _ of client.watch(pods, {}));
      },
      (e) => hasReason(e, 'Expired'),
    );
  });

  it('ends a watch when the signal aborts and leaves no listener', async () => {
    const abort = new AbortController();
    let listeners = 0;
    const { addEventListener, removeEventListener } = abort.signal;
    abort.signal.addEventListener = ((...args: Parameters<typeof addEventListener>) => {
      listeners++;
      addEventListener.apply(abort.signal, args);
    }) as typeof addEventListener;
    abort.signal.removeEventListener = ((...args: Parameters<typeof removeEventListener>) => {
      listeners--;
      removeEventListener.apply(abort.signal, args);
    }) as typeof removeEventListener;
    answers.push((_, res) => {
      res.writeHead(200);
      res.write('{"type":"ADDED","object":{}}\n');
    });
    for await (const _ of client.watch(pods, { signal: abort.signal })) abort.abort();
    await new Promise((resolve) => setImmediate(resolve));
    assert.equal(listeners, 0);
  });
});
