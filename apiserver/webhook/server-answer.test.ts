import assert from 'node:assert/strict';
import { answerError } from './server-answer.ts';

describe('answers that are no success', () => {
  const text = 'text/plain; charset=utf-8';
  const cases: [number, string | undefined, string, string, string][] = [
    [
      500,
      text,
      'boom\n',
      'InternalError',
      'an error on the server ("boom") has prevented the request from succeeding',
    ],
    [
      502,
      undefined,
      'b',
      'InternalError',
      'an error on the server ("b") has prevented the request from succeeding',
    ],
    [
      500,
      'application/json',
      '{}',
      'InternalError',
      'an error on the server ("unknown") has prevented the request from succeeding',
    ],
    [404, text, 'x', 'NotFound', 'the server could not find the requested resource'],
    [403, text, 'not you', 'Forbidden', 'not you'],
    [406, text, 'only this', 'NotAcceptable', 'only this'],
    [
      406,
      text,
      '',
      'NotAcceptable',
      'the server was unable to respond with a content type that the client supports',
    ],
    [503, text, 'x', 'ServiceUnavailable', 'the server is currently unable to handle the request'],
    [
      418,
      text,
      'x',
      '',
      'the server responded with the status code 418 but did not return more information',
    ],
    [
      409,
      'application/json',
      '{"kind":"Status","apiVersion":"v1","status":"Failure","message":"m","reason":"Forbidden","code":403}',
      'Forbidden',
      'm',
    ],
  ];
  for (const [code, type, body, reason, message] of cases) {
    it(`${code} ${body}`, () => {
      const error = answerError(code, type, Buffer.from(body));
      assert.deepEqual([error.reason, error.message], [reason, message]);
    });
  }

  it('are told in part when they are long', () => {
    const { message } = answerError(500, text, Buffer.alloc(5000, 'y'));
    assert.equal(message.match(/y/g)?.length, 2048);
  });
});
