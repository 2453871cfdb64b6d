import assert from 'node:assert/strict';
import { parseGoUrl } from './go-url.ts';

describe('parseGoUrl', () => {
  it('takes URLs apart', () => {
    assert.deepEqual(parseGoUrl('HTTPS://a:b%20c@h.example:8443/p%2fq?x=1#f'), {
      scheme: 'https',
      user: 'a:b%20c',
      host: 'h.example:8443',
      path: '/p/q',
      query: 'x=1',
      fragment: 'f',
    });
    assert.deepEqual(parseGoUrl('/only/path'), {
      scheme: '',
      user: undefined,
      host: '',
      path: '/only/path',
      query: '',
      fragment: '',
    });
    const opaque = parseGoUrl('mailto:a@b');
    assert.ok('scheme' in opaque && opaque.scheme === 'mailto' && opaque.host === '');
    const v6 = parseGoUrl('https://[::1]:443/');
    assert.ok('host' in v6 && v6.host === '[::1]:443');
  });

  const refused: [string, string][] = [
    [':x', 'parse ":x": missing protocol scheme'],
    ['https://h:x/', 'parse "https://h:x/": invalid port ":x" after host'],
    ['a:b@c:d', ''],
    ['1a:b', 'parse "1a:b": first path segment in URL cannot contain colon'],
    ['https://h/%zz', 'parse "https://h/%zz": invalid URL escape "%zz"'],
    ['https://h\u0001/', 'parse "https://h\\x01/": net/url: invalid control character in URL'],
    ['https://a b/', 'parse "https://a b/": invalid character " " in host name'],
    ['https://[::1/', 'parse "https://[::1/": missing \']\' in host'],
  ];
  for (const [text, expected] of refused) {
    it(`of ${JSON.stringify(text)} says ${expected || 'nothing'}`, () => {
      const url = parseGoUrl(text);
      assert.equal('problem' in url ? url.problem : '', expected);
    });
  }
});
