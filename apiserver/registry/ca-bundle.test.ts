import assert from 'node:assert/strict';
import { caBundleProblem } from './ca-bundle.ts';

describe('caBundleProblem', () => {
  const base64 = (text: string): string => Buffer.from(text).toString('base64');

  it('tells what a bundle lacks', () => {
    assert.equal(caBundleProblem(''), undefined);
    assert.equal(
      caBundleProblem(base64('x')),
      'unable to load root certificates: unable to parse bytes as PEM block',
    );
    assert.equal(
      caBundleProblem(base64('-----BEGIN KEY-----\nYQ==\n-----END KEY-----\n')),
      'unable to load root certificates: no valid certificate authority data seen',
    );
    const bad = base64('-----BEGIN CERTIFICATE-----\nYQ==\n-----END CERTIFICATE-----\n');
    assert.match(caBundleProblem(bad) ?? '', /^unable to load root certificates: failed to parse/);
  });
});
