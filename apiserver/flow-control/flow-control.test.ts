/** Flow control as the request chain sees it. */
import assert from 'node:assert/strict';
import type { FlowSchema, PriorityLevelConfiguration } from '../../machinery/schema/wire.ts';
import { flowcontrolBootstrap } from '../registry/bootstrap/bootstrap.ts';
import { parseRequestInfo } from '../server/request-info.ts';
import { FlowControl } from './flow-control.ts';
import { type GatedRequest, type Ticket, TooManyRequestsError } from './gate.ts';
import { InFlightLimit } from './in-flight-limit.ts';

const bootstrap = flowcontrolBootstrap();
const ofName =
  (...names: string[]) =>
  (o: { metadata?: { name?: string } }) =>
    names.includes(o.metadata?.name ?? '');

function setUp(seats = 600) {
  let nowMs = 0;
  let timers: { at: number; run: () => void }[] = [];
  const control = new FlowControl({
    seats,
    requestTimeoutMs: 60_000,
    mandatory: {
      levels: bootstrap.prioritylevelconfigurations.filter(ofName('exempt', 'catch-all')),
      schemas: bootstrap.flowschemas.filter(ofName('exempt', 'catch-all')),
    },
    env: {
      nowMs: () => nowMs,
      afterPoll: (run) => timers.push({ at: nowMs, run }),
      afterStep: (run) => queueMicrotask(run),
      later(ms, run) {
        const timer = { at: nowMs + ms, run };
        timers.push(timer);
        return () => {
          timers = timers.filter((t) => t !== timer);
        };
      },
    },
    objects: () => ({ count: 1000, averageBytes: 1000 }),
  });
  return {
    control,
    async pass(ms: number) {
      nowMs += ms;
      const due = timers.filter((t) => t.at <= nowMs);
      timers = timers.filter((t) => t.at > nowMs);
      for (const t of due) t.run();
      for (let i = 0; i < 20; i++) await Promise.resolve();
    },
  };
}

interface Asked {
  readonly user?: string;
  readonly groups?: readonly string[];
  readonly method?: string;
  readonly timeoutMs?: number;
}

function request(path: string, asked: Asked = {}): GatedRequest & { leave(): void } {
  const { user = 'alice', groups = ['system:authenticated'], method = 'GET' } = asked;
  const url = new URL(path, 'https://x');
  const watch = url.searchParams.get('watch') === 'true';
  const gone: { run?: () => void } = {};
  return {
    info: parseRequestInfo(method, url.pathname, { watch, selectedName: undefined }),
    user: { name: user, groups: [...groups] },
    query: url.searchParams,
    timeoutMs: asked.timeoutMs,
    gone: false,
    onGone(run) {
      gone.run = run;
      return () => delete gone.run;
    },
    leave: () => gone.run?.(),
  };
}

function limited(name: string, limitedSpec: object): PriorityLevelConfiguration {
  const limitedFull = { nominalConcurrencyShares: 100, lendablePercent: 0, ...limitedSpec };
  const spec = { type: 'Limited', limited: limitedFull };
  return { metadata: { name, uid: `uid-${name}` }, spec } as unknown as PriorityLevelConfiguration;
}

const queue = (queueLengthLimit: number) => ({
  limitResponse: { type: 'Queue', queuing: { queues: 1, handSize: 1, queueLengthLimit } },
});

function schemaFor(level: string, name: string, user: string, precedence = 100): FlowSchema {
  const rule = {
    subjects: [{ kind: 'User', user: { name: user } }],
    resourceRules: [
      { verbs: ['*'], apiGroups: ['*'], resources: ['*'], clusterScope: true, namespaces: ['*'] },
    ],
  };
  const spec = {
    priorityLevelConfiguration: { name: level },
    matchingPrecedence: precedence,
    distinguisherMethod: { type: 'ByUser' },
    rules: [rule],
  };
  return { metadata: { name, uid: `uid-${name}` }, spec } as unknown as FlowSchema;
}

describe('FlowControl', () => {
  it('knows the flows of a new cluster', async () => {
    const { control, pass } = setUp();
    control.configure(bootstrap.prioritylevelconfigurations, bootstrap.flowschemas);
    const cases: [string, Asked, string][] = [
      ['/api/v1/pods', { groups: ['system:masters'] }, 'exempt/exempt'],
      [
        '/readyz',
        { user: 'system:anonymous', groups: ['system:unauthenticated'] },
        'exempt/probes',
      ],
      [
        '/apis/coordination.k8s.io/v1/namespaces/kube-system/leases/x',
        { user: 'system:kube-scheduler' },
        'leader-election/system-leader-election',
      ],
      ['/api/v1/pods', { user: 'system:kube-scheduler' }, 'workload-high/kube-scheduler'],
      ['/api/v1/nodes/n', { groups: ['system:nodes'] }, 'node-high/system-node-high'],
      ['/api/v1/pods', { groups: ['system:nodes'] }, 'system/system-nodes'],
      ['/api/v1/pods', { groups: ['system:serviceaccounts'] }, 'workload-low/service-accounts'],
      ['/api/v1/pods', {}, 'global-default/global-default'],
      ['/api/v1/pods', { groups: ['other'] }, 'catch-all/catch-all'],
    ];
    for (const [path, asked, flow] of cases) {
      const before = control.stats.get(flow)?.dispatched ?? 0;
      const ticket = (await control.enter(request(path, asked)))!;
      ticket.done();
      assert.equal(control.stats.get(flow)?.dispatched, before + 1, `${path} ${flow}`);
      await pass(0);
    }
  });

  it('does not count streams, and watches only until they have begun', () => {
    const { control } = setUp();
    assert.equal(control.enter(request('/api/v1/namespaces/a/pods/x/log')), undefined);
    const level = () => control.levels.find((l) => l.name === 'catch-all')!;
    const ticket = control.enter(request('/api/v1/pods?watch=true')) as Ticket;
    assert.equal(level().queues.executing, 1);
    ticket.started();
    assert.equal(level().queues.executing, 0);
    const write = request('/api/v1/namespaces/a/pods', { method: 'POST' });
    assert.equal(control.watches.interested(write.info), 1);
    ticket.done();
    assert.equal(control.watches.interested(write.info), 0);
  });

  it('names schema and level in headers', () => {
    const { control } = setUp();
    control.configure([limited('l', queue(5))], [schemaFor('l', 's', 'alice')]);
    const ticket = control.enter(request('/api/v1/nodes/x')) as Ticket;
    assert.deepEqual(ticket.headers, {
      'X-Kubernetes-Pf-Flowschema-Uid': 'uid-s',
      'X-Kubernetes-Pf-Prioritylevel-Uid': 'uid-l',
    });
  });

  it('queues, then rejects with the headers and a time to wait', async () => {
    const { control, pass } = setUp(1);
    control.configure(
      [limited('l', { ...queue(1), borrowingLimitPercent: 0 })],
      [schemaFor('l', 's', 'alice')],
    );
    const first = control.enter(request('/api/v1/nodes/x')) as Ticket;
    const second = control.enter(request('/api/v1/nodes/x')) as Promise<Ticket>;
    assert.throws(
      () => control.enter(request('/api/v1/nodes/x')),
      (e: unknown) => {
        assert.ok(e instanceof TooManyRequestsError);
        assert.equal(e.message, 'Too many requests, please try again later.');
        assert.equal(e.retryAfterSeconds, 1);
        assert.equal(e.headers?.['X-Kubernetes-Pf-Flowschema-Uid'], 'uid-s');
        return true;
      },
    );
    first.done();
    await pass(0);
    (await second).done();
  });

  it('lets nobody wait longer than a quarter of its time', async () => {
    const { control, pass } = setUp(1);
    control.configure(
      [limited('l', { ...queue(5), borrowingLimitPercent: 0 })],
      [schemaFor('l', 's', 'alice')],
    );
    const first = control.enter(request('/api/v1/nodes/x')) as Ticket;
    const late = control.enter(request('/api/v1/nodes/x', { timeoutMs: 8000 }));
    const lost = assert.rejects(late as Promise<Ticket>, TooManyRequestsError);
    const leaver = request('/api/v1/nodes/x');
    const left = assert.rejects(control.enter(leaver) as Promise<Ticket>, TooManyRequestsError);
    leaver.leave();
    await left;
    await pass(2000);
    await lost;
    assert.equal(control.stats.get('l/s')?.rejected['time-out'], 2);
    first.done();
  });

  it('keeps the mandatory level and schema without their objects, and ignores broken ones', () => {
    const { control } = setUp();
    const broken = { metadata: { name: 'broken' }, spec: { type: 'Limited' } };
    control.configure(
      [broken as PriorityLevelConfiguration],
      [schemaFor('broken', 's', 'alice'), schemaFor('nowhere', 't', 'alice')],
    );
    assert.deepEqual(control.levels.map((l) => l.name).sort(), ['catch-all', 'exempt']);
    assert.equal(control.has('broken'), false);
    (control.enter(request('/api/v1/nodes/x')) as Ticket).done();
    assert.equal(control.stats.get('catch-all/catch-all')?.dispatched, 1);
  });

  it('keeps a level that was taken away until it has run empty', () => {
    const { control } = setUp();
    control.configure([limited('l', queue(5))], [schemaFor('l', 's', 'alice')]);
    const ticket = control.enter(request('/api/v1/nodes/x')) as Ticket;
    control.configure([], []);
    assert.equal(control.has('l'), false);
    assert.equal(control.levels.length, 3);
    ticket.done();
    assert.equal(control.levels.length, 2);
  });

  it('makes wide lists take more seats', () => {
    const { control } = setUp();
    control.configure([limited('l', queue(50))], [schemaFor('l', 's', 'alice')]);
    const level = control.levels.find((l) => l.name === 'l')!;
    const cases: [string, number][] = [
      ['/api/v1/pods', 10],
      ['/api/v1/pods?limit=200', 2],
      ['/api/v1/pods?limit=nonsense', 86],
      ['/api/v1/pods?watch=true', 10],
      ['/api/v1/pods?watch=true&resourceVersion=5', 1],
      ['/api/v1/pods?resourceVersion=5&resourceVersionMatch=Exact&labelSelector=a', 10],
      ['/api/v1/namespaces/a/pods/x', 1],
    ];
    for (const [path, seats] of cases) {
      const ticket = control.enter(request(path)) as Ticket;
      assert.equal(level.queues.seatsInUse, seats, path);
      ticket.done();
    }
  });
});

describe('InFlightLimit', () => {
  it('counts what reads and what writes apart, and turns nobody of system:masters away', () => {
    const limit = new InFlightLimit(1, 1);
    const read = limit.enter(request('/api/v1/pods'))!;
    const write = limit.enter(request('/api/v1/namespaces/a/pods', { method: 'POST' }))!;
    assert.throws(() => limit.enter(request('/api/v1/pods')), TooManyRequestsError);
    const master = request('/api/v1/pods', { groups: ['system:masters'] });
    assert.equal(limit.enter(master), undefined);
    assert.equal(limit.enter(request('/api/v1/pods?watch=true')), undefined);
    read.done();
    write.done();
    limit.enter(request('/api/v1/pods'))!.done();
  });

  it('takes 0 for no limit', () => {
    const limit = new InFlightLimit(0, 0);
    for (let i = 0; i < 10; i++) limit.enter(request('/api/v1/pods'));
    assert.equal(limit.readOnly.executing, 10);
  });
});
