/** Documents under conditions and in part. */
import assert from 'node:assert/strict';
import { conditionalAnswer } from './conditional-content.ts';

const modified = 'Mon, 23 Nov 2026 10:00:00 GMT';
const earlier = 'Mon, 23 Nov 2026 09:59:59 GMT';

/** Code and the first bytes; `method` other than GET in front of the headers. */
function ask(headers: Readonly<Record<string, string>>, method = 'GET', etag = '"e"') {
  const {
    code,
    body,
    headers: sent,
  } = conditionalAnswer(
    {
      contentType: 'text/plain',
      headers: etag === '' ? {} : { Etag: etag },
      modifiedMs: Date.parse(modified) + 400,
      body: () => Buffer.from('0123456789'),
    },
    { method, header: (name) => headers[name] },
  );
  return [code, body.toString(), sent['Content-Range']].filter(Boolean).join(' ');
}

describe('conditional content', () => {
  const whole = '200 0123456789';
  const cases: [headers: Record<string, string>, answer: string, method?: string][] = [
    [{}, whole],
    [{}, whole, 'POST'],
    [{ 'if-none-match': '"e"' }, '304'],
    [{ 'if-none-match': 'W/"e"' }, '304'],
    [{ 'if-none-match': '"a", "e"' }, '304'],
    [{ 'if-none-match': '*' }, '304'],
    [{ 'if-none-match': '"a" nonsense "e"' }, whole],
    [{ 'if-none-match': '"a"', 'if-modified-since': modified }, whole],
    [{ 'if-none-match': '"e"' }, '412', 'POST'],
    [{ 'if-modified-since': modified }, '304'],
    [{ 'if-modified-since': earlier }, whole],
    [{ 'if-modified-since': 'nonsense' }, whole],
    [{ 'if-modified-since': modified }, whole, 'POST'],
    [{ 'if-match': '"e"' }, whole],
    [{ 'if-match': '*' }, whole],
    [{ 'if-match': 'W/"e"' }, '412'],
    [{ 'if-match': '"a"' }, '412'],
    [{ 'if-unmodified-since': modified }, whole],
    [{ 'if-unmodified-since': earlier }, '412'],
    [{ 'if-match': '"e"', 'if-unmodified-since': earlier }, whole],
    [{ range: 'bytes=0-1' }, '206 01 bytes 0-1/10'],
    [{ range: 'bytes=8-' }, '206 89 bytes 8-9/10'],
    [{ range: 'bytes=-3' }, '206 789 bytes 7-9/10'],
    [{ range: 'bytes=8-99' }, '206 89 bytes 8-9/10'],
    [{ range: 'bytes=0-1,4-5' }, whole],
    [{ range: 'bytes=' }, whole],
    [{ range: 'bytes=10-' }, '416 invalid range: failed to overlap\n bytes */10'],
    [{ range: 'bytes=2-1' }, '416 invalid range\n'],
    [{ range: 'lines=1-2' }, '416 invalid range\n'],
    [{ range: 'bytes=0-1', 'if-range': '"e"' }, '206 01 bytes 0-1/10'],
    [{ range: 'bytes=0-1', 'if-range': modified }, '206 01 bytes 0-1/10'],
    [{ range: 'bytes=0-1', 'if-range': '"a"' }, whole],
    [{ range: 'bytes=0-1', 'if-range': earlier }, whole],
  ];
  for (const [headers, answer, method] of cases) {
    it(`${method ?? 'GET'} ${JSON.stringify(headers)}: ${answer.trim()}`, () => {
      assert.equal(ask(headers, method), answer);
    });
  }

  it('without a tag tell their time with 304', () => {
    const request = {
      method: 'GET',
      header: (n: string) => ({ 'if-modified-since': modified })[n],
    };
    const content = { contentType: '', modifiedMs: Date.parse(modified), body: () => Buffer.of() };
    const sent = (headers: Record<string, string>) =>
      conditionalAnswer({ ...content, headers }, request).headers;
    assert.deepEqual(sent({}), { 'Last-Modified': modified });
    assert.deepEqual(sent({ Etag: '"e"', Vary: 'a' }), { Etag: '"e"', Vary: 'a' });
  });
});
