import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { SelfSubjectReview, TokenReview } from '../../machinery/schema/wire.ts';
import { createAuthority, issue, type KeyAndCertificate } from '../pki/pki.ts';
import { adminToken, startTestServer, type TestRequest, type TestServer } from '../test-server.ts';

const whoAmI = '/apis/authentication.k8s.io/v1/selfsubjectreviews';

describe('a server and who its clients are', () => {
  let server: TestServer;
  let proxies: KeyAndCertificate;
  before(async () => {
    proxies = await createAuthority('proxies');
    server = await startTestServer((dir) => {
      const proxyCa = join(dir, 'front-proxy-ca.crt');
      writeFileSync(proxyCa, proxies.certificate);
      const tokens = join(dir, 'tokens.csv');
      writeFileSync(tokens, `${adminToken},admin,1,system:masters\nplain,user,2,\n`);
      return {
        tokenAuthFile: tokens,
        enableBootstrapTokenAuth: true,
        requestheaderClientCaFile: proxyCa,
        requestheaderAllowedNames: ['front-proxy-client'],
        requestheaderUsernameHeaders: ['X-Remote-User'],
        requestheaderUidHeaders: ['X-Remote-Uid'],
        requestheaderGroupHeaders: ['X-Remote-Group'],
        requestheaderExtraHeadersPrefix: ['X-Remote-Extra-'],
      };
    });
  });
  after(() => server[Symbol.asyncDispose]());

  async function user(request: TestRequest): Promise<unknown> {
    const answer = await server.ask(whoAmI, { method: 'POST', body: {}, ...request });
    if (answer.code !== 201) return answer.code;
    return answer.json<SelfSubjectReview>().status?.userInfo;
  }

  it('knows tokens of its file, and refuses others', async () => {
    assert.deepEqual(await user({ token: 'plain' }), {
      username: 'user',
      uid: '2',
      groups: ['system:authenticated'],
    });
    const refused = await server.ask(whoAmI, { token: 'unknown', body: {} });
    assert.equal(refused.code, 401);
    assert.deepEqual(refused.json(), {
      kind: 'Status',
      apiVersion: 'v1',
      metadata: {},
      status: 'Failure',
      message: 'Unauthorized',
      reason: 'Unauthorized',
      code: 401,
    });
  });

  it('ignores a token behind too many spaces, and says so', async () => {
    const headers = { Authorization: 'Bearer  plain' };
    const answer = await server.ask('/version', { headers });
    assert.equal(answer.code, 200);
    assert.match(String(answer.headers['warning']), /^299 - "the provided Authorization header/);
  });

  it('tells what a token is good for', async () => {
    const review = async (spec: object) => {
      const path = '/apis/authentication.k8s.io/v1/tokenreviews';
      const answer = await server.ask(path, { token: adminToken, body: { spec } });
      return answer.json<TokenReview>().status;
    };
    const { audiences: own = [], ...status } = (await review({ token: 'plain' }))!;
    assert.deepEqual(status, {
      authenticated: true,
      user: { username: 'user', uid: '2', groups: ['system:authenticated'] },
    });
    assert.equal(own.length, 1);
    const both = await review({ token: 'plain', audiences: ['other', ...own] });
    assert.deepEqual(both?.audiences, own);
    assert.deepEqual(await review({ token: 'plain', audiences: ['other'] }), {
      user: {},
      error: 'invalid bearer token',
    });
  });

  it('believes its front proxies, and nobody else', async () => {
    const headers = { 'X-Remote-User': 'carol', 'X-Remote-Group': ['a', 'b'] };
    const proxy = await issue(proxies, { commonName: 'front-proxy-client', usages: ['client'] });
    assert.deepEqual(await user({ headers, cert: proxy.certificate, key: proxy.key }), {
      username: 'carol',
      groups: ['a', 'b', 'system:authenticated'],
    });
    const other = await issue(proxies, { commonName: 'other', usages: ['client'] });
    assert.equal(await user({ headers, cert: other.certificate, key: other.key }), 401);
    // Anonymous, who may not ask.
    assert.equal(await user({ headers }), 403);
  });

  it('tells extension servers how proxies prove themselves', async () => {
    const path = '/api/v1/namespaces/kube-system/configmaps/extension-apiserver-authentication';
    const { data } = (await server.ask(path, { token: adminToken })).json<{
      data: Record<string, string>;
    }>();
    const { 'client-ca-file': own, ...rest } = data;
    assert.match(own!, /BEGIN CERTIFICATE/);
    assert.deepEqual(rest, {
      'requestheader-allowed-names': '["front-proxy-client"]',
      'requestheader-client-ca-file': proxies.certificate,
      'requestheader-extra-headers-prefix': '["X-Remote-Extra-"]',
      'requestheader-group-headers': '["X-Remote-Group"]',
      'requestheader-uid-headers': '["X-Remote-Uid"]',
      'requestheader-username-headers': '["X-Remote-User"]',
    });
  });

  it('believes other proxies when their file changes', async () => {
    const headers = { 'X-Remote-User': 'carol' };
    const others = await createAuthority('others');
    const proxy = async (ca: KeyAndCertificate) => {
      const { certificate, key } = await issue(ca, {
        commonName: 'front-proxy-client',
        usages: ['client'],
      });
      return { headers, cert: certificate, key };
    };
    const [before, after] = await Promise.all([proxy(proxies), proxy(others)]);
    assert.equal(await user(after), 401);
    writeFileSync(join(server.dataDir, 'front-proxy-ca.crt'), others.certificate);
    while ((await user(after)) === 401);
    assert.equal(await user(before), 401);
  });

  it('knows bootstrap tokens as soon as their secret is there', async () => {
    const token = 'abcdef.0123456789abcdef';
    assert.equal(await user({ token }), 401);
    const made = await server.ask('/api/v1/namespaces/kube-system/secrets', {
      token: adminToken,
      body: {
        metadata: { name: 'bootstrap-token-abcdef' },
        type: 'bootstrap.kubernetes.io/token',
        stringData: {
          'token-id': 'abcdef',
          'token-secret': '0123456789abcdef',
          'usage-bootstrap-authentication': 'true',
        },
      },
    });
    assert.equal(made.code, 201);
    assert.deepEqual(await user({ token }), {
      username: 'system:bootstrap:abcdef',
      groups: ['system:bootstrappers', 'system:authenticated'],
    });
  });

  it('lets users act as others who may', async () => {
    const as = { 'Impersonate-User': 'bob', 'Impersonate-Group': ['x', 'y,z'] };
    assert.deepEqual(await user({ token: adminToken, headers: as }), {
      username: 'bob',
      groups: ['x', 'y,z', 'system:authenticated'],
    });
    assert.equal(await user({ token: 'plain', headers: as }), 403);
    const role = {
      metadata: { name: 'acts' },
      rules: [
        {
          apiGroups: ['authentication.k8s.io'],
          resources: ['users', 'groups'],
          verbs: ['impersonate:user-info'],
        },
        {
          apiGroups: ['authentication.k8s.io'],
          resources: ['selfsubjectreviews'],
          verbs: ['impersonate-on:user-info:create'],
        },
      ],
    };
    const rbac = '/apis/rbac.authorization.k8s.io/v1';
    await server.ask(`${rbac}/clusterroles`, { token: adminToken, body: role });
    await server.ask(`${rbac}/clusterrolebindings`, {
      token: adminToken,
      body: {
        metadata: { name: 'acts' },
        roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: 'acts' },
        subjects: [{ apiGroup: 'rbac.authorization.k8s.io', kind: 'User', name: 'user' }],
      },
    });
    assert.deepEqual(await user({ token: 'plain', headers: as }), {
      username: 'bob',
      groups: ['x', 'y,z', 'system:authenticated'],
    });
    const elsewhere = await server.ask('/api/v1/pods', { token: 'plain', headers: as });
    assert.equal(elsewhere.code, 403);
  });
});
