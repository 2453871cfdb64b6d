import assert from 'node:assert/strict';
import {
  addressText,
  maskedPrefix,
  parseAddress,
  parsePrefix,
  prefixText,
  sharePrefix,
} from './net-address.ts';

function readAddress(text: string): string {
  const read = parseAddress(text);
  return 'problem' in read ? read.problem : addressText(read);
}

function readPrefix(text: string): string {
  const read = parsePrefix(text);
  return 'problem' in read ? read.problem : `${prefixText(read)} ${prefixText(maskedPrefix(read))}`;
}

describe('addresses as netip reads them', () => {
  const addresses: [string, string][] = [
    ['1.2.3.4', '1.2.3.4'],
    ['2001:0DB8::0:1', '2001:db8::1'],
    ['::ffff:1.2.3.4', '::ffff:1.2.3.4'],
    ['fe80::1%eth0', 'fe80::1%eth0'],
    ['1::', '1::'],
    ['', 'ParseAddr(""): unable to parse IP'],
    ['x%', 'ParseAddr("x%"): missing IPv6 address'],
    ['01.2.3.4', 'ParseAddr("01.2.3.4"): IPv4 field has octet with leading zero'],
    ['1.2.3', 'ParseAddr("1.2.3"): IPv4 address too short'],
    ['1.2.3.4.5', 'ParseAddr("1.2.3.4.5"): IPv4 address too long'],
    ['1.2.3.256', 'ParseAddr("1.2.3.256"): IPv4 field has value >255'],
    ['1..3.4', 'ParseAddr("1..3.4"): IPv4 field must have at least one digit (at ".3.4")'],
    ['1.2.3.x', 'ParseAddr("1.2.3.x"): unexpected character (at "x")'],
    [':x', 'ParseAddr(":x"): each colon-separated field must have at least one digit (at ":x")'],
    ['1:2', 'ParseAddr("1:2"): address string too short'],
    ['1:2::3::4', 'ParseAddr("1:2::3::4"): multiple :: in address (at ":4")'],
    ['12345::', 'ParseAddr("12345::"): each group must have 4 or less digits (at "12345::")'],
  ];
  for (const [text, expected] of addresses) {
    it(`${text}: ${expected}`, () => assert.equal(readAddress(text), expected));
  }

  const prefixes: [string, string][] = [
    ['10.1.2.3/8', '10.1.2.3/8 10.0.0.0/8'],
    ['2001:db8::1/127', '2001:db8::1/127 2001:db8::/127'],
    ['10.0.0.0', 'netip.ParsePrefix("10.0.0.0"): no \'/\''],
    ['10.0.0.0/33', 'netip.ParsePrefix("10.0.0.0/33"): prefix length out of range'],
    ['10.0.0.0/08', 'netip.ParsePrefix("10.0.0.0/08"): bad bits after slash: "08"'],
    ['x/8', 'netip.ParsePrefix("x/8"): ParseAddr("x"): unable to parse IP'],
    ['fe80::%a/8', 'netip.ParsePrefix("fe80::%a/8"): IPv6 zones cannot be present in a prefix'],
  ];
  for (const [text, expected] of prefixes) {
    it(`${text}: ${expected}`, () => assert.equal(readPrefix(text), expected));
  }

  it('compares the first bits of one family', () => {
    const address = (text: string) => {
      const read = parseAddress(text);
      assert.ok(!('problem' in read));
      return read;
    };
    assert.ok(sharePrefix(address('10.1.0.0'), address('10.1.255.1'), 16));
    assert.ok(!sharePrefix(address('10.1.0.0'), address('10.2.0.0'), 16));
    assert.ok(!sharePrefix(address('0.0.0.0'), address('::'), 0));
  });
});
