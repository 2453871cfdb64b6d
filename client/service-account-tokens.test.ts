import assert from 'node:assert/strict';
import { notFound, StatusError } from '../machinery/meta/status-error.ts';
import { FakeClient } from './fake-client.ts';
import { serviceAccounts } from './resources.ts';
import { ServiceAccountTokens } from './service-account-tokens.ts';

describe('tokens of service accounts', () => {
  let now: number;
  let client: FakeClient;
  let asked: string[];
  let tokens: ServiceAccountTokens;

  beforeEach(() => {
    now = 0;
    asked = [];
    const clock = { now: () => now, after: () => () => {} };
    client = new FakeClient(() => now);
    client.post = async (_, key) => {
      asked.push(key.name);
      await client.get(serviceAccounts, key);
      return { status: { token: `${key.name}-${asked.length}` } } as never;
    };
    tokens = new ServiceAccountTokens({ client, clock, namespace: 'kube-system' });
  });

  it('makes the account when it is not there, and asks once for many', async () => {
    const both = await Promise.all([tokens.of('job-controller'), tokens.of('job-controller')]);
    assert.deepEqual(both, ['job-controller-2', 'job-controller-2']);
    const key = { namespace: 'kube-system', name: 'job-controller' };
    assert.equal((await client.get(serviceAccounts, key)).metadata?.name, 'job-controller');
  });

  it('asks again before the token ends, and when the server refuses it', async () => {
    const bearer = tokens.bearer('a');
    const first = await bearer.token();
    now = 0.79 * 3600_000;
    assert.equal(await bearer.token(), first);
    now = 0.81 * 3600_000;
    const second = await bearer.token();
    assert.notEqual(second, first);
    bearer.refused();
    assert.notEqual(await bearer.token(), second);
  });

  it('does not keep a failure', async () => {
    const { post } = client;
    client.post = () => Promise.reject(new StatusError('ServiceUnavailable', 'later', {}));
    await assert.rejects(tokens.of('a'), /later/);
    client.post = post;
    assert.equal(await tokens.of('a'), 'a-2');
  });

  it('hands on what the server says', async () => {
    client.post = () => Promise.reject(notFound({ group: '', resource: 'namespaces' }, 'x'));
    await assert.rejects(tokens.of('a'), /"x" not found/);
  });
});
