import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as fe from '../../../machinery/meta/field-error.ts';
import { type AuthOptions, defaultAuthOptions } from '../auth-options.ts';
import {
  type JwtConfiguration,
  parseAuthenticationConfiguration,
} from './authentication-configuration.ts';
import { configurationOfFlags } from './flags.ts';
import { Issuers } from './issuers.ts';
import { JwtAuthenticator } from './jwt-authenticator.ts';
import { startTestIssuer, type TestIssuer } from './test-issuer.ts';
import { validateAuthenticationConfiguration } from './validate-configuration.ts';

const quiet = { now: () => Date.now(), onProblem: () => {} };

describe('the tokens of an issuer', () => {
  let issuer: TestIssuer;
  const stop = new AbortController();
  const running: Promise<void>[] = [];
  before(async () => {
    issuer = await startTestIssuer();
  });
  after(async () => {
    stop.abort();
    await Promise.all(running);
    await issuer[Symbol.asyncDispose]();
  });

  async function known(
    rest: Omit<JwtConfiguration, 'issuer'> = {},
    audiences = ['client'],
    algorithms = ['RS256'],
  ): Promise<JwtAuthenticator> {
    const configuration = {
      issuer: {
        url: issuer.url,
        audiences,
        audienceMatchPolicy: 'MatchAny',
        certificateAuthority: issuer.ca,
      },
      claimMappings: { username: { claim: 'sub', prefix: 'oidc:' } },
      ...rest,
    };
    const authenticator = new JwtAuthenticator({ configuration, algorithms, ...quiet });
    running.push(authenticator.run(stop.signal));
    await authenticator.ready;
    return authenticator;
  }

  const nowSeconds = () => Math.floor(Date.now() / 1000);
  const groups = {
    claimMappings: {
      username: { claim: 'email', prefix: '' },
      groups: { claim: 'roles', prefix: 'g:' },
      uid: { claim: 'id' },
    },
  };
  const expressions = {
    claimMappings: {
      username: { expression: "'u:' + claims.sub" },
      groups: { expression: 'claims.example__dot__org.team' },
      uid: { expression: "claims.sub + '-' + string(claims.n)" },
      extra: [{ key: 'example.org/n', valueExpression: 'string(claims.n)' }],
    },
    claimValidationRules: [{ expression: 'claims.verified == true', message: 'not verified' }],
    userValidationRules: [
      { expression: "!user.username.startsWith('u:system:')", message: 'reserved' },
    ],
  };
  const cases: [string, Omit<JwtConfiguration, 'issuer'>, Record<string, unknown>, unknown][] = [
    ['name the user', {}, { sub: 'alice' }, { name: 'oidc:alice', groups: [] }],
    [
      'name groups, uid and themselves',
      groups,
      { email: 'a@b', email_verified: true, roles: ['x', 'y'], id: '7', jti: 'j' },
      {
        name: 'a@b',
        uid: '7',
        groups: ['g:x', 'g:y'],
        extra: { 'authentication.kubernetes.io/credential-id': ['JTI=j'] },
      },
    ],
    [
      'may name one group without a list',
      groups,
      { email: 'a@b', roles: 'x', id: '7' },
      { name: 'a@b', uid: '7', groups: ['g:x'] },
    ],
    [
      'are for an address that is checked',
      groups,
      { email: 'a@b', email_verified: false, id: '7' },
      'oidc: email not verified',
    ],
    [
      'must have groups that are groups',
      groups,
      { email: 'a@b', roles: [1], id: '7' },
      'oidc: parse groups claim "roles": not a list of strings',
    ],
    ['must name a user', {}, {}, 'oidc: parse username claims "sub": claim not present'],
    [
      'must hold what is required',
      { claimValidationRules: [{ claim: 'hd', requiredValue: 'acme' }] },
      { sub: 'a', hd: 'other' },
      'oidc: required claim hd value does not match. Got = other, want = acme',
    ],
    [
      'must have what is required',
      { claimValidationRules: [{ claim: 'hd', requiredValue: 'acme' }] },
      { sub: 'a' },
      'oidc: required claim hd not present in ID token',
    ],
    [
      'are what expressions make of them',
      expressions,
      {
        sub: 'alice',
        'example.org': { team: ['a', '', 'b'] },
        verified: true,
        n: 3,
      },
      {
        name: 'u:alice',
        uid: 'alice-3',
        groups: ['a', 'b'],
        extra: { 'example.org/n': ['3'] },
      },
    ],
    [
      'must hold what an expression requires',
      expressions,
      { sub: 'a', 'example.org': { team: 'a' }, verified: false, n: 1 },
      "oidc: error evaluating claim validation expression: validation expression 'claims.verified == true' failed: not verified",
    ],
    [
      'must have what expressions read',
      expressions,
      { sub: 'a', verified: true, n: 1 },
      "oidc: error evaluating group claim expression: expression 'claims.example__dot__org.team' resulted in error: no such key: example__dot__org",
    ],
    [
      'must be of a user that is let in',
      expressions,
      { sub: 'system:a', 'example.org': { team: [] }, verified: true, n: 1 },
      "oidc: error evaluating user info validation rule: validation expression '!user.username.startsWith('u:system:')' failed: reserved",
    ],
    [
      'must be of the types that expressions are to make',
      { claimMappings: { username: { expression: 'claims.n' } } },
      { n: 1 },
      'oidc: error evaluating username claim expression: username claim expression must return a string',
    ],
    [
      'must be for this cluster',
      {},
      { sub: 'a', aud: ['other'] },
      'oidc: verify token: oidc: expected audience in ["client"] got ["other"]',
    ],
    [
      'may be for others too',
      {},
      { sub: 'a', aud: ['other', 'client'] },
      { name: 'oidc:a', groups: [] },
    ],
    [
      'end',
      {},
      { sub: 'a', exp: 1_000_000_000 },
      'oidc: verify token: oidc: token is expired (Token Expiry: 2001-09-09T01:46:40.000Z)',
    ],
    [
      'may begin a little later',
      {},
      { sub: 'a', nbf: nowSeconds() + 30 },
      { name: 'oidc:a', groups: [] },
    ],
    [
      'may not begin much later',
      {},
      { sub: 'a', nbf: nowSeconds() + 300 },
      'oidc: verify token: oidc: current time before the nbf (not before) time',
    ],
    ['of somebody else are left to others', {}, { iss: 'https://other', sub: 'a' }, undefined],
  ];
  for (const [what, configuration, claims, expected] of cases) {
    it(what, async () => {
      const authenticator = await known(configuration);
      const answer = await authenticator.authenticateToken(await issuer.token(claims));
      if (typeof expected === 'string') assert.deepEqual(answer, { invalid: expected });
      else assert.deepEqual(answer, expected === undefined ? undefined : { user: expected });
    });
  }

  it('are not what they look like when the signature is another', async () => {
    const authenticator = await known();
    const [head, , signature] = (await issuer.token({ sub: 'a' })).split('.');
    const [, body] = (await issuer.token({ sub: 'b' })).split('.');
    const answer = await authenticator.authenticateToken(`${head}.${body}.${signature}`);
    assert.match(String(answer && 'invalid' in answer && answer.invalid), /failed to verify sig/);
  });

  it('must be signed as the configuration says', async () => {
    const authenticator = await known({}, ['client'], ['ES256']);
    const answer = await authenticator.authenticateToken(await issuer.token({ sub: 'a' }));
    assert.match(String(answer && 'invalid' in answer && answer.invalid), /failed to verify sig/);
  });

  it('may have groups that stand elsewhere', async () => {
    const elsewhere = await issuer.token({ roles: ['far'] });
    issuer.documents.set('/groups', () => elsewhere);
    const authenticator = await known(groups);
    const token = await issuer.token({
      email: 'a@b',
      id: '7',
      _claim_names: { roles: 'src' },
      _claim_sources: { src: { endpoint: `${issuer.url}/groups` } },
    });
    assert.deepEqual(await authenticator.authenticateToken(token), {
      user: { name: 'a@b', uid: '7', groups: ['g:far'] },
    });
  });

  it('may be signed with keys that are new, or not named', async () => {
    await using other = await startTestIssuer();
    const authenticator = new JwtAuthenticator({
      configuration: {
        issuer: { url: other.url, audiences: ['client'], certificateAuthority: other.ca },
        claimMappings: { username: { claim: 'sub', prefix: '' } },
      },
      algorithms: ['RS256'],
      cooldownMs: 0,
      ...quiet,
    });
    const end = new AbortController();
    const runs = authenticator.run(end.signal);
    await authenticator.ready;
    const good = { user: { name: 'a', groups: [] } };
    const ask = async (nameless: boolean) =>
      authenticator.authenticateToken(await other.token({ sub: 'a' }, nameless));
    assert.deepEqual(await ask(false), good);
    const before = await other.token({ sub: 'a' }, true);
    await other.rotate(true);
    assert.deepEqual(await ask(false), good);
    assert.deepEqual(await ask(true), good);
    assert.deepEqual(await authenticator.authenticateToken(before), good);
    await other.rotate();
    assert.deepEqual(await ask(false), good);
    const gone = await authenticator.authenticateToken(before);
    assert.match(String(gone && 'invalid' in gone && gone.invalid), /failed to verify signature/);
    end.abort();
    await runs;
  });

  it('are not known before the issuer is', async () => {
    const authenticator = new JwtAuthenticator({
      configuration: { issuer: { url: issuer.url, audiences: ['client'] } },
      algorithms: ['RS256'],
      ...quiet,
    });
    assert.deepEqual(await authenticator.authenticateToken(await issuer.token({})), {
      invalid: 'oidc: authenticator not initialized',
    });
  });
});

describe('the configuration of issuers', () => {
  const head = 'apiVersion: apiserver.config.k8s.io/v1\nkind: AuthenticationConfiguration\n';
  const problems = (text: string): string => {
    try {
      const parsed = parseAuthenticationConfiguration(Buffer.from(head + text));
      return fe.summarize(validateAuthenticationConfiguration(parsed, ['https://own']));
    } catch (e) {
      return (e as Error).message;
    }
  };
  const issuer = 'issuer: {url: https://a, audiences: [b]}';
  const mappings = 'claimMappings: {username: {claim: sub, prefix: ""}}';

  it('may be complete, or empty', () => {
    for (const text of [
      '',
      'jwt: []',
      `jwt:\n- {${issuer}, ${mappings}}\nanonymous: {enabled: true}`,
    ]) {
      const parsed = parseAuthenticationConfiguration(Buffer.from(head + text));
      assert.deepEqual(validateAuthenticationConfiguration(parsed, []), []);
    }
  });

  const refusals: [string, string, RegExp][] = [
    [
      'an unknown field',
      'jwt: [{issuer: {uri: x}}]',
      /^strict decoding error: unknown field "jwt\[0\].issuer.uri"$/,
    ],
    [
      'another type',
      'jwt: [{issuer: 1}]',
      /^strict decoding error: jwt\[0\].issuer: must be an object$/,
    ],
    [
      'no issuer',
      `jwt: [{${mappings}}]`,
      /jwt\[0\].issuer.url: Required value, jwt\[0\].issuer.audiences: Required/,
    ],
    [
      'http',
      `jwt: [{issuer: {url: http://a, audiences: [b]}, ${mappings}}]`,
      /URL scheme must be https/,
    ],
    [
      'its own issuer',
      `jwt: [{issuer: {url: https://own, audiences: [b]}, ${mappings}}]`,
      /must not overlap/,
    ],
    [
      'an issuer twice',
      `jwt: [{${issuer}, ${mappings}}, {${issuer}, ${mappings}}]`,
      /jwt\[1\].issuer.url: Duplicate value/,
    ],
    [
      'several audiences without a policy',
      `jwt: [{issuer: {url: https://a, audiences: [b, c]}, ${mappings}}]`,
      /must be MatchAny for multiple/,
    ],
    [
      'a broken authority',
      `jwt: [{issuer: {url: https://a, audiences: [b], certificateAuthority: x}, ${mappings}}]`,
      /certificateAuthority: Invalid value: "<omitted>"/,
    ],
    [
      'no username',
      `jwt: [{${issuer}}]`,
      /claimMappings.username: Required value: claim or expression is required/,
    ],
    [
      'no prefix',
      `jwt: [{${issuer}, claimMappings: {username: {claim: sub}}}]`,
      /username.prefix: Required value: prefix is required/,
    ],
    [
      'an expression that does not compile',
      `jwt: [{${issuer}, claimMappings: {username: {expression: claim.sub}}}]`,
      /username.expression: Invalid value: "claim.sub": compilation failed: .*reference to 'claim'/,
    ],
    [
      'a prefix of an expression',
      `jwt: [{${issuer}, claimMappings: {username: {expression: claims.sub, prefix: x}}}]`,
      /username.prefix: Invalid value: "x": may not be specified when expression is set/,
    ],
    [
      'an address that nobody has checked',
      `jwt: [{${issuer}, claimMappings: {username: {expression: claims.email}}}]`,
      /username.expression: Invalid value: "claims.email": claims.email_verified must be used in/,
    ],
    [
      'a rule that is neither true nor false',
      `jwt: [{${issuer}, ${mappings}, claimValidationRules: [{expression: claims.sub}]}]`,
      /claimValidationRules\[0\].expression: Invalid value: "claims.sub": must evaluate to bool/,
    ],
    [
      'a rule of users over claims, or twice',
      `jwt: [{${issuer}, ${mappings}, userValidationRules: [{expression: claims.sub}, {expression: 'true'}, {expression: 'true'}]}]`,
      /Rules\[0\].expression: .*'claims'[\s\S]*\[2\].expression: Duplicate value: "true"/,
    ],
    [
      'keys that are kept for others',
      `jwt: [{${issuer}, claimMappings: {username: {claim: sub, prefix: ''}, extra: [{key: a.k8s.io/x, valueExpression: claims.x}, {key: Ab.c/x}]}}]`,
      /extra\[0\].key: .*are reserved for Kubernetes use, .*extra\[1\].key: .*"Ab.c\/x": .*must be lowercase, .*extra\[1\].valueExpression: Required value/,
    ],
    [
      'conditions without anonymous requests',
      'anonymous: {conditions: [{path: /a}]}',
      /enabled should be set to true/,
    ],
  ];
  for (const [what, text, problem] of refusals) {
    it(`may not have ${what}`, () => assert.match(problems(text), problem));
  }

  it('is told by flags', () => {
    const options: AuthOptions = {
      ...defaultAuthOptions,
      oidcIssuerUrl: 'https://a',
      oidcClientId: 'b',
      oidcGroupsClaim: 'g',
      oidcRequiredClaim: ['hd=acme=x'],
    };
    assert.deepEqual(configurationOfFlags(options).jwt, [
      {
        issuer: { url: 'https://a', audiences: ['b'] },
        claimMappings: {
          username: { claim: 'sub', prefix: 'https://a#' },
          groups: { claim: 'g', prefix: '' },
        },
        claimValidationRules: [{ claim: 'hd', requiredValue: 'acme=x' }],
      },
    ]);
    const { oidcClientId: _id, ...half } = options;
    assert.throws(() => configurationOfFlags(half), /must be specified together/);
    const prefixOf = (rest: Partial<AuthOptions>) =>
      configurationOfFlags({ ...options, ...rest }).jwt![0]!.claimMappings!.username!.prefix;
    assert.equal(prefixOf({ oidcUsernamePrefix: '-' }), '');
    assert.equal(prefixOf({ oidcUsernameClaim: 'email' }), '');
    assert.equal(prefixOf({ oidcUsernamePrefix: 'x:' }), 'x:');
  });
});

describe('issuers in a file', () => {
  it('are followed when the file changes, once they can be reached', async () => {
    await using one = await startTestIssuer();
    await using two = await startTestIssuer('ES256');
    const folder = mkdtempSync(join(tmpdir(), 'k8ts-oidc-'));
    const path = join(folder, 'authentication.yaml');
    const write = (...issuers: TestIssuer[]) => {
      const jwt = issuers.map(({ url, ca }) => ({
        issuer: { url, audiences: ['client'], certificateAuthority: ca },
        claimMappings: { username: { claim: 'sub', prefix: '' } },
      }));
      const kind = 'AuthenticationConfiguration';
      writeFileSync(path, JSON.stringify({ apiVersion: 'apiserver.config.k8s.io/v1', kind, jwt }));
    };
    write(one);
    const problems: string[] = [];
    let noted = Promise.withResolvers<void>();
    const issuers = new Issuers({
      options: { ...defaultAuthOptions, authenticationConfig: path },
      ownIssuers: [],
      now: () => Date.now(),
      everyMs: 5,
      onProblem: (_what, e) => {
        problems.push((e as Error).message);
        noted.resolve();
      },
    });
    const stop = new AbortController();
    const running = issuers.run(stop.signal);
    const becomes = async (issuer: TestIssuer, name: string | undefined) => {
      const token = await issuer.token({ sub: 'a' });
      for (;;) {
        const answer = await issuers.authenticateToken(token);
        const found = answer !== undefined && 'user' in answer ? answer.user.name : undefined;
        if (found === name) return;
        await new Promise((resolve) => setImmediate(resolve));
      }
    };
    await becomes(one, 'a');
    write(one, two);
    await becomes(two, 'a');
    noted = Promise.withResolvers<void>();
    writeFileSync(path, 'kind: Nonsense');
    await noted.promise;
    assert.match(problems.at(-1)!, /expected AuthenticationConfiguration/);
    await becomes(two, 'a');
    write(two);
    await becomes(one, undefined);
    stop.abort();
    await running;
    rmSync(folder, { recursive: true });
  });
});
