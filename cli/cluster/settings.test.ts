import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { certificatesAreGood, stampCertificates } from './certificate-stamp.ts';
import { namesOfIndex } from './images.ts';
import { Layout } from './layout.ts';
import { decideSettings, makeDataDir } from './settings.ts';

describe('settings of a cluster', () => {
  let dir: string;
  before(() => {
    dir = mkdtempSync(join(tmpdir(), 'k8ts-settings-'));
    makeDataDir(dir);
  });
  after(() => rmSync(dir, { recursive: true }));
  const decide = (flags: object) =>
    decideSettings({ dataDir: dir, node: true, logLevel: 'info', ...flags }, dir);

  it('are chosen at the first start and kept', () => {
    const first = decide({ serviceCidr: '10.32.0.0/24', nodeName: 'One', nodeIp: '10.9.9.9' });
    assert.equal(first.clusterDns, '10.32.0.10');
    assert.equal(first.nodeName, 'one');
    const second = decide({ nodeIp: '10.9.9.9' });
    assert.deepEqual(second, first);
  });
  it('that objects depend on cannot change', () => {
    assert.throws(
      () => decide({ podCidr: '10.1.0.0/16' }),
      /podCidr .*10\.244\.0\.0\/16.*--data-dir/,
    );
  });
  it('others can', () => assert.equal(decide({ securePort: 7443 }).securePort, 7443));

  it('certificates are made again for other names, or when they end', () => {
    const layout = new Layout(dir);
    const settings = { ...decide({ nodeIp: '10.9.9.9' }), kubeconfig: join(dir, 'cluster.json') };
    makeDataDir(join(dir, 'pki'));
    assert.equal(certificatesAreGood(settings, layout), false);
    stampCertificates(settings, layout, Date.now() + 60_000);
    assert.equal(certificatesAreGood(settings, layout), true);
    assert.equal(certificatesAreGood({ ...settings, nodeIp: '10.9.9.8' }, layout), false);
    stampCertificates(settings, layout, Date.now() - 1);
    assert.equal(certificatesAreGood(settings, layout), false);
  });
  it('two data directories have two control groups', () => {
    assert.equal(new Layout('/var/lib/k8ts').cgroup, '/k8ts');
    const [a, b] = ['/tmp/a', '/tmp/b'].map((d) => new Layout(d).cgroup);
    assert.match(a!, /^\/k8ts-[0-9a-f]{8}$/);
    assert.notEqual(a, b);
  });
});

it('images of an archive are known by their full names', () => {
  const named = { annotations: { 'io.containerd.image.name': 'docker.io/library/a:1' } };
  assert.deepEqual(namesOfIndex({ manifests: [named, {}] }), ['docker.io/library/a:1']);
});
