import assert from 'node:assert/strict';
import type { IncomingMessage } from 'node:http';
import { Duplex } from 'node:stream';
import type { AuditEvent } from './event.ts';
import type { AuditLevel, AuditStage } from './policy.ts';
import { sourceIps } from './source-ips.ts';
import { AuditTrail } from './trail.ts';

interface Setup {
  readonly level?: AuditLevel;
  readonly omit?: AuditStage[];
  readonly verb?: string;
  readonly longRunning?: boolean;
  readonly agent?: string;
}

function setUp({ level = 'Metadata', omit = [], verb = 'get', longRunning, agent }: Setup = {}) {
  const events: AuditEvent[] = [];
  const clock = { ms: 1000 };
  const trail = new AuditTrail(
    { level, omitStages: new Set(omit), omitManagedFields: false },
    {
      raw: {
        url: '/x',
        headers: agent === undefined ? {} : { 'user-agent': agent },
        socket: { remoteAddress: '::ffff:10.0.0.1' },
      } as unknown as IncomingMessage,
      auditId: 'id',
      attributes: {
        verb,
        resourceRequest: true,
        group: 'apps',
        version: 'v1',
        resource: 'deployments',
        subresource: '',
        namespace: 'ns',
        name: '',
        path: '/x',
      },
      user: { name: 'a', groups: [] },
      longRunning: longRunning ?? false,
      receivedMs: 1000,
    },
    {
      process: (added) => events.push(...added) > 0,
      close: () => Promise.resolve(),
    },
    () => clock.ms,
  );
  return { trail, events, clock };
}

const status = (rest: object) =>
  Buffer.from(JSON.stringify({ kind: 'Status', apiVersion: 'v1', metadata: {}, ...rest }));

describe('the audit trail of a request', () => {
  it('learns what the object is called', async () => {
    const { trail, events } = setUp({ level: 'Request', omit: ['RequestReceived'] });
    assert.equal(trail.received(), true);
    const object = {
      metadata: { name: 'n', namespace: 'other', uid: 'u' },
      apiVersion: 'apps/v1',
      kind: 'D',
    };
    trail.requestObject(object);
    object.metadata.name = 'changed';
    await trail.complete(0);
    const { objectRef, requestObject } = events[0]!;
    assert.deepEqual(objectRef, {
      resource: 'deployments',
      namespace: 'ns',
      apiGroup: 'apps',
      apiVersion: 'v1',
      name: 'n',
      uid: 'u',
    });
    assert.equal(
      requestObject,
      '{"kind":"D","apiVersion":"apps/v1","metadata":{"name":"n","namespace":"other","uid":"u"}}',
    );
  });

  it('keeps the first of several annotations', async () => {
    const { trail, events } = setUp();
    trail.annotate('a', '1');
    trail.annotate('a', '2');
    await trail.complete(200);
    assert.deepEqual(events.at(-1)!.annotations, { a: '1' });
  });

  it('shows the Status that was answered', async () => {
    const { trail, events } = setUp();
    const body = status({ status: 'Failure', reason: 'NotFound', code: 404, message: 'm' });
    trail.answered(404, 'application/json', () => body);
    await trail.complete(404);
    assert.deepEqual(events[0]!.responseStatus, {
      metadata: {},
      status: 'Failure',
      message: 'm',
      reason: 'NotFound',
      code: 404,
    });
    assert.equal(events[0]!.responseObject, undefined);
  });

  it('does not look at answers that need not be looked at', async () => {
    const { trail, events } = setUp();
    trail.answered(200, 'application/json', () => assert.fail('looked at'));
    await trail.complete(200);
    assert.deepEqual(events[0]!.responseStatus, { metadata: {}, code: 200 });
  });

  it('says that a client went early', async () => {
    const { trail, events } = setUp({ longRunning: true });
    await trail.complete(0);
    const early = {
      metadata: {},
      status: 'Success',
      message: 'Connection closed early',
      code: 200,
    };
    assert.deepEqual(
      events.map((e) => [e.stage, e.responseStatus]),
      [
        ['ResponseStarted', early],
        ['ResponseComplete', early],
      ],
    );
  });

  it('says how long slow requests took', async () => {
    const { trail, events, clock } = setUp();
    clock.ms = 2500.5;
    await trail.complete(200);
    assert.deepEqual(events[0]!.annotations, { 'apiserver.latency.k8s.io/total': '1.5005s' });
  });

  it('says what went wrong', async () => {
    const { trail, events } = setUp();
    await trail.panic(new Error('oops'));
    assert.equal(events[0]!.stage, 'Panic');
    assert.equal(events[0]!.responseStatus?.message, "APIServer panic'd: oops");
  });

  it('follows a connection by its first line', async () => {
    for (const [line, code] of [
      ['HTTP/1.1 404 Not Found\r\n', 404],
      ['HTTP/1.1 101 Switching Protocols\r\n', 101],
    ] as const) {
      const { trail, events } = setUp({ longRunning: true });
      const written: string[] = [];
      const socket = new Duplex({
        read() {},
        write(chunk, _encoding, done) {
          written.push(String(chunk));
          done();
        },
      });
      trail.followConnection(socket);
      socket.write(line);
      socket.write('more');
      assert.deepEqual(written, [line, 'more']);
      assert.equal(events[0]!.responseStatus?.code, code);
      assert.equal(events.length, 1);
    }
  });

  it('cuts names of clients that are too long', async () => {
    const { trail, events } = setUp({ agent: 'x'.repeat(2000) });
    await trail.complete(200);
    assert.equal(events[0]!.userAgent, `${'x'.repeat(1024)}...TRUNCATED`);
    assert.deepEqual(events[0]!.sourceIPs, ['10.0.0.1']);
  });
});

describe('the addresses of a request', () => {
  const cases: [Record<string, string>, string | undefined, string[]][] = [
    [{}, '10.0.0.1', ['10.0.0.1']],
    [{}, undefined, []],
    [{}, '::ffff:10.0.0.1', ['10.0.0.1']],
    [{}, '2001:DB8:0::1', ['2001:db8::1']],
    [{ 'x-forwarded-for': '1.1.1.1, x, 2.2.2.2' }, '10.0.0.1', ['1.1.1.1', '2.2.2.2', '10.0.0.1']],
    [{ 'x-forwarded-for': '1.1.1.1', 'x-real-ip': '1.1.1.1' }, '1.1.1.1', ['1.1.1.1']],
    [{ 'x-real-ip': '3.3.3.3' }, '10.0.0.1', ['3.3.3.3', '10.0.0.1']],
  ];
  for (const [headers, remote, expected] of cases) {
    it(`${JSON.stringify(headers)} from ${remote}`, () => {
      assert.deepEqual(sourceIps(headers, remote), expected);
    });
  }
});
