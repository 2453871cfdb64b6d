import assert from 'node:assert/strict';
import { AddressRange } from './address-range.ts';

const all = (text: string): string[] => [...AddressRange.parse(text)!.candidates(() => 0.5)];

describe('address ranges', () => {
  it('leave out the addresses of the network itself', () => {
    assert.deepEqual(all('10.0.0.0/30').sort(), ['10.0.0.1', '10.0.0.2']);
    assert.deepEqual(all('fd00::/126').sort(), ['fd00::1', 'fd00::2', 'fd00::3']);
  });

  it('try every address once, those kept for names last', () => {
    const tried = all('10.0.0.0/24');
    assert.equal(new Set(tried).size, 254);
    const low = tried.findIndex((ip) => Number(ip.split('.')[3]) <= 16);
    assert.equal(low, 254 - 16);
  });

  it('know their own', () => {
    const range = AddressRange.parse('10.0.0.0/24')!;
    assert.deepEqual(
      ['10.0.0.0', '10.0.0.1', '10.0.0.255', '10.0.1.1', '::1', 'x'].map((ip) => range.has(ip)),
      [false, true, false, false, false, false],
    );
  });

  it('are CIDR blocks', () => {
    assert.equal(AddressRange.parse('10.0.0.0'), undefined);
  });
});
