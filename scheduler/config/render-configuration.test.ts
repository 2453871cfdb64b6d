import assert from 'node:assert/strict';
import { defaultConfiguration, parseConfiguration } from './configuration.ts';
import { renderConfiguration } from './render-configuration.ts';

describe('the configuration that a scheduler shows', () => {
  it('is read as it is written', () => {
    const text = JSON.stringify({
      ...(renderConfiguration(defaultConfiguration())['componentconfig'] as object),
      profiles: undefined,
      podMaxBackoffSeconds: 20,
    });
    const { maxBackoffMs, leaderElection } = parseConfiguration(text);
    assert.equal(maxBackoffMs, 20_000);
    assert.deepEqual(leaderElection, defaultConfiguration().leaderElection);
  });
});
