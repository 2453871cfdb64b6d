import assert from 'node:assert/strict';
import { generateKeyPairSync } from 'node:crypto';
import type { KubeObject } from '../../machinery/schema/wire.ts';
import { type Objects, testEnvironment } from '../admission/test-environment.ts';
import type { CredentialNotes } from './authenticator.ts';
import { serviceAccountTokens } from './service-account-token.ts';
import { TokenKeys } from './token-keys.ts';

const { privateKey } = generateKeyPairSync('ec', {
  namedCurve: 'P-256',
  publicKeyEncoding: { type: 'spki', format: 'pem' },
  privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
});
const keys = new TokenKeys(privateKey, []);
const nowMs = Date.parse('2026-01-01T12:00:00Z');
const now = nowMs / 1000;
const object = (name: string, metadata: object = {}): KubeObject => ({
  metadata: { name, namespace: 'ns', uid: `${name}-uid`, ...metadata },
});
const going = (at: string) => ({ deletionTimestamp: at });
const objects = (more: Objects = {}): Objects => ({
  serviceaccounts: [object('sa')],
  pods: [object('p')],
  secrets: [object('s')],
  nodes: [object('n', { namespace: '' })],
  ...more,
});
const user = {
  name: 'system:serviceaccount:ns:sa',
  uid: 'sa-uid',
  groups: ['system:serviceaccounts', 'system:serviceaccounts:ns'],
};

function setup(present: Objects) {
  const env = testEnvironment(present);
  const made = serviceAccountTokens({
    keys,
    issuer: 'https://i',
    audiences: ['https://i', 'more'],
    access: env.access,
    fresh: env.fresh,
    now: () => nowMs,
  });
  return {
    env,
    judged: async (token: string, audiences: string[] = []) => {
      const answer = await made.authenticateToken(token, audiences);
      return answer !== undefined && 'invalid' in answer ? answer.invalid : answer;
    },
  };
}

describe('bound service account tokens', () => {
  const claims = (more: object = {}, bond: object = {}) => ({
    iss: 'https://i',
    aud: ['https://i'],
    exp: now + 100,
    nbf: now,
    iat: now,
    'kubernetes.io': { namespace: 'ns', serviceaccount: { name: 'sa', uid: 'sa-uid' }, ...bond },
    ...more,
  });
  const invalidated = 'service account token has been invalidated';
  const cases: [string, object, Objects, string | undefined][] = [
    ['one that is good', claims(), {}, undefined],
    ['one of another issuer', claims({ iss: 'https://j' }), {}, 'unknown'],
    ['one that has expired', claims({ exp: now - 61 }), {}, 'service account token has expired'],
    ['one that has just expired', claims({ exp: now - 59 }), {}, undefined],
    ['one of later', claims({ nbf: now + 61 }), {}, 'service account token is not valid yet'],
    [
      'one of the future',
      claims({ iat: now + 61 }),
      {},
      'service account token is issued in the future',
    ],
    [
      'one for somebody else',
      claims({ aud: ['a', 'b'] }),
      {},
      'token audiences ["a" "b"] is invalid for the target audiences ["https://i" "more"]',
    ],
    [
      'one without its private claims',
      claims({ 'kubernetes.io': {} }),
      {},
      'not a service account token',
    ],
    ['one of no account', claims(), { serviceaccounts: [] }, 'serviceaccounts "sa" not found'],
    [
      'one of an earlier account',
      claims(),
      { serviceaccounts: [object('sa', { uid: 'x' })] },
      'service account UID (x) does not match claim (sa-uid)',
    ],
    [
      'one without the uid of the account',
      claims({}, { serviceaccount: { name: 'sa' } }),
      {},
      'service account UID (sa-uid) does not match claim (undefined)',
    ],
    [
      'one of an account that is long gone',
      claims(),
      { serviceaccounts: [object('sa', going('2026-01-01T11:58:00Z'))] },
      'service account ns/sa has been deleted',
    ],
    [
      'one of an account that is going',
      claims(),
      { serviceaccounts: [object('sa', going('2026-01-01T11:59:30Z'))] },
      undefined,
    ],
    ['one of a pod that is gone', claims({}, { pod: { name: 'q', uid: 'u' } }), {}, invalidated],
    [
      'one of an earlier pod',
      claims({}, { pod: { name: 'p', uid: 'x' } }),
      {},
      'pod UID (p-uid) does not match service account pod ref claim (x)',
    ],
    [
      'one of an earlier secret',
      claims({}, { secret: { name: 's', uid: 'x' } }),
      {},
      'secret UID (s-uid) does not match service account secret ref claim (x)',
    ],
    [
      'one of a node that is long gone',
      claims({}, { node: { name: 'n', uid: 'n-uid' } }),
      { nodes: [object('n', { namespace: '', ...going('2026-01-01T11:00:00Z') })] },
      invalidated,
    ],
  ];
  for (const [what, given, present, problem] of cases) {
    it(`judges ${what}`, async () => {
      const answer = await setup(objects(present)).judged(keys.sign({ ...given }));
      if (problem === 'unknown') assert.equal(answer, undefined);
      else if (problem !== undefined) assert.equal(answer, problem);
      else assert.deepEqual(answer, { user, audiences: ['https://i'] });
    });
  }

  it('tell what they are bound to', async () => {
    const pod = { name: 'p', uid: 'p-uid' };
    const node = { name: 'gone', uid: 'node-uid' };
    const token = keys.sign(claims({ jti: 'j', aud: ['vault', 'more'] }, { pod, node }));
    const key = (name: string) => `authentication.kubernetes.io/${name}`;
    assert.deepEqual(await setup(objects()).judged(token, ['vault', 'other']), {
      user: {
        ...user,
        extra: {
          [key('credential-id')]: ['JTI=j'],
          [key('pod-name')]: ['p'],
          [key('pod-uid')]: ['p-uid'],
          [key('node-name')]: ['gone'],
          [key('node-uid')]: ['node-uid'],
        },
      },
      audiences: ['vault'],
    });
  });

  it('must be signed', async () => {
    const [head, , signature] = keys.sign(claims()).split('.');
    const body = Buffer.from(JSON.stringify(claims({ sub: 'other' }))).toString('base64url');
    const { judged } = setup(objects());
    assert.equal(await judged(`${head}.${body}.${signature}`), 'invalid signature');
    assert.equal(await judged('some-other-token'), undefined);
  });

  it('are looked for freshly when an object is not known yet', async () => {
    const { env, judged } = setup(objects({ pods: [] }));
    env.fresh = async () => {
      env.objects['pods'] = [object('p')];
    };
    const token = keys.sign(claims({}, { pod: { name: 'p', uid: 'p-uid' } }));
    assert.equal(await judged(token), invalidated);
    const made = serviceAccountTokens({
      ...{ keys, issuer: 'https://i', audiences: ['https://i'] },
      ...{ access: env.access, fresh: env.fresh, now: () => nowMs },
    });
    assert('user' in ((await made.authenticateToken(token, [])) ?? {}));
  });
});

describe('stale service account tokens', () => {
  const judge = async (warnafter: number) => {
    const token = keys.sign({
      iss: 'https://i',
      sub: 'system:serviceaccount:ns:sa',
      aud: ['https://i'],
      exp: now + 100,
      'kubernetes.io': {
        namespace: 'ns',
        serviceaccount: { name: 'sa', uid: 'sa-uid' },
        warnafter,
      },
    });
    const answer = (await setup(objects()).judged(token)) as { notes?: CredentialNotes };
    return answer.notes;
  };

  it('are told of in the audit log', async () => {
    assert.equal(await judge(now), undefined);
    assert.deepEqual(await judge(now - 7), {
      annotations: {
        'authentication.k8s.io/stale-token':
          'subject: system:serviceaccount:ns:sa, seconds after warning threshold: 7',
      },
    });
  });
});

describe('legacy service account tokens', () => {
  const claims = (more: Record<string, string> = {}) => ({
    iss: 'kubernetes/serviceaccount',
    sub: 'system:serviceaccount:ns:sa',
    'kubernetes.io/serviceaccount/namespace': 'ns',
    'kubernetes.io/serviceaccount/secret.name': 's',
    'kubernetes.io/serviceaccount/service-account.name': 'sa',
    'kubernetes.io/serviceaccount/service-account.uid': 'sa-uid',
    ...more,
  });
  const secretOf = (token: string, metadata: object = {}): KubeObject =>
    ({
      ...object('s', metadata),
      data: { token: Buffer.from(token).toString('base64') },
    }) as KubeObject;
  const annotations = (made: string) => ({
    'authentication.k8s.io/legacy-token': 'system:serviceaccount:ns:sa',
    [`authentication.k8s.io/legacy-token-${made}-secret`]: 's',
  });
  const used = 'kubernetes.io/legacy-token-last-used';
  const invalid = 'kubernetes.io/legacy-token-invalid-since';

  const cases: [string, Record<string, string>, object, string | undefined][] = [
    ['one that is good', {}, {}, undefined],
    ['one of nobody', { sub: '' }, {}, 'sub claim is missing'],
    ['one of somebody else', { sub: 'system:serviceaccount:ns:x' }, {}, 'sub claim is invalid'],
    [
      'one without a secret',
      { 'kubernetes.io/serviceaccount/secret.name': 'x' },
      {},
      'Token has been invalidated',
    ],
    ['one whose secret is going', {}, going('2026-01-01T12:00:00Z'), 'Token has been invalidated'],
    [
      'one of an earlier account',
      { 'kubernetes.io/serviceaccount/service-account.uid': 'x' },
      {},
      'ServiceAccount UID (sa-uid) does not match claim (x)',
    ],
    [
      'one that was taken out of use',
      {},
      { labels: { [invalid]: '2025-12-01' } },
      `the token in secret ns/s for service account ns/sa has been marked invalid. Use tokens from the TokenRequest API or manually created secret-based tokens, or remove the '${invalid}' label from the secret to temporarily allow use of this token`,
    ],
  ];
  for (const [what, more, metadata, problem] of cases) {
    it(`judges ${what}`, async () => {
      const token = keys.sign(claims(more));
      const answer = await setup(objects({ secrets: [secretOf(token, metadata)] })).judged(token);
      const notes = { annotations: annotations('manual') };
      assert.deepEqual(answer, problem ?? { user, audiences: ['https://i', 'more'], notes });
    });
  }

  it('warn when a controller made them', async () => {
    const token = keys.sign(claims());
    const account = { ...object('sa', { uid: 'sa-uid' }), secrets: [{ name: 's' }] };
    const secrets = [secretOf(token)];
    const { judged } = setup(objects({ secrets, serviceaccounts: [account as KubeObject] }));
    const answer = (await judged(token)) as { notes: CredentialNotes };
    assert.deepEqual(answer.notes.annotations, annotations('autogenerated'));
    assert.match(answer.notes.warnings![0]!, /^Use tokens from the TokenRequest API/);
  });

  it('must be what the secret holds', async () => {
    const { judged } = setup(objects({ secrets: [secretOf('other')] }));
    assert.equal(await judged(keys.sign(claims())), "Token does not match server's copy");
  });

  it('note the day of their last use', async () => {
    const token = keys.sign(claims());
    const { env, judged } = setup(objects({ secrets: [secretOf(token)] }));
    await judged(token);
    await new Promise(setImmediate);
    assert.deepEqual(env.objects['secrets']?.[0]?.metadata?.labels, { [used]: '2026-01-01' });
  });
});
