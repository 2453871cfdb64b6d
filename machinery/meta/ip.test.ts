import assert from 'node:assert/strict';
import { FieldPath } from './field-error.ts';
import * as ip from './ip.ts';

const at = FieldPath.of('x');
const details = (errors: { detail: string }[]): string[] => errors.map((e) => e.detail);

describe('IP addresses', () => {
  const canonical: [string, string | undefined][] = [
    ['1.2.3.4', '1.2.3.4'],
    ['010.002.003.004', '10.2.3.4'],
    ['256.1.1.1', undefined],
    ['1.2.3', undefined],
    ['1.2.3.4.5', undefined],
    ['', undefined],
    ['::', '::'],
    ['::1', '::1'],
    ['FE80:0:0:0:0:0:0:0abc', 'fe80::abc'],
    ['2001:db8:0:1:1:1:1:1', '2001:db8:0:1:1:1:1:1'],
    ['2001:0:0:1:0:0:0:1', '2001:0:0:1::1'],
    ['1:2:3:4:5:6:7::', '1:2:3:4:5:6:7:0'],
    ['1:2:3:4:5:6:7:8::', undefined],
    ['::ffff:1.2.3.4', '1.2.3.4'],
    ['1::2::3', undefined],
    ['fe80::1%eth0', undefined],
    ['12345::', undefined],
    [':1', undefined],
    ['1:2:3:4:5:6:7:', undefined],
    ['::1.2.3.4', '::102:304'],
  ];
  for (const [text, want] of canonical) {
    it(`reads ${JSON.stringify(text)}`, () => {
      const parsed = ip.parseIp(text);
      assert.equal(parsed === undefined ? undefined : ip.formatIp(parsed), want);
    });
  }

  it('checks addresses', () => {
    assert.deepEqual(ip.validateIp('1.2.3.4', at), []);
    assert.deepEqual(details(ip.validateIp('01.2.3.4', at)), ['must not have leading 0s']);
    assert.deepEqual(details(ip.validateIp('::ffff:1.2.3.4', at)), [
      'must not be an IPv4-mapped IPv6 address',
    ]);
    assert.deepEqual(details(ip.validateIp('FE80::1', at)), [
      'must be in canonical form ("fe80::1")',
    ]);
    assert.deepEqual(ip.validateLegacyIp('01.2.3.4', at), []);
    assert.deepEqual(details(ip.validateLegacyIp('x', at)), [
      'must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)',
    ]);
    assert.deepEqual(ip.validateLegacyIp('x', at, true, ['x']), []);
  });

  it('checks blocks', () => {
    assert.deepEqual(ip.validateCidr('10.0.0.0/8', at), []);
    assert.deepEqual(details(ip.validateCidr('10.0.0.1/8', at)), [
      'must not have bits set beyond the prefix length',
    ]);
    assert.deepEqual(details(ip.validateCidr('10.0.0.0/08', at)), [
      'must not have leading 0s in IP or prefix length',
    ]);
    assert.deepEqual(details(ip.validateCidr('10.0.0.0/33', at)), [
      'must be a valid CIDR value, (e.g. 10.9.8.0/24 or 2001:db8::/64)',
    ]);
    assert.deepEqual(details(ip.validateCidr('2001:DB8::/32', at)), [
      'must be in canonical form ("2001:db8::/32")',
    ]);
    assert.deepEqual(ip.validateInterfaceAddress('10.0.0.1/8', at), []);
    assert.equal(ip.cidrContains(ip.parseCidr('10.1.0.0/16')!, ip.parseIp('10.1.2.3')!), true);
    assert.equal(ip.cidrContains(ip.parseCidr('10.1.0.0/16')!, ip.parseIp('10.2.2.3')!), false);
    assert.equal(ip.cidrContains(ip.parseCidr('::/0')!, ip.parseIp('10.2.2.3')!), false);
    assert.equal(ip.cidrContains(ip.parseCidr('fd00::/9')!, ip.parseIp('fd7f::1')!), true);
  });

  it('warns of odd forms', () => {
    assert.deepEqual(ip.ipWarnings('010.0.0.1', at), [
      'x: non-standard IP address "010.0.0.1" is invalid: use "10.0.0.1"',
    ]);
    assert.deepEqual(ip.ipWarnings('2001:DB8::1', at), [
      'x: IPv6 address "2001:DB8::1" should be in RFC 5952 canonical format ("2001:db8::1")',
    ]);
    assert.deepEqual(ip.cidrWarnings('10.0.0.1/8', at), [
      'x: CIDR value "10.0.0.1/8" is ambiguous in this context (should be "10.0.0.0/8" or ' +
        '"10.0.0.1/32"?)',
    ]);
  });
});
