import assert from 'node:assert/strict';
import { report } from './health-server.ts';
import { OwnPages } from './own-pages.ts';

describe("a component's own pages", () => {
  const pages = new OwnPages({ component: 'kube-x', flags: { v: '2' }, paths: ['/healthz'] });

  it('are flags and status, in text and as objects', () => {
    assert.match(pages.answer('/flagz')!.body, /^\nkube-x flagz\n.*\nv=2\n$/);
    const accept = 'application/json;as=Statusz;v=v1beta1;g=config.k8s.io';
    const { headers, body } = pages.answer('/statusz', accept, 'curl/8')!;
    assert.match(headers['Content-Type']!, /as=Statusz$/);
    assert.match(body, /^{\n/);
    const { paths } = JSON.parse(body) as { paths: string[] };
    assert.deepEqual(paths, ['/flagz', '/healthz', '/metrics', '/statusz']);
  });

  it('are how health checks came out', () => {
    const checks = { good: () => undefined, bad: () => 'why' };
    assert.equal(report(checks, false, '/readyz', pages.slis).ok, false);
    const { body } = pages.answer('/metrics/slis')!;
    assert.match(body, /^kubernetes_healthcheck\{name="bad",type="readyz"\} 0$/m);
    assert.match(body, /^kubernetes_healthcheck\{name="good",type="readyz"\} 1$/m);
  });

  it('are its settings, where it has some', () => {
    const configz = () => ({ 'x.config.k8s.io': { a: 1 } });
    const own = new OwnPages({ component: 'kube-x', flags: {}, configz, paths: [] });
    assert.equal(own.answer('/configz')!.body, '{"x.config.k8s.io":{"a":1}}');
    assert.match(own.answer('/statusz')!.body, /^Paths: \/configz \/flagz /m);
    assert.equal(pages.answer('/configz'), undefined);
  });

  it('are no others', () => {
    for (const path of ['/', '/flagz/', '/metrics', '/toString']) {
      assert.equal(pages.answer(path), undefined);
    }
  });
});
