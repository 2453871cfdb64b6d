import assert from 'node:assert/strict';
import { X509Certificate } from 'node:crypto';
import { createAuthority, issue, type KeyAndCertificate } from '../pki/pki.ts';
import { TrustedAuthorities } from '../pki/trusted-authorities.ts';
import type { Authentication } from './authenticator.ts';
import { frontProxy, withholdHeaders } from './front-proxy.ts';

describe('a front proxy', () => {
  let ca: KeyAndCertificate;
  let proxy: X509Certificate;
  let stranger: X509Certificate;
  before(async () => {
    ca = await createAuthority('proxies');
    const request = { commonName: 'front-proxy', usages: ['client'] } as const;
    proxy = new X509Certificate((await issue(ca, request)).certificate);
    const other = await createAuthority('others');
    stranger = new X509Certificate((await issue(other, request)).certificate);
  });

  async function ask(
    certificate: X509Certificate | undefined,
    headers: readonly string[],
    allowedNames: readonly string[] = ['front-proxy'],
  ): Promise<Authentication> {
    const authenticator = frontProxy({
      clientCa: new TrustedAuthorities(ca.certificate),
      allowedNames,
      usernameHeaders: ['X-Remote-User', 'X-User'],
      uidHeaders: ['X-Remote-Uid'],
      groupHeaders: ['X-Remote-Group'],
      extraHeaderPrefixes: ['X-Remote-Extra-'],
    });
    const parsed: Record<string, string> = {};
    for (let i = 0; i < headers.length; i += 2) parsed[headers[i]!.toLowerCase()] = headers[i + 1]!;
    return await authenticator.authenticate({
      headers: parsed,
      rawHeaders: headers,
      peerCertificate: () => certificate,
      remoteAddress: undefined,
    });
  }

  it('is believed about user, uid, groups and extra', async () => {
    const answer = await ask(proxy, [
      ...['X-Remote-User', 'alice', 'x-remote-uid', '7', 'X-Remote-Group', 'a,b'],
      ...['X-Remote-Group', '', 'X-Remote-Group', 'c', 'X-Remote-Extra-Acme.com%2fTeam', 'x'],
    ]);
    assert.deepEqual(answer, {
      user: {
        name: 'alice',
        uid: '7',
        groups: ['a,b', 'c'],
        extra: { 'acme.com/team': ['x'] },
      },
    });
  });

  it('may use any of the headers for the name', async () => {
    const answer = await ask(proxy, ['X-Remote-User', '', 'X-User', 'bob']);
    assert.deepEqual(answer, { user: { name: 'bob', groups: [] } });
  });

  it('may have any name when none is asked for', async () => {
    assert.deepEqual(await ask(proxy, ['X-User', 'bob'], []), {
      user: { name: 'bob', groups: [] },
    });
  });

  it('speaks to this server alone', () => {
    const rawHeaders = ['Accept', 'a', 'X-User', 'bob', 'x-more-Team', 't', 'X-Other', 'o'];
    const headers = { accept: 'a', 'x-user': 'bob', 'x-more-team': 't', 'x-other': 'o' };
    withholdHeaders({
      clientCa: new TrustedAuthorities(ca.certificate),
      allowedNames: [],
      usernameHeaders: ['X-User'],
      uidHeaders: [],
      groupHeaders: [],
      extraHeaderPrefixes: ['X-More-'],
    })({ headers, rawHeaders });
    assert.deepEqual(rawHeaders, ['Accept', 'a', 'X-Other', 'o']);
    assert.deepEqual(headers, { accept: 'a', 'x-other': 'o' });
  });

  const user = ['X-Remote-User', 'alice'];
  it('is nobody without a certificate', async () => {
    assert.equal(await ask(undefined, user), undefined);
  });
  it('is nobody when it names no user', async () => {
    assert.equal(await ask(proxy, []), undefined);
  });
  it('is not believed with a certificate of somebody else', async () => {
    const answer = await ask(stranger, user);
    assert.deepEqual(answer, { invalid: 'x509: certificate signed by unknown authority' });
  });
  it('is not believed under another name', async () => {
    const answer = await ask(proxy, user, ['other']);
    const invalid = 'x509: subject with cn=front-proxy is not in the allowed list';
    assert.deepEqual(answer, { invalid });
  });
});
