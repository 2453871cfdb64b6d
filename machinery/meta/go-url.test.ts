import assert from 'node:assert/strict';
import {
  escapedPath,
  goUrlText,
  parseGoUrl,
  queryParameters,
  requestUriProblem,
  splitHostPort,
} from './go-url.ts';

describe('parseGoUrl', () => {
  it('takes URLs apart', () => {
    const url = parseGoUrl('HTTPS://a:b%20c@h.example:8443/p%2fq?x=1#f');
    assert.ok(!('problem' in url));
    assert.deepEqual(url, {
      scheme: 'https',
      opaque: '',
      user: 'a:b%20c',
      host: 'h.example:8443',
      path: '/p/q',
      rawPath: '/p%2fq',
      query: 'x=1',
      emptyQuery: false,
      hostLeftOut: false,
      fragment: 'f',
      rawFragment: '',
    });
    assert.equal(escapedPath(url), '/p%2fq');
    assert.deepEqual(splitHostPort(url), { hostname: 'h.example', port: '8443' });
    const path = parseGoUrl('/only/path');
    assert.ok('path' in path && path.path === '/only/path' && path.user === undefined);
    const opaque = parseGoUrl('mailto:a@b');
    assert.ok('scheme' in opaque && opaque.scheme === 'mailto' && opaque.host === '');
    const v6 = parseGoUrl('https://[::1]:443/');
    assert.ok('host' in v6 && v6.host === '[::1]:443' && splitHostPort(v6).hostname === '::1');
  });

  it('puts them together again', () => {
    for (const text of ['https://u@h/a%2Fb?q#f', 'mailto:a@b', '/p?', 'x:/p', './a:b', '*']) {
      const url = parseGoUrl(text);
      assert.equal('problem' in url ? url.problem : goUrlText(url), text);
    }
  });

  it('reads queries', () => {
    const url = parseGoUrl('/p?k=1&k=b+c&=x&a%20b=&bad=%zz&no;=1');
    assert.ok(!('problem' in url));
    assert.deepEqual(
      [...queryParameters(url)],
      [
        ['k', ['1', 'b c']],
        ['', ['x']],
        ['a b', ['']],
      ],
    );
  });

  it('tells what a request may not ask for', () => {
    assert.equal(requestUriProblem('https://h/p'), undefined);
    assert.equal(requestUriProblem('//x'), undefined);
    assert.equal(requestUriProblem('p'), 'parse "p": invalid URI for request');
    assert.equal(requestUriProblem(''), 'parse "": empty url');
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
