/** Which address is announced when none is given. */
import assert from 'node:assert/strict';
import type { NetworkInterfaceInfo } from 'node:os';
import { chooseAddress, defaultRouteInterfaces } from './advertise-address.ts';

function address(text: string, internal = false): NetworkInterfaceInfo {
  const family = text.includes(':') ? 'IPv6' : 'IPv4';
  const rest = { netmask: '', mac: '', internal, cidr: null };
  return family === 'IPv4'
    ? { address: text, family, ...rest }
    : { address: text, family, scopeid: 0, ...rest };
}

const machine = {
  lo: [address('127.0.0.1', true), address('::1', true)],
  docker0: [address('172.17.0.1')],
  link: [address('169.254.3.4')],
  eth0: [address('fe80::1'), address('192.0.2.7')],
};

describe('advertise address', () => {
  const cases: [string, string, readonly string[], string][] = [
    ['a bound address', '192.0.2.9', ['eth0'], '192.0.2.9'],
    ['everywhere', '0.0.0.0', ['eth0'], '192.0.2.7'],
    ['everywhere, IPv6 too', '::', ['eth0'], '192.0.2.7'],
    ['loopback only', '127.0.0.1', ['eth0'], '192.0.2.7'],
    ['no default route', '0.0.0.0', [], '172.17.0.1'],
    ['a route over an interface without an address', '0.0.0.0', ['gone', 'link'], '172.17.0.1'],
  ];
  for (const [name, bind, preferred, want] of cases) {
    it(name, () => assert.equal(chooseAddress(bind, machine, preferred), want));
  }

  it('is loopback on a machine without network', () => {
    assert.equal(chooseAddress('0.0.0.0', { lo: machine.lo }, []), '127.0.0.1');
  });

  it('reads the routing table', () => {
    const table = [
      'Iface\tDestination\tGateway \tFlags\tRefCnt\tUse\tMetric\tMask\t\tMTU\tWindow\tIRTT',
      'docker0\t000011AC\t00000000\t0001\t0\t0\t0\t0000FFFF\t0\t0\t0',
      'eth0\t00000000\t010200C0\t0003\t0\t0\t0\t00000000\t0\t0\t0',
      '',
    ].join('\n');
    assert.deepEqual(defaultRouteInterfaces(table), ['eth0']);
    assert.deepEqual(defaultRouteInterfaces(''), []);
  });
});
