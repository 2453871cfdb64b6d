import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { readWebhookUsers } from './webhook-users.ts';

describe('users for webhooks', () => {
  let folder: string;
  before(() => {
    folder = mkdtempSync(join(tmpdir(), 'k8ts-users-'));
  });
  after(() => rmSync(folder, { recursive: true }));

  function users(names: readonly string[], context = ''): (host: string) => string | undefined {
    const file = join(folder, 'users');
    const kubeconfig = {
      'current-context': 'c',
      contexts: [{ name: 'c', context: { user: context } }],
      users: names.map((name) => ({ name, user: { token: name } })),
    };
    writeFileSync(file, JSON.stringify(kubeconfig));
    const find = readWebhookUsers(file);
    return (host) => find(host).authorization?.();
  }

  it('are those of the host, then of its domains, then of all', () => {
    const find = users(['a.ns.svc:443', 'b.ns.svc', '*.ns.svc:8443', '*.svc', '*']);
    assert.equal(find('a.ns.svc:443'), 'Bearer a.ns.svc:443');
    assert.equal(find('b.ns.svc:443'), 'Bearer b.ns.svc');
    assert.equal(find('b.ns.svc:8443'), 'Bearer *.ns.svc:8443');
    assert.equal(find('c.other.svc:443'), 'Bearer *.svc');
    assert.equal(find('c.other.svc:8443'), 'Bearer *');
    assert.equal(find('example.com:443'), 'Bearer *');
  });

  it('are that of the context when none else is meant', () => {
    assert.equal(users(['u'], 'u')('x:1'), 'Bearer u');
    assert.equal(users(['u'])('x:1'), undefined);
  });

  it('have fields that are acted on', () => {
    const file = join(folder, 'exec');
    writeFileSync(file, JSON.stringify({ users: [{ name: 'x', user: { exec: {} } }] }));
    assert.throws(() => readWebhookUsers(file), /user: exec is not supported/);
  });
});
