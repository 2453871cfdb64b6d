/** Flow control that follows the objects of the cluster, and what it tells of itself. */
import assert from 'node:assert/strict';
import type { FlowSchema, KubeObject } from '../../machinery/schema/wire.ts';
import { flowcontrolBootstrap } from '../registry/bootstrap/bootstrap.ts';
import type { CacheWatcher } from '../storage/cache/resource-cache.ts';
import type { StoredObject } from '../storage/cache/stored-object.ts';
import { FlowConfiguration } from './configuration.ts';
import { debugPage } from './debug-pages.ts';
import { FlowControl } from './flow-control.ts';
import { flowControlMetrics } from './flow-control-metrics.ts';
import { eventLoop } from './turns.ts';

/** A cache of a few objects, and whoever follows it. */
class FakeCache {
  readonly all = new Map<string, KubeObject>();
  readonly watchers: CacheWatcher[] = [];

  *objects(): Generator<StoredObject, void, undefined> {
    for (const o of this.all.values()) yield { shared: () => o } as unknown as StoredObject;
  }

  subscribe(watcher: CacheWatcher): () => void {
    this.watchers.push(watcher);
    return () => void this.watchers.splice(this.watchers.indexOf(watcher), 1);
  }

  set(object: KubeObject): void {
    this.all.set(object.metadata?.name ?? '', object);
    for (const w of this.watchers) w.onEvent({} as never);
  }
}

const { flowschemas, prioritylevelconfigurations } = flowcontrolBootstrap();
const mandatory = (o: KubeObject) => ['exempt', 'catch-all'].includes(o.metadata?.name ?? '');

function setUp() {
  const control = new FlowControl({
    seats: 600,
    requestTimeoutMs: 60_000,
    mandatory: {
      levels: prioritylevelconfigurations.filter(mandatory),
      schemas: flowschemas.filter(mandatory),
    },
    env: { ...eventLoop, later: () => () => {} },
    objects: () => undefined,
  });
  const [schemas, levels] = [new FakeCache(), new FakeCache()];
  const written: string[] = [];
  const problems: unknown[] = [];
  const configuration = new FlowConfiguration({
    flowControl: control,
    schemas,
    levels,
    access: {
      async update<T extends KubeObject>(
        _resource: string,
        _namespace: string,
        name: string,
        change: (current: T) => T,
      ) {
        const next = change(schemas.all.get(name) as T);
        written.push(name);
        schemas.set(next);
        return next;
      },
    },
    now: () => 0,
    onProblem: (_what, error) => problems.push(error),
  });
  const abort = new AbortController();
  return { control, schemas, levels, written, problems, configuration, abort };
}

const settled = async () => {
  for (let i = 0; i < 5; i++) await new Promise((resolve) => setImmediate(resolve));
};

const dangling = (o: KubeObject | undefined) =>
  (o as FlowSchema | undefined)?.status?.conditions?.find((c) => c.type === 'Dangling')?.status;

describe('FlowConfiguration', () => {
  it('takes over what there is, and what comes', async () => {
    const { control, schemas, levels, configuration, abort } = setUp();
    for (const o of prioritylevelconfigurations.filter(mandatory)) levels.set(o);
    configuration.follow(abort.signal);
    assert.equal(control.levels.length, 2);
    for (const o of prioritylevelconfigurations) levels.set(o);
    for (const o of flowschemas) schemas.set(o);
    await settled();
    assert.equal(control.levels.length, prioritylevelconfigurations.length);
    abort.abort();
    assert.deepEqual([schemas.watchers.length, levels.watchers.length], [0, 0]);
  });

  it('writes conditions once it may, and again when a level comes', async () => {
    const { schemas, levels, written, configuration, abort } = setUp();
    const schema = flowschemas.find((s) => s.metadata?.name === 'service-accounts')!;
    schemas.set(schema);
    configuration.follow(abort.signal);
    await settled();
    assert.deepEqual(written, []);
    configuration.keepConditions();
    await settled();
    assert.equal(dangling(schemas.all.get('service-accounts')), 'True');
    const level = prioritylevelconfigurations.find((l) => l.metadata?.name === 'workload-low')!;
    levels.set(level);
    await settled();
    assert.equal(dangling(schemas.all.get('service-accounts')), 'False');
    assert.deepEqual(written, ['service-accounts', 'service-accounts']);
    abort.abort();
  });

  it('does not fight for a condition', async () => {
    const { schemas, written, configuration, abort } = setUp();
    const schema = flowschemas.find((s) => s.metadata?.name === 'service-accounts')!;
    configuration.follow(abort.signal);
    configuration.keepConditions();
    for (let i = 0; i < 20; i++) {
      schemas.set({ ...schema });
      await settled();
    }
    assert.equal(written.length, 6);
    abort.abort();
  });
});

describe('what flow control tells', () => {
  it('has a page for levels, queues and requests', () => {
    const { control } = setUp();
    control.configure(prioritylevelconfigurations, flowschemas);
    const root = '/debug/api_priority_and_fairness/';
    const page = (name: string) =>
      debugPage(root + name, control)
        ?.trimEnd()
        .split('\n') ?? [];
    assert.equal(page('dump_priority_levels').length, 1 + prioritylevelconfigurations.length);
    assert.match(page('dump_priority_levels')[1]!, /^catch-all, +0, +true, +false, +0,/);
    assert.ok(page('dump_queues').length > 100);
    assert.equal(page('dump_requests').length, 1);
    assert.equal(debugPage(`${root}nothing`, control), undefined);
  });

  it('has metrics under the names of upstream', () => {
    const { control } = setUp();
    control.configure(prioritylevelconfigurations, flowschemas);
    const metrics = new Map(flowControlMetrics(control).map((m) => [m.name, m]));
    const limits = [...metrics.get('apiserver_flowcontrol_nominal_limit_seats')!.samples()];
    assert.deepEqual(
      limits.find((s) => s.labels['priority_level'] === 'workload-low'),
      { labels: { priority_level: 'workload-low' }, value: 245 },
    );
    for (const name of ['dispatched_requests_total', 'current_inqueue_requests']) {
      assert.ok(metrics.has(`apiserver_flowcontrol_${name}`), name);
    }
    for (const metric of metrics.values()) assert.ok(Array.from(metric.samples()));
  });
});
