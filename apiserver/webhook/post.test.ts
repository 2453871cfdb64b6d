import assert from 'node:assert/strict';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { createServer as createHttpServer } from 'node:http';
import { createServer, type Server } from 'node:https';
import { type AddressInfo, createServer as createTcpServer, type Socket } from 'node:net';
import { text } from 'node:stream/consumers';
import type { TLSSocket } from 'node:tls';
import { gzipSync } from 'node:zlib';
import { createAuthority, issue, type KeyAndCertificate } from '../pki/pki.ts';
import { type Endpoint, post } from './post.ts';
import { TlsAgent, type TlsAgentOptions } from './tls-agent.ts';

type Handler = (request: IncomingMessage, response: ServerResponse, body: string) => void;

const never = new AbortController().signal;

describe('posting to a webhook', () => {
  let authority: KeyAndCertificate;
  let server: Server;
  let client: KeyAndCertificate;
  let handle: Handler;
  let connections = 0;
  before(async () => {
    authority = await createAuthority('a');
    client = await issue(authority, { commonName: 'me', usages: ['client'] });
    const own = await issue(authority, { commonName: 's', names: ['s.svc'], usages: ['server'] });
    const options = { cert: own.certificate, key: own.key, ca: authority.certificate };
    server = createServer(
      { ...options, requestCert: true, rejectUnauthorized: false },
      async (request, response) => handle(request, response, await text(request)),
    );
    server.on('secureConnection', () => {
      connections++;
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  });
  after(() => {
    server.closeAllConnections();
    server.close();
  });
  beforeEach(() => {
    connections = 0;
  });

  const portOf = (s: { address(): unknown }) => (s.address() as AddressInfo).port;
  function endpoint(more: Partial<TlsAgentOptions> = {}, to = portOf(server)): Endpoint {
    const agent = new TlsAgent({
      ca: authority.certificate,
      serverName: 's.svc',
      address: () => ({ host: '127.0.0.1', port: to }),
      ...more,
    });
    return { url: 'https://s.svc', agent, userAgent: 'tester' };
  }
  const send = (to: Endpoint, path = '/', signal = never) =>
    post(to, `https://s.svc${path}`, '{"a":1}', signal);
  const problem = async (sent: Promise<unknown>) => {
    try {
      await sent;
      return undefined;
    } catch (e) {
      return (e as Error).message;
    }
  };

  it('sends what a client of Go sends, with its credentials', async () => {
    let seen: unknown[] = [];
    handle = ({ method, url, headers, socket }, response, body) => {
      const { subject } = (socket as TLSSocket).getPeerCertificate();
      const { authorization, host, accept } = headers;
      seen = [method, url, headers['user-agent'], authorization, host, accept, body, subject.CN];
      response.end('ok');
    };
    const to = {
      ...endpoint({ cert: client.certificate, key: client.key }),
      authorization: () => 'Bearer t',
    };
    const { code, body } = await send(to, '/p?timeout=1s');
    assert.deepEqual([code, body.toString()], [200, 'ok']);
    assert.deepEqual(seen, [
      'POST',
      '/p?timeout=1s',
      'tester',
      'Bearer t',
      's.svc',
      'application/json, */*',
      '{"a":1}',
      'me',
    ]);
  });

  it('uses connections again, and replaces those that were closed', async () => {
    handle = (_request, response) => response.end('ok');
    const to = endpoint();
    for (let i = 0; i < 3; i++) await send(to);
    assert.equal(connections, 1);
    server.closeAllConnections();
    await send(to);
    assert.equal(connections, 2);
  });

  it('unpacks answers', async () => {
    handle = (_request, response) => {
      response.writeHead(200, { 'Content-Encoding': 'gzip' }).end(gzipSync('packed'));
    };
    assert.equal((await send(endpoint())).body.toString(), 'packed');
  });

  it('follows redirections, with the body where that is meant', async () => {
    for (const [code, expected] of [
      [307, 'POST {"a":1}'],
      [302, 'GET '],
    ] as const) {
      handle = ({ url, method }, response, body) => {
        if (url === '/to') response.end(`${method} ${body}`);
        else response.writeHead(code, { Location: '/to' }).end();
      };
      assert.equal((await send(endpoint())).body.toString(), expected);
    }
    handle = (_request, response) => response.writeHead(307, { Location: '/' }).end();
    assert.equal(
      await problem(send(endpoint())),
      'Post "https://s.svc/": stopped after 10 redirects',
    );
  });

  it('comes again when it is asked to, as long as it may', async () => {
    let count = 0;
    handle = (_request, response) => {
      if (count++ === 0) response.writeHead(429, { 'Retry-After': '0' }).end();
      else response.end('ok');
    };
    assert.equal((await send(endpoint())).code, 200);
    handle = (_request, response) => response.writeHead(503, { 'Retry-After': '60' }).end();
    const abort = new AbortController();
    const sent = problem(send(endpoint(), '/', abort.signal));
    setImmediate(() => abort.abort(new Error('enough')));
    assert.equal(await sent, 'Post "https://s.svc/": enough');
  });

  it('tells when an answer breaks off', async () => {
    handle = (_request, response) => {
      response.writeHead(200, { 'Content-Length': '100' });
      response.write('{', () => response.destroy());
    };
    assert.equal(
      await problem(send(endpoint())),
      'unexpected error when reading response body. Please retry. Original error: unexpected EOF',
    );
  });

  it('tells why there is no connection', async () => {
    const plain = createHttpServer();
    const silent = createTcpServer((socket) => socket.once('data', () => socket.destroy()));
    const rude = createTcpServer((socket) => socket.once('data', () => socket.resetAndDestroy()));
    const all = [plain, silent, rude];
    for (const s of all) await new Promise<void>((done) => void s.listen(0, '127.0.0.1', done));
    try {
      const at = (s: { address(): unknown }) => problem(send(endpoint({}, portOf(s))));
      const prefix = 'Post "https://s.svc/": ';
      assert.equal(await at(plain), `${prefix}http: server gave HTTP response to HTTPS client`);
      assert.equal(await at(silent), `${prefix}EOF`);
      const port = portOf(rude);
      const reset = new RegExp(
        `^${prefix}read tcp 127\\.0\\.0\\.1:\\d+->127\\.0\\.0\\.1:${port}: read: connection reset by peer$`,
      );
      assert.match((await at(rude))!, reset);
      const refusing = endpoint({
        address: () => {
          throw new Error('service "s" not found');
        },
      });
      assert.equal(await problem(send(refusing)), `${prefix}service "s" not found`);
    } finally {
      for (const s of all) s.close();
    }
  });

  it('waits for no connection longer than for an answer', async () => {
    const accepted: Socket[] = [];
    const mute = createTcpServer((socket) => accepted.push(socket));
    await new Promise<void>((resolve) => mute.listen(0, '127.0.0.1', resolve));
    const abort = new AbortController();
    mute.once('connection', () => abort.abort(new Error('enough')));
    try {
      const sent = send(endpoint({}, portOf(mute)), '/', abort.signal);
      assert.equal(await problem(sent), 'Post "https://s.svc/": enough');
      const late = send(endpoint({}, portOf(mute)), '/', abort.signal);
      assert.equal(await problem(late), 'Post "https://s.svc/": enough');
    } finally {
      for (const socket of accepted) socket.destroy();
      mute.close();
    }
  });

  it('sends nothing to whom it does not trust', async () => {
    let asked = false;
    handle = (_request, response) => {
      asked = true;
      response.end();
    };
    const other = await createAuthority('b');
    const cases: [Partial<TlsAgentOptions>, string][] = [
      [{ ca: other.certificate }, 'x509: certificate signed by unknown authority'],
      [{ serverName: 'other.svc' }, 'x509: certificate is valid for s.svc, not other.svc'],
    ];
    for (const [options, why] of cases) {
      assert.equal(
        await problem(send(endpoint(options))),
        `Post "https://s.svc/": tls: failed to verify certificate: ${why}`,
      );
    }
    assert.equal(asked, false);
  });
});
