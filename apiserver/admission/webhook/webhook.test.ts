import assert from 'node:assert/strict';
import { testEnvironment } from '../test-environment.ts';
import { mutatingAdmissionWebhook, validatingAdmissionWebhook } from './webhook.ts';

describe('plugins of webhooks', () => {
  const kind = {
    apiVersion: 'apiserver.config.k8s.io/v1',
    kind: 'WebhookAdmissionConfiguration',
  };
  const cases: [string, object | undefined, RegExp | undefined][] = [
    ['none', undefined, undefined],
    ['without users', kind, undefined],
    ['of another kind', { ...kind, kind: 'Other' }, /must be a WebhookAdmissionConfiguration/],
    [
      'with a relative file',
      { ...kind, kubeConfigFile: 'a/b' },
      /kubeConfigFile: Invalid value: "a\/b": must be an absolute file path/,
    ],
    ['with a file that is not there', { ...kind, kubeConfigFile: '/nosuch' }, /\/nosuch: ENOENT/],
    [
      'with what is not acted on',
      { ...kind, staticManifestsDir: '/x' },
      /staticManifestsDir is not supported/,
    ],
  ];
  for (const [name, configuration, problem] of cases) {
    it(`take configurations: ${name}`, () => {
      const build = () => {
        const env = testEnvironment();
        return [mutatingAdmissionWebhook, validatingAdmissionWebhook].map((b) =>
          b(env, configuration),
        );
      };
      if (problem !== undefined) {
        assert.throws(build, problem);
        return;
      }
      assert.deepEqual(
        build().map((p) => p.name),
        ['MutatingAdmissionWebhook', 'ValidatingAdmissionWebhook'],
      );
    });
  }
});
