import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createAuthority, issue } from '../pki/pki.ts';
import { revisionOf } from './contract.ts';
import { EtcdProcess } from './etcd/etcd-process.ts';
import { type OpenStorageOptions, openStorage } from './open.ts';
import { StoreUnavailableError } from './storage.ts';

describe('open storage', () => {
  let root: string;
  before(async () => {
    root = await mkdtemp(join(tmpdir(), 'k8ts-open-'));
  });
  after(() => rm(root, { recursive: true }));

  it('says what is wrong with the options', async () => {
    const file = join(root, 'missing.pem');
    const cases: [OpenStorageOptions, RegExp][] = [
      [{}, /^either etcd servers or a data directory is needed$/],
      [{ dataDir: 'x', etcdServers: ['http://a:1'] }, /^etcd servers and a data directory/],
      [{ dataDir: 'x', etcdCafile: 'y' }, /^--etcd-cafile needs --etcd-servers$/],
      [{ etcdServers: ['a:2379'] }, /^etcd server "a:2379" is not an http or https address$/],
      [{ etcdServers: ['https://a:1'], etcdCertfile: 'y' }, /go together$/],
      [{ etcdServers: ['https://a:1'], etcdCafile: file }, /^--etcd-cafile: ENOENT/],
      [{ etcdServers: ['http://a:1'], etcdCafile: import.meta.filename }, /must be an https/],
      [{ dataDir: join(import.meta.filename, 'x') }, /^cannot use data directory .* ENOTDIR/],
    ];
    for (const [options, message] of cases) await assert.rejects(openStorage(options), { message });
  });

  it('keeps what was written', async () => {
    const dataDir = join(root, 'kept');
    let revision: number;
    {
      await using storage = await openStorage({ dataDir });
      revision = await revisionOf(storage.create('/a', Buffer.from('x')));
    }
    await using storage = await openStorage({ dataDir });
    assert.equal(await storage.currentRevision(), revision);
    assert.equal((await storage.get('/a')).kv?.value.toString(), 'x');
  });

  it('opens a data directory in one process only', async () => {
    const dataDir = join(root, 'locked');
    await using storage = await openStorage({ dataDir });
    await revisionOf(storage.create('/a', Buffer.from('x')));
    const message = `data directory ${dataDir} is in use by another process (pid ${process.pid})`;
    await assert.rejects(openStorage({ dataDir }), { message });
    const script = join(root, 'other.mjs');
    await writeFile(
      script,
      `import { openStorage } from '${import.meta.dirname}/open.ts';
      await openStorage({ dataDir: process.argv[2] }).catch((e) => console.log(e.message));`,
    );
    const other = spawnSync(process.execPath, [script, dataDir]);
    assert.equal(other.stdout.toString().trim(), message);
  });

  it('shows its certificate to etcd', async function () {
    if (process.env['K8TS_SKIP_ETCD'] === '1') this.skip();
    const files = await certificates(root);
    await using etcd = await EtcdProcess.start(files);
    const etcdServers = [etcd.server];
    const { ca: etcdCafile, cert: etcdCertfile, key: etcdKeyfile } = files;
    await using storage = await openStorage({
      etcdServers,
      etcdCafile,
      etcdCertfile,
      etcdKeyfile,
    });
    const revision = await revisionOf(storage.create('/a', Buffer.from('x')));
    assert.equal(await storage.currentRevision(), revision);
    const { EtcdStorage } = await import('./etcd/etcd.ts');
    await using stranger = new EtcdStorage({ servers: etcdServers, timeoutMs: 300 });
    await assert.rejects(stranger.get('/a'), StoreUnavailableError);
    // The certificate is one of 127.0.0.1 only.
    await using misled = new EtcdStorage({
      servers: [etcd.server.replace('127.0.0.1', 'localhost')],
      ca: await readFile(files.ca),
      timeoutMs: 300,
    });
    await assert.rejects(misled.get('/a'), /altnames/);
  });
});

/** A certificate authority, and a certificate of 127.0.0.1 for both sides. */
async function certificates(folder: string) {
  const authority = await createAuthority('test-ca');
  const own = await issue(authority, {
    commonName: 'test',
    names: ['127.0.0.1'],
    usages: ['client', 'server'],
  });
  const files = {
    ca: join(folder, 'ca.pem'),
    cert: join(folder, 'cert.pem'),
    key: join(folder, 'key.pem'),
  };
  await writeFile(files.ca, authority.certificate);
  await writeFile(files.cert, own.certificate);
  await writeFile(files.key, own.key);
  return files;
}
