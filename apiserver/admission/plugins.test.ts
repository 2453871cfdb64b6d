import assert from 'node:assert/strict';
import { admissionPlugins } from './plugins.ts';
import { testEnvironment } from './test-environment.ts';

const names = (enableAdmissionPlugins: string[], disableAdmissionPlugins: string[]) =>
  admissionPlugins({ enableAdmissionPlugins, disableAdmissionPlugins }, testEnvironment()).map(
    (p) => p.name,
  );

describe('admission plugins', () => {
  it('run in a fixed order whatever the flags say', () => {
    const all = names(['NodeRestriction'], []);
    assert.deepEqual(
      all.filter((n) => ['Priority', 'NamespaceLifecycle', 'NodeRestriction'].includes(n)),
      ['NamespaceLifecycle', 'NodeRestriction', 'Priority'],
    );
  });

  it('are on or off as flags and defaults say', () => {
    assert(!names([], []).includes('NodeRestriction'));
    assert(names(['NodeRestriction'], []).includes('NodeRestriction'));
    assert(!names([], ['ServiceAccount']).includes('ServiceAccount'));
  });

  const refusals: [string, string[], string[], RegExp][] = [
    ['an unknown name', ['NoSuch'], [], /--enable-admission-plugins: plugin "NoSuch" is unknown/],
    ['an unknown name to disable', [], ['X'], /--disable-admission-plugins: plugin "X" is unknown/],
    ['one that is not here', ['ImagePolicyWebhook'], [], /ImagePolicyWebhook is not supported/],
    ['a contradiction', ['Priority'], ['Priority'], /Priority are both enabled and disabled/],
  ];
  for (const [what, enable, disable, text] of refusals) {
    it(`refuses ${what}`, () => assert.throws(() => names(enable, disable), text));
  }
});
