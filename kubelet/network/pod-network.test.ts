import assert from 'node:assert/strict';
import type { NodePod } from '../pods/pod.ts';
import { podDns } from './dns.ts';
import { kernelHostname, podHostname } from './hostname.ts';
import { hostNetworkHosts, podHosts } from './hosts-file.ts';

const pod = (spec: Partial<NodePod['spec']>, name = 'web-0'): NodePod => ({
  metadata: { name, namespace: 'ns', uid: 'u' },
  spec: { containers: [], ...spec },
});

describe('podHostname', () => {
  const cases: [string, NodePod, string, string][] = [
    ['the pod name', pod({}), 'web-0', ''],
    ['hostname and subdomain', pod({ hostname: 'h', subdomain: 's' }), 'h', 's.ns.svc.c.l'],
    ['an override', pod({ hostnameOverride: 'a.b', subdomain: 's' }), 'a.b', ''],
    ['a long name', pod({}, `${'x'.repeat(62)}-yz`), 'x'.repeat(62), ''],
  ];
  for (const [what, p, hostname, domain] of cases) {
    it(what, () => assert.deepEqual(podHostname(p, 'c.l'), { hostname, domain }));
  }
  it('gives the kernel the FQDN when asked', () => {
    const name = { hostname: 'h', domain: 's.ns.svc.c.l' };
    assert.equal(kernelHostname(name, true), 'h.s.ns.svc.c.l');
    assert.equal(kernelHostname(name, false), 'h');
    assert.throws(
      () => kernelHostname({ hostname: 'h'.repeat(60), domain: 'a.b.c.d' }, true),
      /64 characters is the max, 68 characters requested/,
    );
  });
});

describe('hosts files', () => {
  it('names the pod under each address', () => {
    const text = podHosts(['10.0.0.1', 'fd::1'], { hostname: 'h', domain: 'd' }, [
      { ip: '1.2.3.4', hostnames: ['a', 'b'] },
    ]);
    assert.equal(
      text,
      `# Kubernetes-managed hosts file.
127.0.0.1\tlocalhost
::1\tlocalhost ip6-localhost ip6-loopback
fe00::0\tip6-localnet
fe00::0\tip6-mcastprefix
fe00::1\tip6-allnodes
fe00::2\tip6-allrouters
10.0.0.1\th.d\th
fd::1\th.d\th

# Entries added by HostAliases.
1.2.3.4\ta\tb
`,
    );
  });
  it('keeps the host’s for pods on its network', () => {
    const text = hostNetworkHosts('127.0.0.1 x\n', []);
    assert.equal(text, '# Kubernetes-managed hosts file (host network).\n127.0.0.1 x\n');
  });
});

describe('podDns', () => {
  const settings = {
    clusterDns: ['10.96.0.10'],
    clusterDomain: 'cluster.local',
    nodeResolvConf: 'nameserver 8.8.8.8\nsearch corp.\noptions ndots:2 rotate\n',
    nodeIps: ['192.168.0.1'],
  };
  const cluster = ['ns.svc.cluster.local', 'svc.cluster.local', 'cluster.local', 'corp'];
  const host = { servers: ['8.8.8.8'], searches: ['corp'], options: ['ndots:2', 'rotate'] };
  const cases: [string, NodePod, object][] = [
    [
      'ClusterFirst',
      pod({ dnsPolicy: 'ClusterFirst' }),
      { servers: ['10.96.0.10'], searches: cluster, options: ['ndots:5'] },
    ],
    ['Default', pod({ dnsPolicy: 'Default' }), host],
    ['ClusterFirst on the host', pod({ dnsPolicy: 'ClusterFirst', hostNetwork: true }), host],
    [
      'ClusterFirstWithHostNet',
      pod({ dnsPolicy: 'ClusterFirstWithHostNet', hostNetwork: true }),
      { servers: ['10.96.0.10'], searches: cluster, options: ['ndots:5'] },
    ],
    [
      'None',
      pod({
        dnsPolicy: 'None',
        dnsConfig: {
          nameservers: ['1.1.1.1'],
          searches: ['x'],
          options: [{ name: 'ndots', value: '1' }, { name: 'debug' }],
        },
      }),
      { servers: ['1.1.1.1'], searches: ['x'], options: ['ndots:1', 'debug'] },
    ],
  ];
  for (const [name, p, expected] of cases) {
    it(name, () => assert.deepEqual(podDns(p, settings).config, expected));
  }
  it('falls back to the node without a cluster DNS', () => {
    const { config, warnings } = podDns(pod({}), { ...settings, clusterDns: [] });
    assert.deepEqual(config, host);
    assert.equal(warnings[0]?.reason, 'MissingClusterDNS');
  });
  it('keeps to the limits', () => {
    const dnsConfig = { nameservers: ['1', '2', '3', '4'], searches: ['y'.repeat(300), 'ok'] };
    const { config, warnings } = podDns(pod({ dnsPolicy: 'None', dnsConfig }), settings);
    assert.deepEqual(config.servers, ['1', '2', '3']);
    assert.deepEqual(config.searches, ['ok']);
    assert.equal(warnings.length, 2);
  });
});
