import assert from 'node:assert/strict';
import { egressRules, ownRules } from './forwarding.ts';
import { isEmpty } from './machine-state.ts';
import { hostPortRemovals } from './pod-network.ts';

describe('rules in tables of others', () => {
  it('of the forward chain are known again by their comment', () => {
    const rules = [
      '-P FORWARD DROP',
      '-A FORWARD -d 10.244.0.0/16 -m comment --comment "k8ts pods" -j ACCEPT',
      '-A FORWARD -j DOCKER-USER',
      '-A FORWARD -s 10.244.0.0/16 -m comment --comment "not k8ts pods" -j ACCEPT',
    ];
    const match = ['-d', '10.244.0.0/16', '-m', 'comment', '--comment', 'k8ts pods'];
    assert.deepEqual(ownRules(rules), [['-D', 'FORWARD', ...match, '-j', 'ACCEPT']]);
  });

  const chains = [
    '-P PREROUTING ACCEPT',
    '-N CNI-HOSTPORT-DNAT',
    '-N CNI-HOSTPORT-MASQ',
    '-A PREROUTING -m addrtype --dst-type LOCAL -j CNI-HOSTPORT-DNAT',
    '-A POSTROUTING -m comment --comment "CNI portfwd requiring masquerade" -j CNI-HOSTPORT-MASQ',
    '-A OUTPUT -j DOCKER',
  ];
  it('of host ports go when no pod uses them', () => {
    const comment = ['-m', 'comment', '--comment', 'CNI portfwd requiring masquerade'];
    assert.deepEqual(hostPortRemovals(chains), [
      ['-D', 'PREROUTING', '-m', 'addrtype', '--dst-type', 'LOCAL', '-j', 'CNI-HOSTPORT-DNAT'],
      ['-D', 'POSTROUTING', ...comment, '-j', 'CNI-HOSTPORT-MASQ'],
      ['-F', 'CNI-HOSTPORT-DNAT'],
      ['-F', 'CNI-HOSTPORT-MASQ'],
      ['-X', 'CNI-HOSTPORT-DNAT'],
      ['-X', 'CNI-HOSTPORT-MASQ'],
    ]);
  });
  it('of host ports stay while a pod of another cluster uses them', () => {
    assert.deepEqual(hostPortRemovals([...chains, '-N CNI-DN-0123456789abcdef']), []);
  });
  it('of host ports: nothing to do where there are none', () => {
    assert.deepEqual(hostPortRemovals(['-P PREROUTING ACCEPT']), []);
  });

  const item = (kind: string, fields: object) => ({ [kind]: fields });
  const hook = item('chain', { name: 'POSTROUTING', hook: 'postrouting' });
  const tables: [string, object[], boolean][] = [
    ['with hooks only is empty', [item('table', { name: 'nat' }), hook], true],
    ['with a rule is in use', [hook, item('rule', { chain: 'POSTROUTING' })], false],
    ['with a chain of its own is in use', [hook, item('chain', { name: 'DOCKER' })], false],
  ];
  for (const [name, nftables, empty] of tables) {
    it(`a table ${name}`, () => assert.equal(isEmpty(JSON.stringify({ nftables })), empty));
  }
  it('the way out is of the family of the addresses', () => {
    assert.match(egressRules('10.244.0.0/16'), /^table ip k8ts-egress\n[\s\S]*ip saddr 10\.244/);
    assert.match(egressRules('fd00:10::/56'), /^table ip6 k8ts-egress\n[\s\S]*ip6 saddr fd00/);
  });
});
