import assert from 'node:assert/strict';
import type { IncomingMessage } from 'node:http';
import type { Client } from '../../client/client.ts';
import { FakeClock } from '../../client/fake-clock.ts';
import type { ContainerStatus, KubeObject } from '../../machinery/schema/wire.ts';
import { Authentication } from './authentication.ts';
import { Authorization, accessOf } from './authorization.ts';
import { logContainer } from './container-logs.ts';

describe('what a request needs', () => {
  const cases: [method: string, path: string, verb: string, subresources: string[]][] = [
    ['GET', '/pods', 'get', ['pods', 'proxy']],
    ['GET', '/stats/summary', 'get', ['stats']],
    ['GET', '/metrics/cadvisor', 'get', ['metrics']],
    ['GET', '/healthz/ping', 'get', ['healthz', 'proxy']],
    ['GET', '/configz', 'get', ['configz', 'proxy']],
    ['GET', '/containerLogs/ns/p/c', 'get', ['proxy']],
    ['POST', '/exec/ns/p/c', 'create', ['proxy']],
    ['GET', '/exec/ns/p/c', 'get', ['proxy']],
    ['GET', '/', 'get', ['proxy']],
  ];
  for (const [method, path, verb, subresources] of cases) {
    it(`${method} ${path}`, () => assert.deepEqual(accessOf(method, path), { verb, subresources }));
  }
});

/** A client whose `create` answers with a status; counts what it is asked. */
function reviewer(status: (object: KubeObject) => object): { client: Client; asked: KubeObject[] } {
  const asked: KubeObject[] = [];
  const create = async (_: unknown, object: KubeObject): Promise<KubeObject> => {
    asked.push(object);
    return { ...object, status: status(object) } as KubeObject;
  };
  return { client: { create } as unknown as Client, asked };
}

describe('Authentication', () => {
  const request = (authorization?: string): IncomingMessage =>
    ({ socket: {}, headers: { authorization } }) as IncomingMessage;
  const withAnswer = (status: object, anonymous = false) => {
    const { client, asked } = reviewer(() => status);
    const clock = new FakeClock();
    const options = { client, clock, webhook: true, cacheMs: 1000, anonymous };
    return { authentication: new Authentication(options), asked, clock };
  };

  it('asks the API about a token, and remembers', async () => {
    const known = { authenticated: true, user: { username: 'u', groups: ['g'] } };
    const { authentication, asked, clock } = withAnswer(known);
    const user = await authentication.user(request('Bearer t'));
    assert.deepEqual(user, {
      name: 'u',
      uid: '',
      groups: ['g', 'system:authenticated'],
      extra: {},
    });
    await authentication.user(request('Bearer t'));
    assert.equal(asked.length, 1);
    await clock.advance(1000);
    await authentication.user(request('Bearer t'));
    assert.equal(asked.length, 2);
  });

  it('a wrong token is nobody, even where anonymous requests are allowed', async () => {
    const { authentication } = withAnswer({ authenticated: false }, true);
    assert.equal(await authentication.user(request('Bearer t')), undefined);
  });

  it('without a token: nobody, or system:anonymous', async () => {
    const strict = withAnswer({}).authentication;
    assert.equal(await strict.user(request()), undefined);
    const open = withAnswer({}, true).authentication;
    assert.equal((await open.user(request()))?.name, 'system:anonymous');
  });
});

describe('Authorization', () => {
  const user = { name: 'u', uid: '', groups: [], extra: {} };
  const make = (allowed: (subresource: string) => boolean) => {
    const { client, asked } = reviewer((o) => {
      const { spec } = o as { spec: { resourceAttributes: { subresource: string } } };
      return { allowed: allowed(spec.resourceAttributes.subresource) };
    });
    const authorization = new Authorization({
      client,
      clock: new FakeClock(),
      mode: 'Webhook',
      authorizedMs: 1000,
      unauthorizedMs: 1000,
      nodeName: 'n',
    });
    return { authorization, asked };
  };

  it('any of the subresources will do', async () => {
    const { authorization, asked } = make((s) => s === 'proxy');
    assert.equal(await authorization.refusal(user, accessOf('GET', '/pods')), undefined);
    assert.equal(asked.length, 2);
    await authorization.refusal(user, accessOf('GET', '/pods'));
    assert.equal(asked.length, 2);
  });

  it('says what was missing', async () => {
    const { authorization } = make(() => false);
    assert.equal(
      await authorization.refusal(user, accessOf('GET', '/pods')),
      'Forbidden (user=u, verb=get, resource=nodes, subresource(s)=[pods, proxy])',
    );
  });
});

describe('whose log is meant', () => {
  const base = { name: 'c', image: '', imageID: '', ready: false, restartCount: 0 };
  const ended = { terminated: { exitCode: 1, containerID: 'x://old' } };
  const cases: [
    what: string,
    status: Partial<ContainerStatus>,
    previous: boolean,
    expected: string | RegExp,
  ][] = [
    ['running', { state: { running: {} }, containerID: 'x://now' }, false, 'now'],
    ['ended', { state: ended }, false, 'old'],
    ['waiting after an end', { state: { waiting: {} }, lastState: ended }, false, 'old'],
    ['the previous one', { state: { running: {} }, lastState: ended }, true, 'old'],
    [
      'no previous one',
      { state: { running: {} } },
      true,
      /^Error: previous terminated container "c" in pod "p" not found$/,
    ],
    [
      'not begun',
      { state: { waiting: { reason: 'ContainerCreating' } } },
      false,
      /container "c" in pod "p" is waiting to start: ContainerCreating$/,
    ],
    [
      'no image',
      { state: { waiting: { reason: 'ImagePullBackOff' } } },
      false,
      /is waiting to start: trying and failing to pull image$/,
    ],
  ];
  for (const [what, status, previous, expected] of cases) {
    it(what, () => {
      const find = () =>
        logContainer('p', { containerStatuses: [{ ...base, ...status }] }, 'c', previous);
      if (typeof expected === 'string') assert.equal(find(), expected);
      else assert.throws(find, expected);
    });
  }
});
