import assert from 'node:assert/strict';
import { X509Certificate } from 'node:crypto';
import { createAuthority, issue, type KeyAndCertificate } from '../pki/pki.ts';
import { certificateProblem } from './certificate-problem.ts';

describe('certificates of webhooks', () => {
  let authority: KeyAndCertificate;
  before(async () => {
    authority = await createAuthority('a');
  });
  const made = async (names: string[], commonName = 'hook') =>
    new X509Certificate(
      (await issue(authority, { commonName, names, usages: ['server'] })).certificate,
    );

  const cases: [string, string[], string, string | undefined][] = [
    ['an address', ['127.0.0.1'], '127.0.0.1', undefined],
    ['a name', ['a.b.svc'], 'a.b.svc', undefined],
    ['a name in capitals', ['A.B.svc'], 'a.b.svc', undefined],
    ['a star', ['*.b.svc'], 'a.b.svc', undefined],
    [
      'another address',
      ['10.0.0.9', 'x'],
      '127.0.0.1',
      'x509: certificate is valid for 10.0.0.9, not 127.0.0.1',
    ],
    ['other names', ['a', 'b'], 'c', 'x509: certificate is valid for a, b, not c'],
    [
      'no address at all',
      ['a'],
      '127.0.0.1',
      "x509: cannot validate certificate for 127.0.0.1 because it doesn't contain any IP SANs",
    ],
    [
      'no name at all',
      ['127.0.0.1'],
      'c',
      'x509: certificate is not valid for any names, but wanted to match c',
    ],
  ];
  for (const [name, names, host, expected] of cases) {
    it(`for ${name}`, async () => {
      assert.equal(certificateProblem(await made(names), host, true, Date.now()), expected);
    });
  }

  it('need more than a common name', async () => {
    const problem = certificateProblem(await made([], 'hook'), 'hook', true, Date.now());
    assert.equal(problem, 'x509: certificate relies on legacy Common Name field, use SANs instead');
  });

  it('have a time, which comes first, and a signer, who comes last', async () => {
    const certificate = await made(['a']);
    const at = (text: string) => certificateProblem(certificate, 'b', false, Date.parse(text));
    const told = 'x509: certificate has expired or is not yet valid: current time';
    assert.match(
      at('2100-01-01T00:00:00Z')!,
      new RegExp(`^${told} 2100-01-01T00:00:00Z is after 20`),
    );
    assert.match(
      at('2000-01-01T00:00:00Z')!,
      new RegExp(`^${told} 2000-01-01T00:00:00Z is before 20`),
    );
    assert.equal(
      certificateProblem(certificate, 'a', false, Date.now()),
      'x509: certificate signed by unknown authority',
    );
  });
});
