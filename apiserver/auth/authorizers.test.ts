import assert from 'node:assert/strict';
import { abacAuthorizer } from './abac.ts';
import { alwaysAllow, alwaysDeny } from './always.ts';
import { type AccessAttributes, type Decision, unionAuthorizer } from './authorizer.ts';
import { systemMasters } from './system-masters.ts';
import { askingAuthorizer, type WebhookAuthorizerOptions } from './webhook-authorizer.ts';

/** `alice,devs get apps/deployments/scale ns/x`, or `alice get /healthz`. */
function attributes(text: string): AccessAttributes {
  const [who = '', verb = '', what = '', object = '/'] = text.split(' ');
  const [name = '', ...groups] = who.split(',');
  const path = what.startsWith('/') ? what : '';
  const [group = '', resource = '', subresource = ''] = path === '' ? what.split('/') : [];
  const [namespace = '', objectName = ''] = object.split('/');
  return {
    user: { name, groups },
    verb,
    resourceRequest: path === '',
    group: group === 'core' ? '' : group,
    version: path === '' ? 'v1' : '',
    resource,
    subresource,
    namespace,
    name: objectName,
    path,
  };
}

describe('policies of attributes', () => {
  const policies = [
    '# comment',
    '',
    '{"apiVersion":"abac.authorization.kubernetes.io/v1beta1","kind":"Policy","spec":{"user":"alice","namespace":"*","resource":"*","apiGroup":"*"}}',
    '{"apiVersion":"abac.authorization.kubernetes.io/v1beta1","kind":"Policy","spec":{"group":"devs","namespace":"dev","resource":"pods","readonly":true}}',
    '{"apiVersion":"abac.authorization.kubernetes.io/v1beta1","kind":"Policy","spec":{"user":"*","nonResourcePath":"/version*","readonly":true}}',
    '{"user":"old","resource":"secrets"}',
    '{"apiVersion":"abac.authorization.kubernetes.io/v1beta1","kind":"Policy","spec":{"namespace":"*","resource":"*","apiGroup":"*"}}',
  ];
  const abac = abacAuthorizer('f', policies.join('\n'));
  const cases: [string, boolean][] = [
    ['alice delete apps/deployments ns/x', true],
    ['alice get /healthz', false],
    ['bob,devs get core/pods dev/x', true],
    ['bob,devs delete core/pods dev/x', false],
    ['bob,devs get core/pods other/x', false],
    ['bob,devs get apps/pods dev/x', false],
    ['bob,system:authenticated get /version/x', true],
    ['bob get /version', false],
    ['old create core/secrets ns/x', true],
    ['old get core/pods ns/x', false],
    ['nobody get core/pods ns/x', false],
  ];
  for (const [request, allowed] of cases) {
    it(`${allowed ? 'allow' : 'do not allow'} ${request}`, () => {
      assert.deepEqual(
        abac.authorize(attributes(request)),
        allowed
          ? { decision: 'allow', reason: '' }
          : { decision: 'noOpinion', reason: 'No policy matched.' },
      );
    });
  }

  it('are listed for reviews', () => {
    assert.deepEqual(abac.rules!({ name: 'bob', groups: ['devs'] }, 'dev'), {
      resourceRules: [{ verbs: ['get', 'list', 'watch'], apiGroups: [''], resources: ['pods'] }],
      nonResourceRules: [],
      incomplete: false,
    });
  });

  it('name the line that is wrong', () => {
    const wrong = /^error reading policy file f, line 2: \{"x":1\}: unknown field "x"$/;
    assert.throws(
      () => abacAuthorizer('f', '\n{"x":1}'),
      (e: Error) => wrong.test(e.message),
    );
    assert.throws(() => abacAuthorizer('f', '{"kind":"Pod"}'), /must be a Policy of abac/);
    assert.throws(() => abacAuthorizer('f', '{"user":1}'), /user: must be a string/);
  });
});

describe('a webhook that decides', () => {
  interface Asked {
    readonly spec: object;
    readonly apiVersion: string;
  }

  function setUp(answer: unknown, rest: Partial<WebhookAuthorizerOptions> = {}) {
    const asked: Asked[] = [];
    let nowMs = 0;
    const version = rest.version ?? 'v1';
    const authorizer = askingAuthorizer({
      name: 'hook',
      client: {
        async post(body) {
          asked.push(JSON.parse(body));
          if (answer instanceof Error) throw answer;
          const apiVersion = `authorization.k8s.io/${version}`;
          return { kind: 'SubjectAccessReview', apiVersion, status: answer };
        },
      },
      version,
      allowedMs: 100,
      refusedMs: 10,
      failurePolicy: 'NoOpinion',
      retries: { attempts: 1, firstWaitMs: 0, factor: 1, jitter: 0 },
      now: () => nowMs,
      ...rest,
    });
    const ask = (text: string) => authorizer.authorize(attributes(text)) as Promise<Decision>;
    const advance = (ms: number) => {
      nowMs += ms;
    };
    return { ask, asked, advance, authorizer };
  }

  it('is told all about the request', async () => {
    const { authorizer, asked } = setUp({ allowed: true });
    await authorizer.authorize({
      ...attributes('alice,devs list apps/deployments/scale ns/x'),
      user: { name: 'alice', uid: '1', groups: ['devs'], extra: { a: ['b'] } },
      fieldSelector: [{ key: 'f', operator: 'In', values: ['v'] }],
      labelSelector: [{ key: 'l', operator: 'Exists', values: [] }],
    });
    assert.deepEqual(asked[0]!.spec, {
      resourceAttributes: {
        namespace: 'ns',
        verb: 'list',
        group: 'apps',
        version: 'v1',
        resource: 'deployments',
        subresource: 'scale',
        name: 'x',
        fieldSelector: { requirements: [{ key: 'f', operator: 'In', values: ['v'] }] },
        labelSelector: { requirements: [{ key: 'l', operator: 'Exists' }] },
      },
      user: 'alice',
      groups: ['devs'],
      extra: { a: ['b'] },
      uid: '1',
    });
    const old = setUp({ allowed: true }, { version: 'v1beta1' });
    await old.ask('alice,devs get /healthz');
    assert.equal(old.asked[0]!.apiVersion, 'authorization.k8s.io/v1beta1');
    assert.deepEqual(old.asked[0]!.spec, {
      nonResourceAttributes: { path: '/healthz', verb: 'get' },
      user: 'alice',
      group: ['devs'],
    });
  });

  const text = 'alice get core/pods ns/x';
  const both = 'webhook subject access review returned both allow and deny response';
  const cases: [string, unknown, Partial<WebhookAuthorizerOptions>, Decision][] = [
    ['allows', { allowed: true, reason: 'r' }, {}, { decision: 'allow', reason: 'r' }],
    ['denies', { allowed: false, denied: true }, {}, { decision: 'deny', reason: '' }],
    [
      'leaves it to others',
      { allowed: false, reason: 'r' },
      {},
      { decision: 'noOpinion', reason: 'r' },
    ],
    [
      'contradicts itself',
      { allowed: true, denied: true },
      {},
      { decision: 'deny', reason: '', error: both },
    ],
    ['is away', new Error('refused'), {}, { decision: 'noOpinion', reason: '', error: 'refused' }],
    [
      'is away and must not be',
      new Error('refused'),
      { failurePolicy: 'Deny' },
      { decision: 'deny', reason: '', error: 'refused' },
    ],
  ];
  for (const [what, answer, options, expected] of cases) {
    it(what, async () => assert.deepEqual(await setUp(answer, options).ask(text), expected));
  }

  it('is not asked again for a while', async () => {
    const good = setUp({ allowed: true });
    await good.ask(text);
    good.advance(99);
    await good.ask(text);
    assert.equal(good.asked.length, 1);
    good.advance(1);
    await good.ask(text);
    assert.equal(good.asked.length, 2);
    const bad = setUp({ allowed: false });
    await bad.ask(text);
    bad.advance(10);
    await bad.ask(text);
    assert.equal(bad.asked.length, 2);
    const away = setUp(new Error('x'));
    await away.ask(text);
    await away.ask(text);
    assert.equal(away.asked.length, 2);
    const long = setUp({ allowed: true });
    await long.ask(`alice get /${'x'.repeat(10_000)}`);
    await long.ask(`alice get /${'x'.repeat(10_000)}`);
    assert.equal(long.asked.length, 2);
  });
});

describe('several authorizers', () => {
  it('are asked in order, and tell their reasons together', async () => {
    const says = (decision: Decision) => ({ name: 'x', authorize: () => decision });
    const silent = { decision: 'noOpinion', reason: 'a', error: 'e' } as const;
    const union = unionAuthorizer([systemMasters, says(silent), alwaysDeny]);
    const ask = (who: string) => union.authorize(attributes(`${who} get core/pods ns/x`));
    assert.deepEqual(await ask('alice'), {
      decision: 'noOpinion',
      reason: 'a\nEverything is forbidden.',
      error: 'e',
    });
    assert.deepEqual(await ask('root,system:masters'), { decision: 'allow', reason: '' });
    const open = unionAuthorizer([says(silent), alwaysAllow]);
    const answer = await open.authorize(attributes('alice get core/pods ns/x'));
    assert.equal(answer.decision, 'allow');
    assert.equal(open.rules!({ name: 'a', groups: [] }, 'ns').resourceRules.length, 1);
  });
});
