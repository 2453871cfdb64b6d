/** Continue tokens: what goes out comes in again, what nobody has made is refused. */
import assert from 'node:assert/strict';
import { StatusError } from '../../machinery/meta/status-error.ts';
import { ContinueExpiredError, decodeContinue, encodeContinue } from './continue-token.ts';

const tokenOf = (text: string) => Buffer.from(text).toString('base64url');
const messageOf = (token: string): string => {
  try {
    return JSON.stringify(decodeContinue(token));
  } catch (e) {
    assert.ok(e instanceof StatusError && e.code === 400);
    return e.message.replace('invalid continue token: continue key is not valid', '…');
  }
};
const v = '"v":"meta.k8s.io/v1"';

describe('continue tokens', () => {
  it('bring back what went out', () => {
    for (const key of ['a', 'ns/a', 'é/\ud83d\ude00']) {
      assert.deepEqual(decodeContinue(encodeContinue(key, 7)), {
        startKey: `${key}\0`,
        revision: 7,
      });
    }
  });

  const table: readonly [string, string][] = [
    ['a=b', '…: illegal base64 data at input byte 1'],
    ['é', '…: illegal base64 data at input byte 0'],
    ['aaaaa', '…: illegal base64 data at input byte 4'],
    [tokenOf('x'), "…: invalid character 'x' looking for beginning of value"],
    [tokenOf('{'), '…: unexpected end of JSON input'],
    [tokenOf('[]'), '…: json: cannot unmarshal array into Go value of type storage.continueToken'],
    [tokenOf('1'), '…: json: cannot unmarshal number into Go value of type storage.continueToken'],
    [tokenOf('null'), '…: server does not recognize this encoded version '],
    [tokenOf('{"v":"v2","rv":1}'), '…: server does not recognize this encoded version v2'],
    [
      tokenOf('{"v":1}'),
      '…: json: cannot unmarshal number into Go struct field continueToken.v of type string',
    ],
    [
      tokenOf(`{${v},"rv":1.5}`),
      '…: json: cannot unmarshal number 1.5 into Go struct field continueToken.rv of type int64',
    ],
    [
      tokenOf(`{${v},"rv":"1"}`),
      '…: json: cannot unmarshal string into Go struct field continueToken.rv of type int64',
    ],
    [
      tokenOf(`{${v},"rv":1,"start":{}}`),
      '…: json: cannot unmarshal object into Go struct field continueToken.start of type string',
    ],
    [
      tokenOf(`{${v},"start":"a"}`),
      '…: incorrect encoded start resourceVersion (version meta.k8s.io/v1)',
    ],
    [tokenOf(`{${v},"rv":1}`), '…: encoded start key empty (version meta.k8s.io/v1)'],
    [tokenOf(`{${v},"rv":1,"start":"../a"}`), '…: ../a'],
    [tokenOf(`{${v},"rv":1,"start":"a/./b"}`), '…: a/./b'],
    [tokenOf(`{${v},"rv":1,"start":"a//b"}`), '…: a//b'],
    [tokenOf(`{${v},"rv":1,"start":"a/"}`), '…: a/'],
    [tokenOf(`{"V":"meta.k8s.io/v1","RV":-1,"Start":"/a.b"}`), '{"startKey":"a.b","revision":-1}'],
  ];
  for (const [token, expected] of table) {
    it(`${Buffer.from(token, 'base64url').toString()} (${token.slice(0, 6)})`, () => {
      assert.equal(messageOf(token), expected);
    });
  }

  it('of a revision that is gone, one comes that goes on in the present', () => {
    const { code, reason, metadata } = new ContinueExpiredError('ns/a\0').toStatus();
    assert.deepEqual([code, reason], [410, 'Expired']);
    assert.deepEqual(decodeContinue(metadata['continue'] as string), {
      startKey: 'ns/a\0',
      revision: -1,
    });
  });
});
