import assert from 'node:assert/strict';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { cniConfig, configFile } from './cni-config.ts';
import { type NetworkHost, removePodNetwork, setUpPodNetwork } from './pod-network.ts';

interface Parsed {
  readonly plugins: readonly {
    readonly type: string;
    readonly ipam?: { ranges: unknown; routes: unknown };
  }[];
}

const settings = { podCidrs: ['10.1.0.0/24'], mtu: 1500, ipamDir: '/ipam', bandwidth: false };
const parse = (text: string): Parsed => JSON.parse(text) as Parsed;

describe('CNI configuration', () => {
  it('of one family', () => {
    const { plugins } = parse(cniConfig(settings));
    assert.deepEqual(
      plugins.map((p) => p.type),
      ['bridge', 'portmap'],
    );
    assert.deepEqual(plugins[0]?.ipam?.ranges, [[{ subnet: '10.1.0.0/24' }]]);
  });

  it('of two families', () => {
    const podCidrs = ['10.1.0.0/24', 'fd00::/64'];
    const { plugins } = parse(cniConfig({ ...settings, podCidrs, bandwidth: true }));
    assert.deepEqual(plugins[0]?.ipam?.routes, [{ dst: '0.0.0.0/0' }, { dst: '::/0' }]);
    assert.equal(plugins.at(-1)?.type, 'bandwidth');
  });
});

describe('the pod network of a node', () => {
  let dir: string;
  let ran: string[];
  const host: NetworkHost = {
    run: async (file, args) => ran.push([file, ...args].join(' ')),
    setSysctl: async (name, value) => void ran.push(`${name}=${value}`),
  };
  beforeEach(() => {
    dir = mkdtempSync(join(tmpdir(), 'cni-'));
    ran = [];
    for (const plugin of ['bridge', 'host-local', 'portmap', 'loopback']) {
      writeFileSync(join(dir, plugin), '');
    }
  });
  afterEach(() => rmSync(dir, { recursive: true }));
  const options = () => ({
    confDir: join(dir, 'net.d'),
    binDir: dir,
    ipamDir: join(dir, 'ipam'),
    mtu: 1400,
  });

  it('has its bridge before runtimes see the configuration', async () => {
    await setUpPodNetwork(options(), ['10.1.0.0/24'], host);
    assert.deepEqual(readdirSync(join(dir, 'net.d')), [configFile]);
    assert.deepEqual(ran, [
      'net/ipv4/ip_forward=1',
      'net/ipv6/conf/all/forwarding=1',
      'net/bridge/bridge-nf-call-iptables=1',
      'net/bridge/bridge-nf-call-ip6tables=1',
      'ip link add k8ts0 type bridge',
      'ip link set k8ts0 mtu 1400 up',
    ]);
    // Plugins that are not installed are not asked for.
    assert(!readFileSync(join(dir, 'net.d', configFile), 'utf8').includes('bandwidth'));
  });

  it('changes over to another range', async () => {
    await setUpPodNetwork(options(), ['10.1.0.0/24'], host);
    await setUpPodNetwork(options(), ['10.1.0.0/24'], host);
    assert(!ran.includes('ip addr flush dev k8ts0'));
    await setUpPodNetwork(options(), ['10.2.0.0/24'], host);
    assert(ran.includes('ip addr flush dev k8ts0'));
  });

  it('says which plugins are missing', async () => {
    rmSync(join(dir, 'portmap'));
    await assert.rejects(setUpPodNetwork(options(), [], host), /missing in .*: portmap$/);
  });

  it('goes, and leaves what others put there', async () => {
    await setUpPodNetwork(options(), ['10.1.0.0/24'], host);
    writeFileSync(join(dir, 'net.d/99-other.conf'), '{}');
    await removePodNetwork(options(), host);
    assert.deepEqual(readdirSync(join(dir, 'net.d')), ['99-other.conf']);
    assert.equal(ran.at(-1), 'ip link del k8ts0');
  });
});
