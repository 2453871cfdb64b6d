import assert from 'node:assert/strict';
import { dialError, exchangeError, joinHostPort, tlsError, withUrl } from './transport-error.ts';

const failure = (fields: object) => Object.assign(new Error('odd'), fields);

describe('failures of connections', () => {
  const dials: [object, string][] = [
    [
      { code: 'ECONNREFUSED', address: '127.0.0.1', port: 1 },
      'dial tcp 127.0.0.1:1: connect: connection refused',
    ],
    [
      { code: 'EHOSTUNREACH', address: 'fd00::1', port: 443 },
      'dial tcp [fd00::1]:443: connect: no route to host',
    ],
    [{ code: 'EODD', address: '10.0.0.1', port: 443 }, 'dial tcp 10.0.0.1:443: connect: odd'],
  ];
  for (const [fields, expected] of dials) {
    it(`say ${expected}`, () => assert.equal(dialError(failure(fields), 'h').message, expected));
  }

  it('tell of the first of several addresses', () => {
    const several = new AggregateError(dials.map(([fields]) => failure(fields)));
    assert.equal(dialError(several, 'h').message, dials[0]![1]);
  });

  it('say what could not be looked up', () => {
    const { message } = dialError(failure({ code: 'ENOTFOUND' }), 'no.such');
    assert.match(message, /^dial tcp: lookup no\.such( on \S+:53)?: no such host$/);
  });

  const ends = 'a:1->b:2';
  const exchanges: [object, string][] = [
    [{ code: 'ECONNRESET' }, 'EOF'],
    [{ code: 'ECONNRESET', syscall: 'read' }, `read tcp ${ends}: read: connection reset by peer`],
    [{ code: 'EPIPE', syscall: 'write' }, `write tcp ${ends}: write: broken pipe`],
    [{ code: 'HPE_INVALID_CONSTANT' }, 'malformed HTTP response'],
  ];
  for (const [fields, expected] of exchanges) {
    it(`say ${expected}`, () => {
      assert.equal(exchangeError(failure(fields), ends).message, expected);
    });
  }

  const handshakes: [string, string][] = [
    ['ERR_SSL_WRONG_VERSION_NUMBER', 'http: server gave HTTP response to HTTPS client'],
    ['ERR_SSL_TLSV1_ALERT_UNKNOWN_CA', 'remote error: tls: unknown certificate authority'],
    ['ERR_SSL_SSLV3_ALERT_BAD_CERTIFICATE', 'remote error: tls: bad certificate'],
    ['ERR_SSL_TLSV13_ALERT_CERTIFICATE_REQUIRED', 'remote error: tls: certificate required'],
    ['ECONNRESET', 'EOF'],
    ['OTHER', 'odd'],
  ];
  for (const [code, expected] of handshakes) {
    it(`say ${expected} for ${code}`, () => {
      assert.equal(tlsError(failure({ code })).message, expected);
    });
  }

  it('name the request', () => {
    assert.equal(withUrl('POST', 'https://a/?b', 'why'), 'Post "https://a/?b": why');
    assert.equal(joinHostPort('::1', 2), '[::1]:2');
  });
});
