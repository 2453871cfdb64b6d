import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import type {
  SelfSubjectReview,
  SelfSubjectRulesReview,
  TokenReview,
} from '../../machinery/schema/wire.ts';
import { adminToken, startTestServer, type TestServer } from '../test-server.ts';
import { startTestIssuer, type TestIssuer } from './oidc/test-issuer.ts';

const whoAmI = '/apis/authentication.k8s.io/v1/selfsubjectreviews';

/** Knows the token `hooked`, and lets its user get config maps; everything else breaks. */
function answerOf(review: {
  kind: string;
  spec: {
    token?: string;
    user?: string;
    resourceAttributes?: { resource?: string; verb?: string };
  };
}): object | undefined {
  const { kind, spec } = review;
  if (kind === 'TokenReview') {
    const authenticated = spec.token === 'hooked';
    return { ...review, status: { authenticated, user: { username: 'hooked', groups: ['h'] } } };
  }
  if (spec.user === 'broken') return undefined;
  const { resource, verb } = spec.resourceAttributes ?? {};
  const allowed = spec.user === 'hooked' && resource === 'configmaps' && verb === 'list';
  return { ...review, status: { allowed, reason: allowed ? 'because' : 'not known here' } };
}

describe('a server that asks others', () => {
  let server: TestServer;
  let issuer: TestIssuer;
  let webhook: Server;
  before(async () => {
    issuer = await startTestIssuer();
    webhook = createServer((request, response) => {
      const chunks: Buffer[] = [];
      request.on('data', (chunk: Buffer) => chunks.push(chunk));
      request.on('end', () => {
        const answer = answerOf(JSON.parse(Buffer.concat(chunks).toString('utf8')));
        response.writeHead(answer === undefined ? 400 : 200);
        response.end(JSON.stringify(answer ?? {}));
      });
    });
    await new Promise<void>((resolve) => webhook.listen(0, '127.0.0.1', resolve));
    server = await startTestServer((dir) => {
      const file = (name: string, value: string | object) => {
        writeFileSync(join(dir, name), typeof value === 'string' ? value : JSON.stringify(value));
        return join(dir, name);
      };
      const url = `http://127.0.0.1:${(webhook.address() as AddressInfo).port}/`;
      const kubeconfig = file('webhook.yaml', {
        'current-context': 'c',
        contexts: [{ name: 'c', context: { cluster: 'a', user: '' } }],
        clusters: [{ name: 'a', cluster: { server: url } }],
      });
      return {
        tokenAuthFile: file(
          'tokens',
          `${adminToken},admin,1,system:masters\nbroken,broken,2,\nplain,plain,3,\n`,
        ),
        authenticationTokenWebhookConfigFile: kubeconfig,
        authenticationTokenWebhookVersion: 'v1',
        authenticationConfig: file('authentication.yaml', {
          apiVersion: 'apiserver.config.k8s.io/v1',
          kind: 'AuthenticationConfiguration',
          jwt: [
            {
              issuer: { url: issuer.url, audiences: ['client'], certificateAuthority: issuer.ca },
              claimMappings: {
                username: { claim: 'sub', prefix: 'oidc:' },
                groups: { claim: 'groups', prefix: 'oidc:' },
              },
            },
          ],
          anonymous: { enabled: true, conditions: [{ path: '/livez' }] },
        }),
        authorizationConfig: file('authorization.yaml', {
          apiVersion: 'apiserver.config.k8s.io/v1',
          kind: 'AuthorizationConfiguration',
          authorizers: [
            { type: 'Node', name: 'node' },
            { type: 'RBAC', name: 'rbac' },
            {
              type: 'Webhook',
              name: 'hook',
              webhook: {
                timeout: '3s',
                subjectAccessReviewVersion: 'v1',
                failurePolicy: 'NoOpinion',
                connectionInfo: { type: 'KubeConfigFile', kubeConfigFile: kubeconfig },
              },
            },
          ],
        }),
      };
    });
  });
  after(async () => {
    await server[Symbol.asyncDispose]();
    await issuer[Symbol.asyncDispose]();
    webhook.closeAllConnections();
    await new Promise((resolve) => webhook.close(resolve));
  });

  const user = async (token: string) => {
    const answer = await server.ask(whoAmI, { token, body: {} });
    if (answer.code !== 201) return answer.code;
    return answer.json<SelfSubjectReview>().status?.userInfo;
  };

  it('knows the users of an issuer', async () => {
    const token = await issuer.token({ sub: 'carol', groups: ['x'], jti: 'j' });
    // The issuer is looked for while the server runs.
    while ((await user(token)) === 401) await new Promise((resolve) => setImmediate(resolve));
    assert.deepEqual(await user(token), {
      username: 'oidc:carol',
      groups: ['oidc:x', 'system:authenticated'],
      extra: { 'authentication.kubernetes.io/credential-id': ['JTI=j'] },
    });
    assert.equal(await user(await issuer.token({ sub: 'carol', aud: 'other' })), 401);
  });

  it('knows the users of a webhook', async () => {
    assert.deepEqual(await user('hooked'), {
      username: 'hooked',
      groups: ['h', 'system:authenticated'],
    });
    assert.equal(await user('unhooked'), 401);
    const review = await server.ask('/apis/authentication.k8s.io/v1/tokenreviews', {
      token: adminToken,
      body: { spec: { token: 'hooked' } },
    });
    const { status } = review.json<TokenReview>();
    assert.equal(status?.authenticated, true);
    assert.deepEqual(status?.user?.groups, ['h', 'system:authenticated']);
  });

  it('does what a webhook allows, and says why not', async () => {
    const configMaps = '/api/v1/namespaces/default/configmaps';
    assert.equal((await server.ask(configMaps, { token: 'hooked' })).code, 200);
    const refused = await server.ask('/api/v1/namespaces/default/pods', { token: 'hooked' });
    assert.equal(refused.code, 403);
    assert.equal(
      refused.json()['message'],
      'pods is forbidden: User "hooked" cannot list resource "pods" in API group "" in the namespace "default": not known here',
    );
    assert.equal((await server.ask(configMaps, { token: 'plain' })).code, 403);
  });

  it('fails where a webhook cannot tell', async () => {
    const answer = await server.ask('/api/v1/pods', { token: 'broken' });
    assert.equal(answer.code, 500);
    assert.equal(answer.headers['content-type'], 'text/plain; charset=utf-8');
    assert.match(
      answer.text,
      /^Internal Server Error: "\/api\/v1\/pods": the webhook answered 400\n$/,
    );
  });

  it('says that rules are not all', async () => {
    const answer = await server.ask('/apis/authorization.k8s.io/v1/selfsubjectrulesreviews', {
      token: 'plain',
      body: { spec: { namespace: 'default' } },
    });
    const { status } = answer.json<SelfSubjectRulesReview>();
    assert.equal(status?.incomplete, true);
    assert.equal(
      status?.evaluationError,
      'webhook authorizer does not support user rule resolution',
    );
  });

  it('lets anonymous requests in where the configuration says so', async () => {
    assert.equal((await server.ask('/livez')).code, 200);
    assert.equal((await server.ask('/readyz')).code, 401);
  });
});
