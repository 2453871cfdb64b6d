import assert from 'node:assert/strict';
import { generateKeyPairSync } from 'node:crypto';
import { TokenKeys, uncheckedClaims } from './token-keys.ts';

const encoding = {
  publicKeyEncoding: { type: 'spki', format: 'pem' },
  privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
} as const;
const ec = (namedCurve: string) => generateKeyPairSync('ec', { namedCurve, ...encoding });
const rsa = generateKeyPairSync('rsa', { modulusLength: 2048, ...encoding });
const own = ec('P-256');
const claims = { iss: 'i', sub: 's' };
const part = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url');

describe('TokenKeys', () => {
  const kinds: [string, string][] = [
    ['RS256', rsa.privateKey],
    ['ES256', own.privateKey],
    ['ES384', ec('P-384').privateKey],
    ['ES512', ec('P-521').privateKey],
  ];
  for (const [algorithm, privateKey] of kinds) {
    it(`signs and checks ${algorithm}`, async () => {
      const keys = new TokenKeys(privateKey, []);
      const token = keys.sign(claims);
      assert.deepEqual(keys.verify(token), claims);
      const { keys: published } = (await keys.jwks()) as { keys: Record<string, string>[] };
      const header = JSON.parse(Buffer.from(token.split('.')[0]!, 'base64url').toString());
      assert.deepEqual(header, { alg: algorithm, kid: published[0]?.['kid'] });
      assert.equal(published[0]?.['d'], undefined);
    });
  }

  it('checks with all keys of all files', () => {
    const other = ec('P-256');
    const file = `${ec('P-384').publicKey}\nsome text\n${other.privateKey}`;
    const token = new TokenKeys(other.privateKey, []).sign(claims);
    assert.deepEqual(new TokenKeys(own.privateKey, [rsa.publicKey, file]).verify(token), claims);
    assert.equal(new TokenKeys(own.privateKey, [rsa.publicKey]).verify(token), undefined);
  });

  it('refuses keys that it cannot use', () => {
    const ed25519 = generateKeyPairSync('ed25519', encoding);
    assert.throws(() => new TokenKeys(ed25519.privateKey, []), /of type ed25519 .*not supported/);
    assert.throws(() => new TokenKeys(own.privateKey, ['x']), /no service account key found/);
  });

  const keys = new TokenKeys(own.privateKey, []);
  const [head, body, signature] = keys.sign(claims).split('.');
  const forged: [string, string][] = [
    ['no token', 'x'],
    ['too many parts', `${head}.${body}.${signature}.x`],
    ['other claims', `${head}.${part({ iss: 'j' })}.${signature}`],
    ['no signature', `${head}.${body}.`],
    ['the algorithm none', `${part({ alg: 'none' })}.${body}.`],
    ['an algorithm of another kind of key', `${part({ alg: 'HS256' })}.${body}.${signature}`],
    ['a header that is no object', `${part(null)}.${body}.${signature}`],
    ['a header that is no JSON', `e30x.${body}.${signature}`],
  ];
  for (const [what, token] of forged) {
    it(`does not take ${what}`, () => assert.equal(keys.verify(token), undefined));
  }

  it('reads claims without a look at the signature', () => {
    assert.deepEqual(uncheckedClaims(`x.${part({ iss: 'i' })}.y`), { iss: 'i' });
    for (const text of ['', 'a.b', 'a.b.c', `x.${part([])}.y`]) {
      assert.equal(uncheckedClaims(text), undefined);
    }
  });
});
