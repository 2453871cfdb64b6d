import assert from 'node:assert/strict';
import { request as httpRequest, type IncomingMessage } from 'node:http';
import { gzipSync } from 'node:zlib';
import { isGlobalUnicast } from './allowed-address.ts';
import { rewriteHtml, rewriteLink } from './link-rewriter.ts';
import { parseProxyName, proxySubresource } from './proxy.ts';
import { answering, callFor, Servers } from './test-call.ts';

const prefix = '/api/v1/namespaces/ns/pods/p/proxy';

async function through(
  backend: (
    request: IncomingMessage,
    body: string,
  ) => [number, Record<string, string>, string | Buffer],
  method: string,
  path: string,
  body = '',
  more: Record<string, string> = {},
) {
  await using servers = new Servers();
  const seen: { url: string; headers: IncomingMessage['headers']; body: string }[] = [];
  const port = await servers.listen((request, response) => {
    let text = '';
    request.on('data', (c: Buffer) => {
      text += c.toString();
    });
    request.on('end', () => {
      seen.push({ url: request.url!, headers: request.headers, body: text });
      const [code, headers, answer] = backend(request, text);
      response.writeHead(code, headers).end(answer);
    });
  });
  const proxy = proxySubresource({
    resource: 'pods',
    kind: 'PodProxyOptions',
    locate: () => Promise.resolve(servers.backend(port)),
  });
  const front = await servers.listen(answering((r) => proxy.handle(callFor(r, prefix))));
  const answer = await new Promise<{
    code: number;
    headers: IncomingMessage['headers'];
    text: string;
  }>((resolve, reject) => {
    const headers = {
      Host: 'api:6443',
      Authorization: 'Bearer x',
      'X-Mine': 'y',
      Connection: 'X-Hop',
      'X-Hop': '1',
      ...more,
    };
    const r = httpRequest({ port: front, method, path, headers }, (res) => {
      let text = '';
      res.on('data', (c: Buffer) => {
        text += c.toString();
      });
      res.on('end', () => resolve({ code: res.statusCode!, headers: res.headers, text }));
    });
    r.on('error', reject);
    r.end(body);
  });
  return { ...answer, seen: seen[0], port };
}

describe('proxy', () => {
  // Sent without its framing, a body would be the next request on the backend's connection.
  for (const method of ['GET', 'DELETE', 'POST', 'PATCH', 'OPTIONS']) {
    it(`passes a body in chunks on as one: ${method}`, async () => {
      const body = 'GET /evil HTTP/1.1\r\nHost: x\r\n\r\n';
      const { seen, text } = await through((r) => [200, {}, r.url!], method, `${prefix}/a`, body, {
        'Transfer-Encoding': 'chunked',
      });
      assert.equal(text, '/a');
      assert.equal(seen?.body, body);
    });
  }

  it('refuses a redirect that is no URL', async () => {
    const { code, text } = await through(
      () => [302, { Location: '/%zz' }, ''],
      'GET',
      `${prefix}/a`,
    );
    assert.equal(code, 500);
    assert.match(text, /error trying to parse Location header: parse "\/%zz": invalid URL escape/);
  });

  for (const [path, seen, uri] of [
    ['/a%20b/c%2Fd', '/a%20b/c/d', '/a%20b/c/d'],
    ['/a/../b/', '/b/', '/b/'],
    ['/x!(y)?', '/x%21%28y%29', '/x%21%28y%29'],
  ] as const) {
    it(`tells where ${path} came from`, async () => {
      const answer = await through((r) => [200, {}, r.url!], 'GET', `${prefix}${path}`);
      assert.equal(answer.text, seen);
      assert.equal(answer.seen?.headers['x-forwarded-uri'], `${prefix}${uri}`);
    });
  }

  it('takes headers of cross-origin requests from answers', async () => {
    const { headers } = await through(
      () => [200, { 'access-control-allow-origin': '*', 'x-own': '1' }, ''],
      'GET',
      `${prefix}/a`,
    );
    assert.equal(headers['access-control-allow-origin'], undefined);
    assert.equal(headers['x-own'], '1');
  });

  it('passes method, path, query, body and headers on', async () => {
    const { code, text, seen } = await through(
      (r, body) => [201, {}, `${r.method} ${body}`],
      'POST',
      `${prefix}/a%20b/c?x=1&y=%2F`,
      'hello',
    );
    assert.equal(code, 201);
    assert.equal(text, 'POST hello');
    assert.equal(seen?.url, '/a%20b/c?x=1&y=%2F');
    assert.equal(seen?.headers['x-mine'], 'y');
    assert.equal(seen?.headers.host, 'api:6443');
    assert.equal(seen?.headers['x-forwarded-uri'], `${prefix}/a%20b/c`);
    for (const gone of ['authorization', 'x-hop']) assert.equal(seen?.headers[gone], undefined);
  });

  it('keeps a slash at the end, cleans the path, and sends folders there', async () => {
    const ok = () => [200, {}, ''] as [number, Record<string, string>, string];
    assert.equal((await through(ok, 'GET', `${prefix}/a/`)).seen?.url, '/a/');
    assert.equal((await through(ok, 'GET', `${prefix}/a/%2e%2e/b`)).seen?.url, '/b');
    const { code, headers, seen } = await through(ok, 'GET', `${prefix}?q=1`);
    assert.equal(code, 301);
    assert.equal(headers.location, `${prefix}/?q=1`);
    assert.equal(seen, undefined);
    assert.equal((await through(ok, 'POST', prefix)).seen?.url, '/');
  });

  it('makes redirects lead through the proxy', async () => {
    const to = async (location: string) =>
      (await through(() => [302, { Location: location }, ''], 'GET', `${prefix}/a`)).headers
        .location;
    assert.equal(await to('/login'), `${prefix}/login`);
    assert.equal(await to('https://elsewhere/x'), 'https://elsewhere/x');
    assert.equal(await to('next'), 'next');
  });

  it('changes the links of pages, compressed ones too', async () => {
    const page = '<a href="/x">x</a><a href="y">y</a>';
    const expected = `<a href="${prefix}/x">x</a><a href="y">y</a>`;
    const plain = await through(
      () => [200, { 'Content-Type': 'text/html; charset=utf-8' }, page],
      'GET',
      `${prefix}/a`,
    );
    assert.equal(plain.text, expected);
    const zipped = await through(
      () => [200, { 'Content-Type': 'text/html', 'Content-Encoding': 'gzip' }, gzipSync(page)],
      'GET',
      `${prefix}/a`,
    );
    assert.equal(zipped.text, expected);
    const json = await through(
      () => [200, { 'Content-Type': 'application/json' }, page],
      'GET',
      `${prefix}/a`,
    );
    assert.equal(json.text, page);
  });

  it('answers 503 when the backend is not there', async () => {
    await using servers = new Servers();
    const proxy = proxySubresource({
      resource: 'pods',
      kind: 'PodProxyOptions',
      locate: () => Promise.resolve(servers.backend(1)),
    });
    const front = await servers.listen(answering((r) => proxy.handle(callFor(r, prefix))));
    const answer = await fetch(`http://127.0.0.1:${front}${prefix}/`);
    assert.equal(answer.status, 503);
    assert.equal(
      await answer.text(),
      'error trying to reach service: dial tcp 127.0.0.1:1: connect: connection refused',
    );
  });
});

describe('proxy names', () => {
  const cases: [string, object | undefined][] = [
    ['a', { scheme: '', name: 'a', port: '' }],
    ['a:80', { scheme: '', name: 'a', port: '80' }],
    ['https:a:web', { scheme: 'https', name: 'a', port: 'web' }],
    ['https:a:', { scheme: 'https', name: 'a', port: '' }],
    ['ftp:a:1', undefined],
    ['a:b:c:d', undefined],
    [':80', undefined],
  ];
  for (const [id, expected] of cases) {
    it(`reads ${id}`, () => {
      if (expected !== undefined) assert.deepEqual(parseProxyName(id, 'pod'), expected);
      else
        assert.throws(() => parseProxyName(id, 'pod'), { message: `invalid pod request "${id}"` });
    });
  }
});

describe('links', () => {
  const c = { prefix: '/p', host: 'api:6443', backendHost: '10.0.0.9:80' };
  const cases: [string, string][] = [
    ['/a', '/p/a'],
    ['/a/?q#f', '/p/a/?q#f'],
    ['/', '/p/'],
    ['/p/a', '/p/a'],
    ['a', 'a'],
    ['#x', '#x'],
    ['mailto:a@b', 'mailto:a@b'],
    ['http://10.0.0.9:80/a', '/p/a'],
    ['https://api:6443/a', 'https://api:6443/p/a'],
    ['//cdn/a', '//cdn/a'],
  ];
  for (const [link, expected] of cases) {
    it(`turns ${link} into ${expected}`, () => assert.equal(rewriteLink(link, c), expected));
  }

  it('are changed in tags only', () => {
    const page = `<!-- <a href="/no"> --><IMG alt=a>b src='/i.png'><form action=/f ><script src="/s.js">if (a<b) "<a href='/no'>"</script><p title="/no">1 < 2`;
    assert.equal(
      rewriteHtml(page, c),
      `<!-- <a href="/no"> --><IMG alt=a>b src='/i.png'><form action="/p/f" ><script src="/p/s.js">if (a<b) "<a href='/no'>"</script><p title="/no">1 < 2`,
    );
  });

  it('take time by the length of the page', () => {
    const start = performance.now();
    for (const piece of ['<a ', '<a href="', '<!--', '<a x=y ']) {
      rewriteHtml(piece.repeat(200_000), c);
    }
    assert(performance.now() - start < 2000);
  });
});

describe('addresses that may be proxied to', () => {
  const cases: [string, boolean][] = [
    ['10.1.2.3', true],
    ['fd00::1', true],
    ['127.0.0.1', false],
    ['169.254.169.254', false],
    ['0.0.0.0', false],
    ['224.0.0.1', false],
    ['255.255.255.255', false],
    ['::1', false],
    ['fe80::1', false],
    ['::ffff:127.0.0.1', false],
    ['', false],
    ['a.example', false],
  ];
  for (const [ip, expected] of cases) {
    it(`${ip || 'none'}: ${expected}`, () => assert.equal(isGlobalUnicast(ip), expected));
  }
});
