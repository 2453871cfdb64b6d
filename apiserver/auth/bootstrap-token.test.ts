import assert from 'node:assert/strict';
import type { KubeObject, Secret } from '../../machinery/schema/wire.ts';
import { bootstrapTokens } from './bootstrap-token.ts';

const good = {
  'token-id': 'abcdef',
  'token-secret': '0123456789abcdef',
  'usage-bootstrap-authentication': 'true',
};
const token = 'abcdef.0123456789abcdef';

function secret(data: Record<string, string>, rest: Partial<Secret> = {}): Secret {
  const encoded = Object.entries(data).map(([k, v]) => [k, Buffer.from(v).toString('base64')]);
  return {
    metadata: { name: 'bootstrap-token-abcdef', namespace: 'kube-system' },
    type: 'bootstrap.kubernetes.io/token',
    data: Object.fromEntries(encoded),
    ...rest,
  } as Secret;
}

describe('bootstrap tokens', () => {
  const cases: [string, string, Secret | undefined, string[] | undefined][] = [
    ['a good one', token, secret(good), ['system:bootstrappers']],
    ['one without a secret', token, undefined, undefined],
    ['something else', 'abcdef', secret(good), undefined],
    ['one with more behind it', `${token}\n`, secret(good), undefined],
    ['another secret part', 'abcdef.0123456789abcdee', secret(good), undefined],
    ['another id', token, secret({ ...good, 'token-id': 'abcdeg' }), undefined],
    ['another type', token, secret(good, { type: 'Opaque' }), undefined],
    [
      'one for signing only',
      token,
      secret({ ...good, 'usage-bootstrap-authentication': 'false' }),
      undefined,
    ],
    [
      'one that is being deleted',
      token,
      secret(good, {
        metadata: { name: 'x', deletionTimestamp: '2026-01-01T00:00:00Z' },
      } as Partial<Secret>),
      undefined,
    ],
    [
      'one that still holds',
      token,
      secret({ ...good, expiration: '2026-01-01T00:00:01Z' }),
      ['system:bootstrappers'],
    ],
    ['an old one', token, secret({ ...good, expiration: '2026-01-01T00:00:00Z' }), undefined],
    ['one that ends at no time', token, secret({ ...good, expiration: 'soon' }), undefined],
    [
      'groups',
      token,
      secret({
        ...good,
        'auth-extra-groups': 'system:bootstrappers:b,system:bootstrappers:a',
      }),
      ['system:bootstrappers', 'system:bootstrappers:a', 'system:bootstrappers:b'],
    ],
    ['other groups', token, secret({ ...good, 'auth-extra-groups': 'system:masters' }), undefined],
  ];
  for (const [what, given, stored, groups] of cases) {
    it(what, async () => {
      const authenticator = bootstrapTokens({
        access: {
          get: <T extends KubeObject>(_resource: string, namespace: string, name: string) => {
            const found = namespace === 'kube-system' && name === 'bootstrap-token-abcdef';
            return Promise.resolve((found ? stored : undefined) as T | undefined);
          },
        },
        now: () => Date.parse('2026-01-01T00:00:00Z'),
      });
      const expected = groups && { user: { name: 'system:bootstrap:abcdef', groups } };
      assert.deepEqual(await authenticator.authenticateToken(given, []), expected);
    });
  }
});
