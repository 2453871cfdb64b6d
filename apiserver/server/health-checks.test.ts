import assert from 'node:assert/strict';
import { HealthSlis } from '../../machinery/pages/health-slis.ts';
import { health } from './health.ts';
import { healthChecks } from './health-checks.ts';

describe('checks of health', () => {
  const abort = new AbortController();
  let ready = false;
  const checks = healthChecks(
    () => ready,
    { currentRevision: async () => 1 },
    abort.signal,
    { etcdHealthcheckTimeoutMs: 1000, etcdReadycheckTimeoutMs: 1000 },
    [{ name: 'kms-providers', check: () => undefined }],
  );
  const slis = new HealthSlis(0);
  const ask = async (kind: keyof typeof checks, name = '', query = '') => {
    const answer = await health(kind, name, new URLSearchParams(query), checks[kind], slis);
    return [answer.code, String(answer.body)] as const;
  };

  it('fail until the start is over', async () => {
    const [code, text] = await ask('livez');
    assert.equal(code, 500);
    assert.match(text, /^\[-\]poststarthook\/rbac\/bootstrap-roles failed: reason withheld$/m);
    const why = 'internal server error: not finished\n';
    assert.deepEqual(await ask('livez', 'poststarthook/bootstrap-controller'), [500, why]);
    ready = true;
    for (const kind of ['healthz', 'livez', 'readyz'] as const) {
      assert.deepEqual(await ask(kind), [200, 'ok']);
    }
  });

  it('are of what concerns the page', () => {
    const names = (kind: keyof typeof checks) => checks[kind].map((c) => c.name);
    assert.deepEqual(names('readyz').slice(0, 6), [
      'ping',
      'log',
      'etcd',
      'etcd-readiness',
      'kms-providers',
      'informer-sync',
    ]);
    assert.equal(names('livez').includes('kms-providers'), false);
    assert.equal(names('healthz').includes('kms-providers'), true);
  });

  it('make the server unready, not dead, when it is to end', async () => {
    abort.abort();
    assert.equal((await ask('livez'))[0], 200);
    assert.equal((await ask('readyz'))[0], 500);
    assert.equal((await ask('readyz', '', 'exclude=shutdown'))[0], 200);
  });
});
