import assert from 'node:assert/strict';
import { FakeClock } from '../client/fake-clock.ts';
import { silentLog } from '../client/log.ts';
import type { EndpointSlice, Service } from '../machinery/schema/wire.ts';
import { defaultConfiguration, parseConfiguration } from './config/configuration.ts';
import { rulesConfigs } from './config/rules-config.ts';
import { ProxyMetrics } from './metrics.ts';
import { Proxier } from './proxier.ts';

const service: Service = {
  metadata: { name: 'web', namespace: 'ns' },
  spec: { clusterIP: '10.96.0.10', clusterIPs: ['10.96.0.10'], ports: [{ port: 80 }] },
};

function slice(...ips: string[]): EndpointSlice {
  return {
    metadata: {
      name: 'web-1',
      namespace: 'ns',
      labels: { 'kubernetes.io/service-name': 'web' },
    },
    addressType: 'IPv4',
    ports: [{ name: '', port: 8080, protocol: 'TCP' }],
    endpoints: ips.map((ip) => ({ addresses: [ip] })),
  };
}

function make() {
  const clock = new FakeClock();
  const scripts: string[] = [];
  let failing = false;
  const machine = { nodeName: 'n1', table: 'k8ts', addresses: () => [] };
  const proxier = new Proxier({
    nodeName: 'n1',
    table: 'k8ts',
    clock,
    log: silentLog,
    metrics: new ProxyMetrics(clock),
    conntrack: false,
    run: async (_program, args, input) => {
      if (args[0] === '-f') scripts.push(input ?? '');
      return { code: failing ? 1 : 0, stdout: '', stderr: failing ? 'no' : '' };
    },
    configure: (node, cidrs) => rulesConfigs(defaultConfiguration(), machine, node, cidrs),
  });
  let changes = 0;
  proxier.onChange = () => changes++;
  return {
    clock,
    scripts,
    proxier,
    changes: () => changes,
    fail: (on: boolean) => {
      failing = on;
    },
  };
}

describe('proxier', () => {
  it('loads everything once, then differences, and everything again after a failure', async () => {
    const { proxier, scripts, fail } = make();
    proxier.setService(service);
    proxier.setSlice(slice('10.244.0.5'));
    await proxier.sync();
    assert.match(scripts[0] ?? '', /^table ip k8ts\ndelete table ip k8ts\ntable ip k8ts \{/);
    proxier.setSlice(slice('10.244.0.6'));
    await proxier.sync();
    assert.match(scripts[1] ?? '', /^add chain ip k8ts service-/);
    await proxier.sync();
    assert.equal(scripts.length, 2);
    fail(true);
    proxier.setSlice(slice('10.244.0.7'));
    await assert.rejects(proxier.sync(), /nft failed/);
    fail(false);
    await proxier.sync();
    assert.match(scripts.at(-1) ?? '', /^table ip k8ts\n[\s\S]*10\.244\.0\.7/);
  });

  it('deletes chains a moment after they were emptied', async () => {
    const { proxier, scripts, clock } = make();
    proxier.setService(service);
    proxier.setSlice(slice('10.244.0.5'));
    await proxier.sync();
    proxier.deleteService(service);
    await proxier.sync();
    assert.equal(proxier.hasLeftovers, true);
    assert.doesNotMatch(scripts.at(-1) ?? '', /delete chain/);
    await clock.advance(1000);
    await proxier.sync();
    assert.match(scripts.at(-1) ?? '', /^delete chain ip k8ts service-/);
    assert.equal(proxier.hasLeftovers, false);
  });

  it('is moved only by what concerns the rules', () => {
    const { proxier, changes } = make();
    proxier.setService(service);
    proxier.setSlice(slice('10.244.0.5'));
    assert.equal(changes(), 2);
    proxier.setService({ ...service, metadata: { ...service.metadata, labels: { a: 'b' } } });
    proxier.setSlice({ ...slice('10.244.0.5'), apiVersion: 'discovery.k8s.io/v1' });
    const node = { metadata: { name: 'n1' }, status: { phase: 'x' } };
    proxier.setNode(node);
    assert.equal(changes(), 2);
    const addresses = [{ type: 'InternalIP', address: '192.168.0.1' }];
    proxier.setNode({ ...node, status: { addresses } });
    assert.equal(changes(), 3);
  });
});

describe('proxy configuration', () => {
  const head = 'apiVersion: kubeproxy.config.k8s.io/v1alpha1\nkind: KubeProxyConfiguration\n';

  it('reads what is acted on', () => {
    const c = parseConfiguration(
      `${head}mode: nftables\nclusterCIDR: 10.244.0.0/16,fd00::/64\n` +
        'nftables: {minSyncPeriod: 2s, masqueradeBit: 3}\nhealthzBindAddress: 0.0.0.0:0\n' +
        'conntrack: {udpTimeout: 30s}\n',
    );
    assert.equal(c.minSyncPeriodMs, 2000);
    assert.equal(c.masqueradeBit, 3);
    assert.equal(c.healthz.port, 0);
    assert.equal(c.metrics.port, 10_249);
    assert.deepEqual(c.detectLocal, { mode: 'ClusterCIDR', cidrs: ['10.244.0.0/16', 'fd00::/64'] });
    assert.deepEqual([...c.sysctls], [['net/netfilter/nf_conntrack_udp_timeout', '30']]);
  });

  for (const [text, problem] of [
    ['mode: ipvs', /mode: only nftables/],
    ['surprise: 1', /surprise: not supported/],
    ['detectLocalMode: BridgeInterface', /detectLocal.bridgeInterface: Required value/],
    ['bindAddress: here', /bindAddress: not an address/],
    ['nftables: {minSyncPeriod: soon}', /minSyncPeriod: time: invalid duration/],
  ] as const) {
    it(`refuses ${text}`, () => {
      assert.throws(() => parseConfiguration(`${head}${text}\n`), problem);
    });
  }
});
