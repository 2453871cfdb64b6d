import assert from 'node:assert/strict';
import * as names from './names.ts';

const label =
  "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and " +
  "must start and end with an alphanumeric character (e.g. 'my-name',  or '123-abc', regex used " +
  "for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?')";

describe('names', () => {
  const good: [names.NameCheck, string[]][] = [
    [names.isDns1123Label, ['a', '0', 'a-b', 'a'.repeat(63)]],
    [names.isDns1123Subdomain, ['a', 'a.b', '1.2.3', `${'a'.repeat(250)}.b`]],
    [names.isDns1035Label, ['a', 'a1', 'a-1']],
    [names.isQualifiedName, ['a', 'A.b_c-d', 'example.com/A', '1/2']],
    [names.isLabelValue, ['', 'a', 'A_b.c-d']],
    [names.isConfigMapKey, ['a', '.a', 'A-b_c.d']],
    [names.isRelaxedEnvVarName, ['a', '1a', 'a b', '..', '~']],
    [names.isEnvVarName, ['a', '_a', '.a', 'a.b-c']],
    [names.isPortName, ['http', 'a1', '1-a']],
    [names.isPercent, ['0%', '100%']],
    [names.isPathSegmentName, ['a', 'A:b', '...']],
    [names.isWildcardDns1123Subdomain, ['*.a', '*.a.b']],
    [names.isDns1123SubdomainWithUnderscore, ['_a.b_c']],
    [names.isDecimalInteger, ['0', '-1', '10']],
    [names.isCIdentifier, ['_a1']],
    [names.isHttpHeaderName, ['X-A']],
  ];
  for (const [check, values] of good) {
    it(`${check.name} accepts`, () => {
      for (const v of values) assert.deepEqual(check(v), [], v);
    });
  }

  const bad: [names.NameCheck, string, string[]][] = [
    [names.isDns1123Label, 'A', [label]],
    [names.isDns1123Label, 'a.b', ['must not contain dots']],
    [names.isDns1123Label, 'a'.repeat(64), ['must be no more than 63 characters']],
    [names.isLabelValue, 'a'.repeat(64), ['must be no more than 63 bytes']],
    [names.isConfigMapKey, '..', ["must not be '..'"]],
    [names.isConfigMapKey, '..a', ["must not start with '..'"]],
    [names.isPathSegmentName, '.', ["may not be '.'"]],
    [names.isPathSegmentName, 'a/b%', ["may not contain '/'", "may not contain '%'"]],
    [names.isRelaxedEnvVarName, '', ['environment variable name must be non-empty']],
    [
      names.isRelaxedEnvVarName,
      'a=b',
      [
        'a valid environment variable name must consist only of printable ASCII characters other ' +
          "than '='",
      ],
    ],
    [
      names.isPortName,
      '--',
      [
        'must contain at least one letter (a-z)',
        'must not contain consecutive hyphens',
        'must not begin or end with a hyphen',
      ],
    ],
    [
      names.isQualifiedName,
      'A/',
      [
        'prefix part a lowercase RFC 1123 subdomain must consist of lower case alphanumeric ' +
          "characters, '-' or '.', and must start and end with an alphanumeric character (e.g. " +
          "'example.com', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]" +
          "([-a-z0-9]*[a-z0-9])?)*')",
        'name part must be non-empty',
        "name part must consist of alphanumeric characters, '-', '_' or '.', and must start and " +
          "end with an alphanumeric character (e.g. 'MyName',  or 'my.name',  or '123-abc', regex " +
          "used for validation is '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]')",
      ],
    ],
    [names.isDecimalInteger, '-0', ['must be a valid decimal integer in canonical form']],
  ];
  for (const [check, value, want] of bad) {
    it(`${check.name} refuses ${value.slice(0, 12)}`, () => assert.deepEqual(check(value), want));
  }

  it('checks numbers', () => {
    assert.deepEqual(names.isPortNumber(0), ['must be between 1 and 65535, inclusive']);
    assert.deepEqual(names.isUnixId(-1), ['must be between 0 and 2147483647, inclusive']);
    assert.deepEqual(names.isInRange(5, 1, 5), []);
  });

  it('lets a generateName end with a dash', () => {
    assert.deepEqual(names.nameIsDnsLabel('abc-', true), []);
    assert.deepEqual(names.nameIsDnsLabel('abc-', false), [label]);
    assert.deepEqual(names.nameIsDnsSubdomain('-', true).length, 1);
    assert.deepEqual(names.nameIsPathSegment('.', true), []);
  });

  it('takes no time over hostile texts', () => {
    const text = `${'a'.repeat(100_000)}!`;
    for (const [check] of good) check(text);
    for (const [check] of good) check(`${'a.'.repeat(50_000)}!`);
  });
});
