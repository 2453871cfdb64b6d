import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
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

  describe('with a configuration file', () => {
    let directory: string;
    before(() => {
      directory = mkdtempSync(join(tmpdir(), 'admission-'));
    });
    after(() => rmSync(directory, { recursive: true }));

    const start = (text: string) => {
      const file = join(directory, 'config.yaml');
      writeFileSync(file, text);
      const limits = 'limits: [{ type: Server, qps: 1, burst: 1 }]';
      writeFileSync(join(directory, 'events.yaml'), limits);
      const options = {
        enableAdmissionPlugins: ['EventRateLimit'],
        disableAdmissionPlugins: [],
        admissionControlConfigFile: file,
      };
      return admissionPlugins(options, testEnvironment());
    };
    const head = 'kind: AdmissionConfiguration\nplugins:\n';
    const events = '- name: EventRateLimit\n  path: events.yaml\n';

    it('build plugins from documents inside it and beside it', () => {
      const podSecurity = '- name: PodSecurity\n  configuration: { kind: X }\n';
      assert.doesNotThrow(() => start(head + events));
      assert.throws(() => start(head + podSecurity), /PodSecurity: expected a PodSecurityConf/);
    });

    const broken: [string, string, RegExp][] = [
      ['of another kind', 'kind: X', /must be an AdmissionConfiguration/],
      ['that is no object', 'x', /must be an object/],
      ['for an unknown plugin', `${head}- { name: X, configuration: {} }`, /"X" is unknown/],
      ['that names no file', `${head}- { name: Priority, path: none }`, /cannot read: ENOENT/],
    ];
    for (const [what, text, problem] of broken) {
      it(`refuse one ${what}`, () => assert.throws(() => start(text), problem));
    }
  });
});
