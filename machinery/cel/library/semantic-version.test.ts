import assert from 'node:assert/strict';
import {
  compareVersions,
  parseNormalizedVersion,
  parseSemanticVersion,
} from './semantic-version.ts';

describe('semantic versions', () => {
  const read: [string, string][] = [
    ['1.2.3', '1.2.3'],
    ['1.2.3-alpha.1+build.5', '1.2.3-alpha.1'],
    ['', 'Version string empty'],
    ['1.2', 'No Major.Minor.Patch elements found'],
    ['v1.2.3', 'Invalid character(s) found in major number "v1"'],
    ['1.02.3', 'Minor number must not contain leading zeroes "02"'],
    ['1.2.', 'strconv.ParseUint: parsing "": invalid syntax'],
    [
      '18446744073709551616.0.0',
      'strconv.ParseUint: parsing "18446744073709551616": value out of range',
    ],
    ['1.2.3-', 'Prerelease is empty'],
    ['1.2.3-01', 'Numeric PreRelease version must not contain leading zeroes "01"'],
    ['1.2.3-a_b', 'Invalid character(s) found in prerelease "a_b"'],
    ['1.2.3+', 'Build meta data is empty'],
    ['1.2.3+a_b', 'Invalid character(s) found in build meta data "a_b"'],
  ];
  for (const [text, expected] of read) {
    it(`${text}: ${expected}`, () => {
      const v = parseSemanticVersion(text);
      if ('problem' in v) return assert.equal(v.problem, expected);
      const end = v.prerelease.length > 0 ? `-${v.prerelease.join('.')}` : '';
      assert.equal(`${v.major}.${v.minor}.${v.patch}${end}`, expected);
    });
  }

  const normalized: [string, string][] = [
    ['v1.0', '1.0.0'],
    ['01.002.3-alpha', '1.2.3-alpha'],
    ['1', '1.0.0'],
    ['00.0.0', '0.0.0'],
  ];
  for (const [text, same] of normalized) {
    it(`${text} is normalized to ${same}`, () => {
      assert.deepEqual(parseNormalizedVersion(text), parseSemanticVersion(same));
    });
  }

  it('keeps short versions without pre-releases', () => {
    const problem = 'short version cannot contain PreRelease/Build meta data';
    assert.deepEqual(parseNormalizedVersion('1.0-alpha'), { problem });
  });

  it('orders them', () => {
    const sorted = ['1.0.0-1', '1.0.0-2.a', '1.0.0-a', '1.0.0-a.1', '1.0.0', '1.0.1', '2.0.0'];
    const versions = sorted.map((t) => {
      const v = parseSemanticVersion(t);
      assert.ok(!('problem' in v));
      return v;
    });
    for (const [i, a] of versions.entries()) {
      for (const [j, b] of versions.entries()) {
        assert.equal(compareVersions(a, b), Math.sign(i - j));
      }
    }
  });
});
