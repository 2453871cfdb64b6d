/** What a server tells of itself. */
import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { startTestServer, type TestServer, adminToken as token } from '../test-server.ts';

describe('a server that is asked about itself', () => {
  let server: TestServer;
  before(async () => {
    server = await startTestServer((dir) => {
      writeFileSync(join(dir, 'tokens.csv'), `${token},admin,1,system:masters\n`);
      return { tokenAuthFile: join(dir, 'tokens.csv'), flags: { v: '2', 'secure-port': '1' } };
    });
  });
  after(() => server[Symbol.asyncDispose]());

  it('shows its flags', async () => {
    const { text } = await server.ask('/flagz', { token });
    assert.match(text, /^\napiserver flagz\nWarning: .*\nsecure-port=1\nv=2\n$/);
    const accept = 'application/json;as=Flagz;v=v1alpha1;g=config.k8s.io';
    const { headers } = await server.ask('/flagz', { token, headers: { accept } });
    assert.equal(headers['content-type'], 'application/json;g=config.k8s.io;v=v1alpha1;as=Flagz');
    assert.match(String(headers['warning']), /^299 - "This version of the flagz endpoint is depr/);
    assert.equal((await server.ask('/flagz')).code, 403);
  });

  it('shows what it is', async () => {
    const accept = 'application/json;as=Statusz;v=v1beta1;g=config.k8s.io';
    const { paths } = (await server.ask('/statusz', { token, headers: { accept } })).json<{
      paths: string[];
    }>();
    const seven = ['/flagz', '/healthz', '/livez', '/metrics', '/readyz', '/statusz', '/version'];
    assert.deepEqual(paths, seven);
  });

  it('counts how its checks come out', async () => {
    await server.ask('/readyz', { token });
    await server.ask('/readyz/ping', { token });
    const { text, headers } = await server.ask('/metrics/slis', { token });
    assert.match(text, /^kubernetes_healthcheck\{name="ping",type="readyz"\} 1$/m);
    assert.match(
      text,
      /^kubernetes_healthchecks_total\{name="ping",status="success",type="readyz"\} 1$/m,
    );
    assert.equal(headers['content-type'], 'text/plain; version=0.0.4; charset=utf-8');
  });

  it('has no profiles, and says so', async () => {
    for (const path of ['/debug/pprof', '/debug/pprof/', '/debug/pprof/heap?debug=1']) {
      const { code, text } = await server.ask(path, { token });
      assert.deepEqual([code, /--profiling=false/.test(text)], [404, true]);
    }
  });
});
