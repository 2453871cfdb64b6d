/** Snapshots and moves of the store, by their commands. */
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Command } from 'commander';
import { EmbeddedStorage } from '../../apiserver/storage/embedded/embedded.ts';
import { startTestServer, adminToken as token } from '../../apiserver/test-server.ts';
import { define as defineSnapshot } from './snapshot.ts';
import { define as defineStorage } from './storage.ts';

const never = new AbortController().signal;

/** Runs a command as `k8ts` does, without what it prints. */
async function execute(define: typeof defineSnapshot, ...args: string[]): Promise<void> {
  const command = new Command('x').exitOverride().configureOutput({ writeErr: () => {} });
  define(command, (start) => start(never));
  const { log } = console;
  console.log = () => {};
  try {
    await command.parseAsync(args, { from: 'user' });
  } finally {
    console.log = log;
  }
}

const snapshot = (...args: string[]) => execute(defineSnapshot, ...args);
const storage = (...args: string[]) => execute(defineStorage, ...args);

function kubeconfig(server: string, ca: string, user: string): string {
  return JSON.stringify({
    clusters: [{ name: 'c', cluster: { server, 'certificate-authority': ca } }],
    users: [{ name: 'u', user: { token: user } }],
    contexts: [{ name: 'x', context: { cluster: 'c', user: 'u' } }],
    'current-context': 'x',
  });
}

describe('k8ts snapshot', () => {
  let folder: string;
  before(() => {
    folder = mkdtempSync(join(tmpdir(), 'k8ts-snapshot-command-'));
  });
  after(() => rmSync(folder, { recursive: true }));

  it('saves what a running server has, for who may read everything', async () => {
    await using server = await startTestServer((dir) => {
      const rows = [`${token},admin,1,system:masters`, 'plain,user,2,'];
      writeFileSync(join(dir, 'tokens.csv'), `${rows.join('\n')}\n`);
      return { tokenAuthFile: join(dir, 'tokens.csv') };
    });
    const path = '/api/v1/namespaces/default/configmaps';
    await server.ask(path, { token, body: { metadata: { name: 'kept' } } });
    const ca = join(server.dataDir, 'ca.crt');
    const config = join(folder, 'config');
    const file = join(folder, 'saved.db');
    writeFileSync(config, kubeconfig(server.url, ca, 'plain'));
    const refused = { message: /answers 403: .*cannot get path "\/k8ts\/snapshot"$/ };
    await assert.rejects(snapshot('save', file, '--kubeconfig', config), refused);
    writeFileSync(config, kubeconfig(server.url, ca, token));
    await snapshot('save', file, '--kubeconfig', config);
    assert.equal(statSync(file).mode & 0o777, 0o600);
    await assert.rejects(snapshot('save', file, '--kubeconfig', config), /is there already$/);

    const dataDir = join(folder, 'restored');
    await snapshot('restore', file, '--data-dir', dataDir);
    {
      await using restored = await EmbeddedStorage.open({ dataDir });
      const { kv } = await restored.get('/registry/configmaps/default/kept');
      assert.match(String(kv?.value), /"name":"kept"/);
    }
    const again = join(folder, 'again.db');
    await snapshot('save', again, '--data-dir', dataDir);
    assert.equal(statSync(again).mode & 0o777, 0o600);
  });

  it('needs to know of which store', async () => {
    const file = join(folder, 'none.db');
    await assert.rejects(snapshot('save', file), /either --kubeconfig/);
    await assert.rejects(snapshot('save', file, '--data-dir', join(folder, 'x')), /no store in/);
  });
});

describe('k8ts storage migrate', () => {
  const refused: [args: string[], why: RegExp][] = [
    [['--from', 'x', '--to', 'etcd'], /--from=x: embedded or etcd/],
    [['--from', 'etcd', '--to', 'etcd'], /are the same/],
    [['--from', 'etcd', '--to', 'embedded'], /--data-dir is needed/],
    [['--from', 'etcd', '--to', 'embedded', '--data-dir', 'd'], /--etcd-servers are needed/],
    [
      ['--from', 'embedded', '--to', 'etcd', '--data-dir', '/none', '--etcd-servers', 'http://x'],
      /no store in \/none/,
    ],
  ];
  for (const [args, why] of refused) {
    it(`is not ${args.join(' ')}`, () => assert.rejects(storage('migrate', ...args), why));
  }
});
