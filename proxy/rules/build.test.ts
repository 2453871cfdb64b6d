import assert from 'node:assert/strict';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { EndpointSlice, Service } from '../../machinery/schema/wire.ts';
import { endpointsOf, portKey } from '../endpoints.ts';
import { servicePorts } from '../service-ports.ts';
import { type Backed, buildRuleset } from './build.ts';
import type { RulesConfig } from './rules-config.ts';
import { changeScript, fullScript } from './script.ts';

const config: RulesConfig = {
  family: 'IPv4',
  table: 'k8ts',
  place: { nodeName: 'n1', zone: 'z1' },
  nodePortIps: ['192.168.0.1'],
  masqueradeMark: '0x4000',
  masqueradeAll: false,
  local: { isLocal: 'ip saddr 10.244.0.0/16', isNotLocal: 'ip saddr != 10.244.0.0/16' },
  serviceCidrs: ['10.96.0.0/16'],
  nodeIps: ['192.168.0.1'],
};

function service(name: string, spec: Service['spec'], ingress: string[] = []): Service {
  return {
    metadata: { name, namespace: 'ns' },
    spec: {
      clusterIP: '10.96.0.10',
      clusterIPs: ['10.96.0.10'],
      ports: [{ name: 'web', port: 80, protocol: 'TCP' }],
      ...spec,
    },
    status: { loadBalancer: { ingress: ingress.map((ip) => ({ ip })) } },
  };
}

type Told = Partial<NonNullable<EndpointSlice['endpoints']>[number]> & { ip: string };

function backed(of: Service, endpoints: Told[], settings = config): Backed[] {
  const slice: EndpointSlice = {
    addressType: settings.family,
    metadata: { labels: { 'kubernetes.io/service-name': of.metadata!.name! } },
    ports: (of.spec!.ports ?? []).map((p) => ({
      name: p.name ?? '',
      port: 8080,
      protocol: p.protocol ?? 'TCP',
    })),
    endpoints: endpoints.map(({ ip, ...rest }) => ({ addresses: [ip], nodeName: 'n2', ...rest })),
  };
  const found = endpointsOf([slice], settings.family, settings.place.nodeName);
  return servicePorts(of, settings.family).map((port) => ({
    port,
    endpoints: found.get(portKey(port.name, port.protocol)) ?? [],
  }));
}

const two: Told[] = [{ ip: '10.244.0.5', nodeName: 'n1' }, { ip: '10.244.1.6' }];
const remote: Told[] = [{ ip: '10.244.1.6' }];

/** Each case is a golden file in testdata; UPDATE_GOLDEN=1 writes them anew. */
const cases: Record<string, () => { backed: Backed[]; config?: RulesConfig }> = {
  empty: () => ({ backed: [] }),
  'cluster-ip': () => ({ backed: backed(service('web', {}), two) }),
  'cluster-ip-no-endpoints': () => ({ backed: backed(service('web', {}), []) }),
  'cluster-ip-internal-local': () => ({
    backed: backed(service('web', { internalTrafficPolicy: 'Local' }), two),
  }),
  'cluster-ip-internal-local-elsewhere': () => ({
    backed: backed(service('web', { internalTrafficPolicy: 'Local' }), remote),
  }),
  'node-port': () => ({
    backed: backed(
      service('web', { type: 'NodePort', ports: [{ port: 80, nodePort: 30080 }] }),
      two,
    ),
  }),
  'node-port-local': () => ({
    backed: backed(
      service('web', {
        type: 'NodePort',
        externalTrafficPolicy: 'Local',
        ports: [{ port: 80, nodePort: 30080 }],
      }),
      two,
    ),
  }),
  'node-port-local-elsewhere': () => ({
    backed: backed(
      service('web', {
        type: 'NodePort',
        externalTrafficPolicy: 'Local',
        ports: [{ port: 80, nodePort: 30080 }],
      }),
      remote,
    ),
  }),
  affinity: () => ({
    backed: backed(
      service('web', {
        sessionAffinity: 'ClientIP',
        sessionAffinityConfig: { clientIP: { timeoutSeconds: 60 } },
      }),
      two,
    ),
  }),
  'load-balancer': () => ({
    backed: backed(
      service(
        'web',
        {
          type: 'LoadBalancer',
          ports: [{ port: 53, protocol: 'UDP', nodePort: 30053 }],
          externalIPs: ['203.0.113.9'],
          loadBalancerSourceRanges: ['192.168.0.0/24', ' 10.0.0.0/8'],
        },
        ['203.0.113.7'],
      ),
      two,
    ),
  }),
  'all-node-addresses-masquerade-all': () => {
    const settings = { ...config, nodePortIps: 'all' as const, masqueradeAll: true };
    return { backed: [], config: settings };
  },
  ipv6: () => {
    const settings: RulesConfig = {
      ...config,
      family: 'IPv6',
      nodePortIps: ['fd00::1'],
      local: { isLocal: 'ip6 saddr fd01::/64', isNotLocal: 'ip6 saddr != fd01::/64' },
      serviceCidrs: ['fd02::/112'],
      nodeIps: ['fd00::1'],
    };
    const of = service('web', {
      clusterIP: 'fd02::a',
      clusterIPs: ['fd02::a'],
      sessionAffinity: 'ClientIP',
    });
    return { backed: backed(of, [{ ip: 'fd01::5' }], settings), config: settings };
  },
};

describe('rules', () => {
  for (const [name, make] of Object.entries(cases)) {
    it(`are as before for ${name}`, () => {
      const made = make();
      const text = fullScript(buildRuleset(made.config ?? config, made.backed));
      const path = join(import.meta.dirname, '../testdata', `${name}.nft`);
      if (process.env['UPDATE_GOLDEN'] === '1' || !existsSync(path)) writeFileSync(path, text);
      assert.equal(text, readFileSync(path, 'utf8'));
    });
  }

  it('change by difference', () => {
    const web = service('web', {});
    const before = buildRuleset(config, backed(web, two));
    const same = changeScript(before, buildRuleset(config, backed(web, two)));
    assert.deepEqual(same, { script: '', emptied: [] });

    const fewer = buildRuleset(config, backed(web, remote));
    const chain = 'service-LK4GACNQ-ns/web/tcp/web';
    assert.deepEqual(changeScript(before, fewer).script.split('\n'), [
      `add chain ip k8ts ${chain}`,
      `flush chain ip k8ts ${chain}`,
      `add rule ip k8ts ${chain} meta l4proto tcp dnat ip addr . port to ` +
        'numgen random mod 1 map { 0 : 10.244.1.6 . 8080 }',
      'delete element ip k8ts hairpin-connections { 10.244.0.5 . 10.244.0.5 . tcp . 8080 }',
      '',
    ]);

    const none = buildRuleset(config, backed(web, []));
    const gone = changeScript(before, none);
    assert.deepEqual(gone.emptied, [chain]);
    assert.match(
      gone.script,
      /add element ip k8ts no-endpoint-services \{ 10.96.0.10 . tcp . 80 : /,
    );
    assert.match(gone.script, /delete element ip k8ts service-ips \{ 10.96.0.10 . tcp . 80 \}/);
    const later = changeScript(none, none, new Set([chain]));
    assert.equal(later.script, `delete chain ip k8ts ${chain}\n`);
  });

  it('uses endpoints that leave only when there are no others', () => {
    const leaving = { conditions: { ready: false, serving: true, terminating: true } };
    const rulesFor = (endpoints: Told[]) =>
      fullScript(buildRuleset(config, backed(service('web', {}), endpoints)));
    const both = rulesFor([{ ip: '10.244.0.5', ...leaving }, { ip: '10.244.1.6' }]);
    assert.doesNotMatch(both, /10\.244\.0\.5/);
    assert.match(rulesFor([{ ip: '10.244.0.5', ...leaving }]), /0 : 10\.244\.0\.5 \. 8080/);
  });

  it('follows hints when every endpoint has one', () => {
    const hint = (zone: string) => ({ hints: { forZones: [{ name: zone }] } });
    const rulesFor = (endpoints: Told[]) =>
      fullScript(buildRuleset(config, backed(service('web', {}), endpoints)));
    const all = rulesFor([
      { ip: '10.244.1.5', ...hint('z1') },
      { ip: '10.244.1.6', ...hint('z2') },
    ]);
    assert.doesNotMatch(all, /10\.244\.1\.6/);
    const some = rulesFor([{ ip: '10.244.1.5', ...hint('z1') }, { ip: '10.244.1.6' }]);
    assert.match(some, /10\.244\.1\.6/);
  });

  it('leaves headless and external services out', () => {
    for (const spec of [
      { clusterIP: 'None', clusterIPs: ['None'] },
      { type: 'ExternalName', externalName: 'x', clusterIP: '', clusterIPs: [] },
    ]) {
      assert.deepEqual(servicePorts(service('web', spec), 'IPv4'), []);
    }
  });
});
