import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { adminToken, startTestServer, type TestServer } from '../test-server.ts';

const policy = {
  apiVersion: 'audit.k8s.io/v1',
  kind: 'Policy',
  omitManagedFields: true,
  rules: [
    { level: 'None', users: ['system:apiserver'] },
    { level: 'None', nonResourceURLs: ['/healthz*'] },
    {
      level: 'RequestResponse',
      resources: [{ resources: ['configmaps'] }],
      omitStages: ['RequestReceived'],
    },
    { level: 'Request', resources: [{ resources: ['secrets'] }], omitStages: ['RequestReceived'] },
    { level: 'Metadata' },
  ],
};

interface Event {
  readonly [field: string]: unknown;
  readonly auditID: string;
  readonly stage: string;
}

/** The parts of an event that a test can foresee. */
function steady({ requestReceivedTimestamp, stageTimestamp, sourceIPs, ...rest }: Event): object {
  assert.match(String(requestReceivedTimestamp), /^\d{4}-.*\.\d{6}Z$/);
  assert.match(String(stageTimestamp), /^\d{4}-.*\.\d{6}Z$/);
  assert.deepEqual(sourceIPs, ['127.0.0.1']);
  return {
    ...rest,
    ...(rest['annotations'] === undefined ? {} : { annotations: steadyNotes(rest) }),
  };
}

/** A busy machine may be slow. */
function steadyNotes(event: Pick<Event, string>): object {
  const { 'apiserver.latency.k8s.io/total': _total, ...rest } = event['annotations'] as object & {
    'apiserver.latency.k8s.io/total'?: string;
  };
  return rest;
}

describe('a server with an audit log', () => {
  let server: TestServer;
  let webhook: Server;
  const posted: Event[] = [];
  let arrived = Promise.withResolvers<void>();
  before(async () => {
    webhook = createServer((request, response) => {
      const chunks: Buffer[] = [];
      request.on('data', (chunk: Buffer) => chunks.push(chunk));
      request.on('end', () => {
        const list = JSON.parse(Buffer.concat(chunks).toString('utf8'));
        assert.equal(list.kind, 'EventList');
        posted.push(...list.items);
        response.end();
        arrived.resolve();
      });
    });
    await new Promise<void>((resolve) => webhook.listen(0, '127.0.0.1', resolve));
    server = await startTestServer((dir) => {
      const file = (name: string, text: string) => {
        writeFileSync(join(dir, name), text);
        return join(dir, name);
      };
      const url = `http://127.0.0.1:${(webhook.address() as AddressInfo).port}/events`;
      return {
        tokenAuthFile: file('tokens', `${adminToken},admin,1,system:masters\nu,user,2,\n`),
        auditPolicyFile: file('policy.yaml', JSON.stringify(policy)),
        auditLogPath: join(dir, 'audit.log'),
        auditWebhookConfigFile: file(
          'webhook.yaml',
          JSON.stringify({
            'current-context': 'c',
            contexts: [{ name: 'c', context: { cluster: 'a', user: '' } }],
            clusters: [{ name: 'a', cluster: { server: url } }],
          }),
        ),
        auditWebhookBatchMaxWait: 50,
      };
    });
  });
  after(async () => {
    await server[Symbol.asyncDispose]();
    webhook.closeAllConnections();
    await new Promise((resolve) => webhook.close(resolve));
  });

  function logged(id: string): Event[] {
    const lines = readFileSync(join(server.dataDir, 'audit.log'), 'utf8').trimEnd().split('\n');
    return lines.map((line) => JSON.parse(line) as Event).filter((e) => e.auditID === id);
  }

  /** Waits for the stage that is written after the answer. */
  async function complete(id: string, stage = 'ResponseComplete'): Promise<Event[]> {
    for (;;) {
      const events = logged(id);
      if (events.some((e) => e.stage === stage)) return events;
      await new Promise((resolve) => setImmediate(resolve));
    }
  }

  const common = { kind: 'Event', apiVersion: 'audit.k8s.io/v1' };
  const admin = {
    username: 'admin',
    uid: '1',
    groups: ['system:masters', 'system:authenticated'],
  };
  const allowed = { 'authorization.k8s.io/decision': 'allow', 'authorization.k8s.io/reason': '' };

  it('tells of a request with its stages, under the id that the client is told', async () => {
    const path = '/api/v1/namespaces/default/pods?limit=1';
    const answer = await server.ask(path, {
      token: adminToken,
      headers: { 'User-Agent': 'test' },
    });
    const auditID = String(answer.headers['audit-id']);
    const rest = {
      ...common,
      level: 'Metadata',
      auditID,
      requestURI: path,
      verb: 'list',
      user: admin,
      userAgent: 'test',
      objectRef: { resource: 'pods', namespace: 'default', apiVersion: 'v1' },
    };
    assert.deepEqual((await complete(auditID)).map(steady), [
      { ...rest, stage: 'RequestReceived' },
      {
        ...rest,
        stage: 'ResponseComplete',
        responseStatus: { metadata: {}, code: 200 },
        annotations: allowed,
      },
    ]);
  });

  it('shows what was sent and what was answered', async () => {
    await server.ask('/api/v1/namespaces/default/configmaps', {
      token: adminToken,
      headers: { 'Audit-ID': 'made' },
      body: { metadata: { name: 'c' }, data: { a: 'b' } },
    });
    const [event] = await complete('made');
    assert.deepEqual(event!['objectRef'], {
      resource: 'configmaps',
      namespace: 'default',
      name: 'c',
      apiVersion: 'v1',
    });
    assert.deepEqual(event!['requestObject'], {
      kind: 'ConfigMap',
      apiVersion: 'v1',
      metadata: { name: 'c' },
      data: { a: 'b' },
    });
    const { metadata, ...answered } = event!['responseObject'] as Record<string, object>;
    assert.deepEqual(answered, { kind: 'ConfigMap', apiVersion: 'v1', data: { a: 'b' } });
    assert.deepEqual(Object.keys(metadata!).sort(), [
      'creationTimestamp',
      'name',
      'namespace',
      'resourceVersion',
      'uid',
    ]);
  });

  it('shows what a client cannot read in JSON as JSON', async () => {
    await server.ask('/api/v1/namespaces/default/configmaps/c', {
      token: adminToken,
      headers: { 'Audit-ID': 'yaml', Accept: 'application/yaml' },
    });
    await server.ask('/api/v1/namespaces/default/configmaps/c', {
      token: adminToken,
      headers: { 'Audit-ID': 'proto', Accept: 'application/vnd.kubernetes.protobuf' },
    });
    for (const id of ['yaml', 'proto']) {
      const [event] = await complete(id);
      const { kind, data } = event!['responseObject'] as Record<string, unknown>;
      assert.deepEqual({ kind, data }, { kind: 'ConfigMap', data: { a: 'b' } });
    }
  });

  it('shows patches and options of deletion, but no answer where only requests are asked for', async () => {
    const secrets = '/api/v1/namespaces/default/secrets';
    await server.ask(secrets, { token: adminToken, body: { metadata: { name: 's' } } });
    await server.ask(`${secrets}/s`, {
      token: adminToken,
      method: 'PATCH',
      headers: { 'Audit-ID': 'patched', 'Content-Type': 'application/merge-patch+json' },
      body: { type: 'x' },
    });
    const [patched] = await complete('patched');
    assert.deepEqual(patched!['requestObject'], { type: 'x' });
    assert.equal(patched!['responseObject'], undefined);
    assert.equal((patched!['responseStatus'] as { reason?: string }).reason, 'Invalid');
    await server.ask(`${secrets}/s`, {
      token: adminToken,
      method: 'DELETE',
      headers: { 'Audit-ID': 'deleted' },
      body: { gracePeriodSeconds: 0 },
    });
    const [deleted] = await complete('deleted');
    assert.deepEqual(deleted!['requestObject'], {
      kind: 'DeleteOptions',
      apiVersion: 'v1',
      gracePeriodSeconds: 0,
    });
    const { status, details, code } = deleted!['responseStatus'] as Record<string, unknown>;
    assert.equal(status, 'Success');
    assert.equal((details as { name?: string }).name, 's');
    assert.equal(code, 200);
  });

  it('tells whom a request acts as, and why it was refused', async () => {
    await server.ask('/api/v1/nodes', {
      token: adminToken,
      headers: { 'Audit-ID': 'acting', 'Impersonate-User': 'bob' },
    });
    const last = (await complete('acting')).at(-1)!;
    assert.deepEqual(last['user'], admin);
    const bob = { username: 'bob', groups: ['system:authenticated'] };
    assert.deepEqual(last['impersonatedUser'], bob);
    // system:masters may do everything, by the first way that is tried.
    assert.deepEqual(last['authenticationMetadata'], {
      impersonationConstraint: 'impersonate:user-info',
    });
    assert.deepEqual(steadyNotes(last), {
      'authorization.k8s.io/decision': 'forbid',
      'authorization.k8s.io/reason': '',
    });
    assert.equal((last['responseStatus'] as { code?: number }).code, 403);
  });

  it('tells of bad credentials once', async () => {
    await server.ask('/api/v1/nodes', { token: 'bad', headers: { 'Audit-ID': 'unknown' } });
    const events = await complete('unknown', 'ResponseStarted');
    assert.deepEqual(events.map(steady), [
      {
        ...common,
        level: 'Metadata',
        auditID: 'unknown',
        stage: 'ResponseStarted',
        requestURI: '/api/v1/nodes',
        verb: 'list',
        user: {},
        objectRef: { resource: 'nodes', apiVersion: 'v1' },
        responseStatus: {
          metadata: {},
          status: 'Failure',
          message: 'Unauthorized',
          reason: 'Unauthorized',
          code: 401,
        },
      },
    ]);
  });

  it('tells when a watch starts and when it ends', async () => {
    const path = '/api/v1/namespaces/default/pods?watch=true&timeoutSeconds=1';
    const asked = server.ask(path, { token: adminToken, headers: { 'Audit-ID': 'watch' } });
    const started = await complete('watch', 'ResponseStarted');
    assert.deepEqual(
      started.map((e) => e.stage),
      ['RequestReceived', 'ResponseStarted'],
    );
    assert.equal((await asked).headers['audit-id'], 'watch');
    await complete('watch');
  });

  it('tells how an upgrade of the connection went', async () => {
    const ask = (token: string, id: string) =>
      server.ask('/api/v1/namespaces/default/pods/none/exec?command=ls', {
        token,
        headers: {
          'Audit-ID': id,
          Connection: 'Upgrade',
          Upgrade: 'websocket',
          'Sec-WebSocket-Version': '13',
          'Sec-WebSocket-Key': 'AAAAAAAAAAAAAAAAAAAAAA==',
          'Sec-WebSocket-Protocol': 'v5.channel.k8s.io',
        },
      });
    assert.equal((await ask(adminToken, 'exec')).code, 404);
    const events = await complete('exec');
    assert.deepEqual(
      events.map((e) => [e.stage, (e['responseStatus'] as { reason?: string })?.reason]),
      [
        ['RequestReceived', undefined],
        ['ResponseStarted', 'NotFound'],
        ['ResponseComplete', 'NotFound'],
      ],
    );
    assert.equal((await ask('bad', 'exec-unknown')).code, 401);
    const [unknown] = await complete('exec-unknown', 'ResponseStarted');
    assert.equal((unknown!['responseStatus'] as { code?: number }).code, 401);
  });

  it('leaves out what the policy leaves out', async () => {
    await server.ask('/healthz', { token: adminToken, headers: { 'Audit-ID': 'health' } });
    await server.ask('/version', { token: adminToken, headers: { 'Audit-ID': 'version' } });
    await complete('version');
    assert.deepEqual(logged('health'), []);
  });

  it('posts the same to its webhook', async () => {
    const known = () =>
      posted.some((e) => e.auditID === 'version' && e.stage === 'ResponseComplete');
    while (!known()) {
      await arrived.promise;
      arrived = Promise.withResolvers<void>();
    }
    const made = posted.find((e) => e.auditID === 'made')!;
    const [line] = logged('made');
    const { kind: _kind, apiVersion: _version, ...item } = line!;
    assert.deepEqual(made, item);
  });

  it('counts', async () => {
    const { text } = await server.ask('/metrics', { token: adminToken });
    assert.match(text, /^apiserver_audit_event_total [1-9]/m);
    assert.match(text, /^apiserver_audit_level_total\{level="RequestResponse"\} [1-9]/m);
    assert.match(text, /^apiserver_audit_requests_rejected_total 0/m);
    assert.match(text, /^authentication_attempts\{result="error"\} [1-9]/m);
    assert.match(text, /^authenticated_user_requests\{username="admin"\} [1-9]/m);
    assert.match(text, /^authorization_attempts_total\{result="no-opinion"\} [1-9]/m);
  });
});

describe('a server whose audit log must not miss anything', () => {
  it('refuses requests that it cannot write down', async () => {
    await using server = await startTestServer((dir) => {
      const file = (name: string, text: string) => {
        writeFileSync(join(dir, name), text);
        return join(dir, name);
      };
      return {
        tokenAuthFile: file('tokens', `${adminToken},admin,1,system:masters\n`),
        auditPolicyFile: file('policy.yaml', JSON.stringify(policy)),
        auditLogPath: '/dev/full',
        auditLogMaxsize: 0,
        auditLogMode: 'blocking-strict',
      };
    });
    const answer = await server.ask('/api/v1/nodes', { token: adminToken });
    assert.equal(answer.code, 500);
    const text = 'Internal Server Error: "/api/v1/nodes": failed to store audit event\n';
    assert.equal(answer.text, text);
  });
});

describe('a server whose audit log is gathered', () => {
  it('has written all of it when it has ended', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'k8ts-audit-'));
    const path = join(folder, 'audit.log');
    const ids = ['a', 'b', 'c'];
    {
      await using server = await startTestServer((dir) => {
        writeFileSync(join(dir, 'policy.yaml'), JSON.stringify(policy));
        writeFileSync(join(dir, 'tokens'), `${adminToken},admin,1,system:masters\n`);
        return {
          tokenAuthFile: join(dir, 'tokens'),
          auditPolicyFile: join(dir, 'policy.yaml'),
          auditLogPath: path,
          auditLogMode: 'batch',
          auditLogBatchMaxWait: 60_000,
        };
      });
      for (const id of ids) {
        await server.ask('/version', { token: adminToken, headers: { 'Audit-ID': id } });
      }
    }
    const lines = readFileSync(path, 'utf8').trimEnd().split('\n');
    const events = lines.map((line) => JSON.parse(line) as Event);
    const complete = events.filter((e) => e.stage === 'ResponseComplete').map((e) => e.auditID);
    assert.deepEqual(
      complete.filter((id) => ids.includes(id)),
      ids,
    );
    rmSync(folder, { recursive: true });
  });
});
