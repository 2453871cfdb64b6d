import assert from 'node:assert/strict';
import { eventRateLimit } from './event-rate-limit.ts';
import { attributes, judge, testEnvironment } from './test-environment.ts';

describe('EventRateLimit', () => {
  const event = (namespace: string, given: object = {}) =>
    attributes({ resource: 'events', kind: 'Event', namespace, object: {}, ...given });

  it('lets a burst pass, and then what flows in', async () => {
    let nowMs = 0;
    const env = { ...testEnvironment(), now: () => nowMs };
    const limits = [{ type: 'Namespace', qps: 2, burst: 2 }];
    const plugin = eventRateLimit(env, { limits });
    const refusal = 'Too many requests: limit reached on type Namespace for key a';
    assert.equal(await judge(plugin, event('a')), undefined);
    assert.equal(await judge(plugin, event('a')), undefined);
    assert.equal(await judge(plugin, event('a')), refusal);
    assert.equal(await judge(plugin, event('a', { dryRun: true })), undefined);
    assert.equal(await judge(plugin, event('a', { group: 'events.k8s.io' })), undefined);
    assert.equal(await judge(plugin, event('b')), undefined);
    nowMs = 500;
    assert.equal(await judge(plugin, event('a')), undefined);
    assert.equal(await judge(plugin, event('a')), refusal);
  });

  it('forgets the key that was used longest ago', async () => {
    const limits = [{ type: 'User', qps: 1, burst: 1, cacheSize: 1 }];
    const plugin = eventRateLimit(testEnvironment(), { limits });
    const by = (name: string) => judge(plugin, event('a', { user: { name, groups: [] } }));
    assert.equal(await by('x'), undefined);
    assert.equal(await by('y'), undefined);
    assert.equal(await by('x'), undefined);
    assert.equal(await by('x'), 'Too many requests: limit reached on type User for key x');
  });

  const malformed: [object, RegExp][] = [
    [{}, /limits: must not be empty/],
    [
      { limits: [{ type: 'X', qps: 1, burst: 1 }] },
      /limits\[0\]\.type: supported values: "Server"/,
    ],
    [{ limits: [{ type: 'Server', qps: 0, burst: 1 }] }, /limits\[0\]\.qps: must be positive/],
  ];
  for (const [document, problem] of malformed) {
    it(`refuses ${JSON.stringify(document)}`, () => {
      assert.throws(() => eventRateLimit(testEnvironment(), document), problem);
    });
  }
});
