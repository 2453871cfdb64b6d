import assert from 'node:assert/strict';
import { parseKubeconfig } from './kubeconfig.ts';

const text = (user: string, cluster = '') => `
apiVersion: v1
kind: Config
current-context: main
contexts:
- {name: main, context: {cluster: c, user: u, namespace: ns}}
clusters:
- {name: c, cluster: {server: 'https://127.0.0.1:6443/', certificate-authority-data: Q0E=${cluster}}}
users:
- {name: u, user: {${user}}}
`;

describe('parseKubeconfig', () => {
  it('reads server, authority, credentials and namespace of the current context', () => {
    const user = 'client-certificate-data: Q1JU, client-key-data: S0VZ, token: T, tokenFile: f/t';
    assert.deepEqual(parseKubeconfig(text(user, ', tls-server-name: k'), '/x'), {
      server: 'https://127.0.0.1:6443',
      ca: 'CA',
      cert: 'CRT',
      key: 'KEY',
      token: 'T',
      tokenFile: '/x/f/t',
      tlsServerName: 'k',
      namespace: 'ns',
    });
  });

  for (const [what, user, error] of [
    ['an exec plugin', 'exec: {command: x}', /user setting "exec" is not supported/],
    ['a password', 'username: a', /user setting "username" is not supported/],
  ] as const) {
    it(`refuses ${what}`, () => assert.throws(() => parseKubeconfig(text(user), '/'), error));
  }

  it('says which context is missing', () => {
    assert.throws(() => parseKubeconfig(text(''), '/', 'other'), /no context "other"/);
  });
});
