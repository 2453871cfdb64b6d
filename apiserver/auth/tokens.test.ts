import assert from 'node:assert/strict';
import { bearerToken, hasMisplacedToken } from './authenticator.ts';
import { bearer } from './bearer.ts';
import { tokenFile } from './token-file.ts';

describe('bearerToken', () => {
  const protocol = 'base64url.bearer.authorization.k8s.io.';
  const socket = (offer: string) => ({ upgrade: 'websocket', 'sec-websocket-protocol': offer });
  const cases: [Parameters<typeof bearerToken>[0], string | undefined][] = [
    [{}, undefined],
    [{ authorization: 'Bearer abc' }, 'abc'],
    [{ authorization: ' bearer abc  x' }, 'abc'],
    [{ authorization: 'Bearer  abc' }, undefined],
    [{ authorization: 'Bearer ' }, undefined],
    [{ authorization: 'Basic abc' }, undefined],
    [socket(`${protocol}YWJj, v5.channel.k8s.io`), 'abc'],
    [socket('v5.channel.k8s.io'), undefined],
    [socket(`${protocol}YWJj`), ''],
    [socket(`${protocol}YWJj, ${protocol}YWJj, x`), ''],
    [socket(`${protocol}Y W, x`), ''],
    [{ 'sec-websocket-protocol': `${protocol}YWJj, x` }, undefined],
  ];
  for (const [headers, expected] of cases) {
    it(JSON.stringify(headers), () => assert.equal(bearerToken(headers), expected));
  }
});

describe('hasMisplacedToken', () => {
  const cases: [string | undefined, boolean][] = [
    [undefined, false],
    ['Bearer abc', false],
    ['Bearer ', false],
    ['Bearer  ', false],
    ['Bearer  abc', true],
    ['Basic  abc', false],
  ];
  for (const [header, expected] of cases) {
    it(JSON.stringify(header ?? null), () => assert.equal(hasMisplacedToken(header), expected));
  }
});

describe('the token file', () => {
  const file = tokenFile(
    ['# comment', 'one,alice,1,"devs,ops"', 'two, bob ,,', 'th""ree,"a ""b""",3'].join('\n'),
  );
  const cases: [string, object | undefined][] = [
    ['one', { user: { name: 'alice', uid: '1', groups: ['devs', 'ops'] } }],
    ['two', { user: { name: 'bob', groups: [] } }],
    ['th""ree', { user: { name: 'a "b"', uid: '3', groups: [] } }],
    ['# comment', undefined],
    ['', undefined],
  ];
  for (const [token, expected] of cases) {
    it(`tells whose ${JSON.stringify(token)} is`, () => {
      assert.deepEqual(file.authenticateToken(token, []), expected);
    });
  }

  it('names the line that is wrong', () => {
    assert.throws(() => tokenFile('a,b,c\nx'), /line 2: expected at least the columns/);
  });
});

describe('bearer tokens', () => {
  it('are good when one authenticator says so', async () => {
    const refuses = { name: 'r', authenticateToken: () => ({ invalid: 'no' }) };
    const asked = bearer([refuses, tokenFile('one,alice,')]);
    const answer = (headers: Record<string, string>) =>
      asked.authenticate({
        headers,
        rawHeaders: [],
        peerCertificate: () => undefined,
        remoteAddress: undefined,
      });
    const good = await answer({ authorization: 'Bearer one' });
    assert.deepEqual(good, { user: { name: 'alice', groups: [] } });
    assert('invalid' in ((await answer({ authorization: 'Bearer two' })) ?? {}));
    assert.equal(await answer({}), undefined);
  });
});
