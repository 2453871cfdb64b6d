import assert from 'node:assert/strict';
import { forgetStaleFlows, parseFlows, staleFlows } from './conntrack.ts';
import type { Backed } from './rules/build.ts';
import type { ServicePort } from './service-ports.ts';

const line = (dst: string, dport: number, replySrc: string, replyPort: number) =>
  `udp      17 20 src=10.244.0.9 dst=${dst} sport=4000 dport=${dport} ` +
  `src=${replySrc} dst=10.244.0.9 sport=${replyPort} dport=4000 mark=0 use=1`;

const port: ServicePort = {
  namespace: 'ns',
  service: 'dns',
  name: '',
  protocol: 'udp',
  clusterIp: '10.96.0.10',
  port: 53,
  nodePort: 30053,
  externalIps: ['203.0.113.9'],
  loadBalancerIps: [],
  sourceRanges: [],
  affinitySeconds: 0,
  internalLocal: false,
  externalLocal: false,
  healthCheckNodePort: 0,
};

function backed(...ips: string[]): Backed[] {
  const endpoints = ips.map((ip) => ({
    ip,
    port: 5353,
    ready: true,
    serving: true,
    terminating: false,
    local: false,
    nodeHints: [],
    zoneHints: [],
  }));
  return [{ port, endpoints }];
}

describe('conntrack', () => {
  it('reads the listing', () => {
    assert.deepEqual(parseFlows(`${line('10.96.0.10', 53, '10.244.0.5', 5353)}\nnoise\n`), [
      {
        originalDestination: '10.96.0.10',
        originalPort: 53,
        endpoint: '10.244.0.5',
        endpointPort: 5353,
      },
    ]);
  });

  const cases: [string, string, string[], boolean][] = [
    ['a flow to an endpoint', line('10.96.0.10', 53, '10.244.0.5', 5353), ['10.244.0.5'], false],
    [
      'a flow to one that is gone',
      line('10.96.0.10', 53, '10.244.0.6', 5353),
      ['10.244.0.5'],
      true,
    ],
    ['an external address', line('203.0.113.9', 53, '10.244.0.6', 5353), ['10.244.0.5'], true],
    ['a node port', line('192.168.0.1', 30053, '10.244.0.6', 5353), ['10.244.0.5'], true],
    ['a service without endpoints', line('10.96.0.10', 53, '10.244.0.6', 5353), [], false],
    ['another port', line('10.96.0.10', 54, '10.244.0.6', 5353), ['10.244.0.5'], false],
  ];
  for (const [name, text, endpoints, stale] of cases) {
    it(`${stale ? 'forgets' : 'keeps'} ${name}`, () => {
      assert.equal(staleFlows(parseFlows(text), backed(...endpoints)).length, stale ? 1 : 0);
    });
  }

  it('deletes each stale flow', async () => {
    const ran: string[] = [];
    const run = async (program: string, args: readonly string[]) => {
      ran.push([program, ...args].join(' '));
      return { code: 0, stdout: line('10.96.0.10', 53, '10.244.0.6', 5353), stderr: '' };
    };
    assert.equal(await forgetStaleFlows(run, 'IPv4', backed('10.244.0.5')), 1);
    assert.deepEqual(ran, [
      'conntrack -L -p udp -f ipv4',
      'conntrack -D -p udp -f ipv4 --orig-dst 10.96.0.10 --orig-port-dst 53 ' +
        '--reply-src 10.244.0.6 --reply-port-src 5353',
    ]);
  });
});
