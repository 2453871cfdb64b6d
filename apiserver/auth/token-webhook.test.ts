import assert from 'node:assert/strict';
import type { Authentication } from './authenticator.ts';
import { cachedTokens } from './token-cache.ts';
import { askWebhook } from './token-webhook.ts';

describe('a webhook that knows tokens', () => {
  const ask = async (answer: unknown, audiences: string[] = [], version = 'v1') => {
    const posted: unknown[] = [];
    const authenticator = askWebhook({
      client: {
        async post(body) {
          posted.push(JSON.parse(body));
          if (answer instanceof Error) throw answer;
          return answer;
        },
      },
      version,
      ownAudiences: ['own'],
      retries: { attempts: 1, firstWaitMs: 0, factor: 1, jitter: 0 },
    });
    return { answer: await authenticator.authenticateToken('t', audiences), posted };
  };
  const review = (status: object, version = 'v1') => ({
    kind: 'TokenReview',
    apiVersion: `authentication.k8s.io/${version}`,
    status,
  });
  const user = { username: 'a', uid: 'u', groups: ['g'], extra: { k: ['v'] } };
  const known = { name: 'a', uid: 'u', groups: ['g'], extra: { k: ['v'] } };

  it('is asked for the audiences of the server', async () => {
    const { posted, answer } = await ask(
      review({ authenticated: true, user }, 'v1beta1'),
      [],
      'v1beta1',
    );
    assert.deepEqual(posted, [
      {
        kind: 'TokenReview',
        apiVersion: 'authentication.k8s.io/v1beta1',
        metadata: {},
        spec: { token: 't', audiences: ['own'] },
        status: { user: {} },
      },
    ]);
    assert.deepEqual(answer, { user: known, audiences: ['own'] });
  });

  const cases: [string, unknown, string[], Authentication][] = [
    [
      'may limit audiences',
      review({ authenticated: true, user, audiences: ['b', 'c'] }),
      ['a', 'b'],
      { user: known, audiences: ['b'] },
    ],
    [
      'that limits nothing speaks for the server',
      review({ authenticated: true, user }),
      ['a'],
      undefined,
    ],
    ['may not know one', review({ authenticated: false }), [], undefined],
    ['may say why', review({ error: 'expired' }), [], { invalid: 'expired' }],
    ['may be away', new Error('refused'), [], { invalid: 'refused', unsure: true }],
    [
      'may talk nonsense',
      { kind: 'Pod' },
      [],
      {
        invalid:
          'the webhook answered with something else than a TokenReview of authentication.k8s.io/v1',
        unsure: true,
      },
    ],
  ];
  for (const [what, answer, audiences, expected] of cases) {
    it(what, async () => assert.deepEqual((await ask(answer, audiences)).answer, expected));
  }
});

describe('kept answers about tokens', () => {
  it('hold for a while, and are asked for once', async () => {
    let nowMs = 0;
    const asked: string[] = [];
    const answers: Record<string, Authentication> = {
      good: { user: { name: 'a', groups: [] } },
      bad: { invalid: 'no' },
      away: { invalid: 'refused', unsure: true },
    };
    const cached = cachedTokens(
      {
        name: 'x',
        async authenticateToken(token, audiences) {
          asked.push([token, ...audiences].join(' '));
          return answers[token];
        },
      },
      { successMs: 10, failureMs: 5, limit: 2, now: () => nowMs },
    );
    const ask = (token: string, ...audiences: string[]) =>
      cached.authenticateToken(token, audiences);
    await Promise.all([ask('good'), ask('good')]);
    await ask('good', 'elsewhere');
    assert.deepEqual(asked.splice(0), ['good', 'good elsewhere']);
    nowMs = 9;
    assert.deepEqual(await ask('good'), answers['good']);
    assert.deepEqual(asked, []);
    nowMs = 10;
    await ask('good');
    await ask('bad');
    await ask('bad');
    nowMs = 15;
    await ask('bad');
    await ask('away');
    await ask('away');
    assert.deepEqual(asked, ['good', 'bad', 'bad', 'away', 'away']);
  });
});
