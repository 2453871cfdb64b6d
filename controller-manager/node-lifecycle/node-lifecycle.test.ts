import assert from 'node:assert/strict';
import { leases, nodes, pods } from '../../client/resources.ts';
import { formatMicroTime, formatTime } from '../../machinery/meta/times.ts';
import type { Node, Pod, Taint } from '../../machinery/schema/wire.ts';
import { taintEvictionController } from '../taint-eviction/taint-eviction.ts';
import { TestBed } from '../test-bed.ts';
import { judgeHealth, type NodeHealth } from './health.ts';
import { labelChange } from './node-labels.ts';
import { nodeLifecycleController } from './node-lifecycle.ts';
import { noExecuteChange, noScheduleChange } from './taints.ts';
import { Zones, zoneOf, zoneState } from './zones.ts';

const created = '2026-01-01T00:00:00Z';

function node(name: string, ready?: string, heartbeat = created, spec: Node['spec'] = {}): Node {
  const conditions = [
    { type: 'Ready', status: ready ?? '', lastHeartbeatTime: heartbeat },
    { type: 'MemoryPressure', status: 'False', lastHeartbeatTime: heartbeat },
  ];
  return {
    apiVersion: 'v1',
    kind: 'Node',
    metadata: { name, uid: name, creationTimestamp: created },
    spec,
    status: ready === undefined ? {} : { conditions },
  };
}

describe('judgeHealth', () => {
  const t0 = Date.parse(created);
  const grace = { monitorMs: 50_000, startupMs: 60_000 };
  const later = '2026-01-01T00:00:40Z';
  const known = (ready: string, renewTime?: string): NodeHealth => ({
    ready: node('n', ready).status!.conditions![0],
    renewTime,
    aliveAtMs: t0,
  });
  for (const [name, before, now, lease, atMs, want] of [
    ['first seen', undefined, node('n', 'True'), undefined, 999_000, ''],
    ['within the grace', known('True'), node('n', 'True'), undefined, 50_000, ''],
    ['silent', known('True'), node('n', 'True'), undefined, 50_001, 'NodeStatusUnknown'],
    ['a new heartbeat', known('True'), node('n', 'True', later), undefined, 50_001, ''],
    ['a first lease', known('True'), node('n', 'True'), later, 50_001, ''],
    ['a newer lease', known('True', created), node('n', 'True'), later, 50_001, ''],
    ['the same lease', known('True', later), node('n', 'True'), later, 50_001, 'NodeStatusUnknown'],
    ['known as silent', known('Unknown'), node('n', 'Unknown'), undefined, 90_000, ''],
    [
      'not ready and silent',
      known('False'),
      node('n', 'False'),
      undefined,
      90_000,
      'NodeStatusUnknown',
    ],
    ['never spoke, young', undefined, node('n'), undefined, 60_000, ''],
    ['never spoke', undefined, node('n'), undefined, 60_001, 'NodeStatusNeverUpdated'],
    ['a condition that was taken away', known('True'), node('n'), undefined, 90_000, ''],
  ] as const) {
    it(name, () => {
      const spec = lease === undefined ? {} : { spec: { renewTime: lease } };
      const verdict = judgeHealth(
        before,
        now,
        lease === undefined ? undefined : spec,
        grace,
        t0 + atMs,
      );
      assert.equal(verdict.conditions?.find((c) => c.type === 'Ready')?.reason ?? '', want);
      if (want !== '') {
        assert.deepEqual(
          verdict.conditions?.map((c) => `${c.type} ${c.status}`).toSorted(),
          ['DiskPressure', 'MemoryPressure', 'PIDPressure', 'Ready'].map((t) => `${t} Unknown`),
        );
      }
    });
  }
});

describe('taints of nodes', () => {
  const parse = (text: string): Taint[] =>
    text
      .split(' ')
      .filter(Boolean)
      .map((t) => {
        const [key = '', effect = ''] = t.split(':');
        return { key: key.includes('/') ? key : `node.kubernetes.io/${key}`, effect };
      });
  const print = (taints: Taint[] | undefined): string | undefined =>
    taints?.map((t) => `${t.key.replace('node.kubernetes.io/', '')}:${t.effect}`).join(' ');
  for (const [name, conditions, spec, before, want] of [
    ['ready', 'Ready=True', {}, '', undefined],
    ['not ready', 'Ready=False', {}, '', 'not-ready:NoSchedule'],
    ['unreachable now', 'Ready=Unknown', {}, 'not-ready:NoSchedule', 'unreachable:NoSchedule'],
    ['ready again', 'Ready=True', {}, 'not-ready:NoSchedule a/b:NoSchedule', 'a/b:NoSchedule'],
    ['NoExecute is not ours', 'Ready=True', {}, 'not-ready:NoExecute', undefined],
    ['cordoned', '', { unschedulable: true }, '', 'unschedulable:NoSchedule'],
    ['uncordoned', '', {}, 'unschedulable:NoSchedule', ''],
    [
      'under pressure',
      'MemoryPressure=True PIDPressure=True DiskPressure=True NetworkUnavailable=True',
      {},
      '',
      'memory-pressure:NoSchedule pid-pressure:NoSchedule disk-pressure:NoSchedule ' +
        'network-unavailable:NoSchedule',
    ],
  ] as [string, string, Node['spec'] & {}, string, string | undefined][]) {
    it(name, () => {
      const list = conditions
        .split(' ')
        .filter(Boolean)
        .map((c) => {
          const [type = '', status = ''] = c.split('=');
          return { type, status };
        });
      const change = noScheduleChange({ spec, status: { conditions: list } });
      assert.equal(print(change(parse(before), 0)), want);
    });
  }
  for (const [add, before, want] of [
    ['not-ready', '', 'not-ready:NoExecute'],
    ['not-ready', 'unreachable:NoExecute', 'not-ready:NoExecute'],
    ['not-ready', 'not-ready:NoExecute a/b:NoExecute', undefined],
    ['unreachable', 'unreachable:NoSchedule', 'unreachable:NoSchedule unreachable:NoExecute'],
    [undefined, 'unreachable:NoExecute not-ready:NoExecute', ''],
    [undefined, '', undefined],
  ] as const) {
    it(`NoExecute ${add} on "${before}"`, () => {
      const change = noExecuteChange(add && `node.kubernetes.io/${add}`);
      assert.equal(print(change(parse(before), 0)), want);
    });
  }
});

describe('zones', () => {
  const rates = { normal: 0.1, secondary: 0.01, largeZone: 10, unhealthyShare: 0.55 };
  for (const [ready, notReady, want] of [
    [3, 0, 'Normal'],
    [0, 1, 'FullDisruption'],
    [1, 2, 'Normal'],
    [2, 3, 'PartialDisruption'],
    [6, 3, 'Normal'],
  ] as const) {
    it(`${ready} ready, ${notReady} not`, () =>
      assert.equal(zoneState(ready, notReady, 0.55), want));
  }

  const observe = (zones: Zones, nowMs: number, ...counts: [string, number, number][]) =>
    zones.observe(new Map(counts.map(([z, ready, notReady]) => [z, { ready, notReady }])), nowMs);

  it('lets one node pass in ten seconds, each zone on its own', () => {
    const zones = new Zones(rates);
    for (const n of ['a1', 'a2']) zones.want('a', n, 'k');
    zones.want('b', 'b1', 'k');
    observe(zones, 0, ['a', 5, 2], ['b', 5, 1]);
    const taken = (nowMs: number): string[] => {
      const all: string[] = [];
      for (let t = zones.take(nowMs); t !== undefined; t = zones.take(nowMs)) all.push(t[0]);
      return all;
    };
    assert.deepEqual(taken(0), ['a1', 'b1']);
    assert.equal(zones.nextAtMs(), 10_000);
    assert.deepEqual(taken(9_999), []);
    assert.deepEqual(taken(10_000), ['a2']);
    assert.equal(zones.nextAtMs(), undefined);
  });

  it('slows down in a large disrupted zone and stands still in a small one', () => {
    const zones = new Zones(rates);
    for (const n of ['a1', 'a2', 'b1']) zones.want(n[0]!, n, 'k');
    observe(zones, 0, ['a', 5, 7], ['b', 1, 3]);
    assert.deepEqual(zones.take(0), ['a1', 'k']);
    assert.equal(zones.take(99_999), undefined);
    assert.deepEqual(zones.take(100_000), ['a2', 'k']);
    observe(zones, 200_000, ['a', 5, 7], ['b', 4, 0]);
    assert.deepEqual(zones.take(200_000), ['b1', 'k']);
  });

  it('stops when all is down', () => {
    const zones = new Zones(rates);
    zones.want('a', 'a1', 'k');
    assert.equal(observe(zones, 0, ['a', 0, 2]), 'silenced');
    assert.equal(observe(zones, 1, ['a', 0, 2]), undefined);
    assert.equal(zones.take(1), undefined);
    assert.equal(observe(zones, 2, ['a', 1, 1]), 'back');
    assert.deepEqual(zones.take(2), ['a1', 'k']);
    assert.equal(observe(zones, 3), undefined);
  });

  it('knows both names of zone labels', () => {
    const of = (labels: Record<string, string>) => zoneOf({ metadata: { labels } });
    assert.equal(of({}), '');
    assert.equal(of({ 'topology.kubernetes.io/zone': 'z' }), ':\0:z');
    const old = 'failure-domain.beta.kubernetes.io/region';
    assert.equal(of({ 'topology.kubernetes.io/region': 'r', [old]: 'o' }), 'o:\0:');
  });
});

it('labelChange', () => {
  assert.equal(labelChange({}), undefined);
  assert.deepEqual(labelChange({ 'kubernetes.io/os': 'linux', 'beta.kubernetes.io/os': 'x' }), {
    'beta.kubernetes.io/os': 'linux',
  });
});

function pod(name: string, nodeName: string, tolerationSeconds?: number): Pod {
  const tolerations = ['not-ready', 'unreachable'].map((k) => ({
    key: `node.kubernetes.io/${k}`,
    operator: 'Exists',
    effect: 'NoExecute',
    ...(tolerationSeconds === undefined ? {} : { tolerationSeconds }),
  }));
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { namespace: 'a', name, uid: name, generation: 1 },
    spec: { nodeName, containers: [], tolerations },
    status: { phase: 'Running', conditions: [{ type: 'Ready', status: 'True' }] },
  };
}

describe('node lifecycle controller', () => {
  async function alive(bed: TestBed, ...names: string[]): Promise<void> {
    for (const name of names) {
      const renewTime = formatMicroTime(bed.clock.now());
      const key = { namespace: 'kube-node-lease', name };
      const patch = { spec: { renewTime } };
      await bed.client.patch(leases, key, patch, { type: 'merge' });
    }
  }

  async function cluster(bed: TestBed, ...names: string[]): Promise<void> {
    const heartbeat = formatTime(bed.clock.now());
    for (const name of names) {
      bed.client.seed(nodes, node(name, 'True', heartbeat));
      bed.client.seed(leases, { metadata: { namespace: 'kube-node-lease', name }, spec: {} });
    }
  }

  const taintsOf = (bed: TestBed, name: string): string[] =>
    (bed.client.objects(nodes).find((n) => n.metadata?.name === name)?.spec?.taints ?? []).map(
      (t) => `${t.key.replace('node.kubernetes.io/', '')}:${t.effect}`,
    );

  it('notices a silent node, evicts its pods, and takes it back', async () => {
    await using bed = new TestBed();
    await cluster(bed, 'n1', 'n2');
    bed.client.seed(pods, pod('stays', 'n1'), pod('goes', 'n1', 300), pod('other', 'n2', 1));
    await bed.start([nodeLifecycleController, taintEvictionController]);
    const pass = async (seconds: number, ...names: string[]): Promise<void> => {
      for (let i = 0; i < seconds; i += 5) {
        await alive(bed, ...names);
        await bed.advance(5_000);
      }
    };
    await pass(30, 'n1', 'n2');
    assert.deepEqual(taintsOf(bed, 'n1'), []);
    await pass(60, 'n2');
    assert.deepEqual(taintsOf(bed, 'n1').toSorted(), [
      'unreachable:NoExecute',
      'unreachable:NoSchedule',
    ]);
    const ready = (name: string) =>
      bed.client.objects(pods).find((p) => p.metadata?.name === name)?.status?.conditions?.[0]
        ?.status;
    assert.deepEqual([ready('stays'), ready('goes'), ready('other')], ['False', 'False', 'True']);
    await pass(300, 'n2');
    const going = bed.client.objects(pods).filter((p) => p.metadata?.deletionTimestamp);
    assert.deepEqual(
      going.map((p) => p.metadata?.name),
      ['goes'],
    );
    const n1 = await bed.client.get(nodes, { name: 'n1' });
    const heartbeat = formatTime(bed.clock.now());
    await bed.client.update(
      nodes,
      { ...n1, status: node('n1', 'True', heartbeat).status! },
      { subresource: 'status' },
    );
    await pass(5, 'n1', 'n2');
    assert.deepEqual(taintsOf(bed, 'n1'), []);
    const texts = bed.eventTexts();
    for (const text of [
      'RegisteredNode: Node n1 event: Registered Node n1 in Controller',
      'NodeNotReady: Node n1 status is now: NodeNotReady',
      'NodeNotReady: Node is not ready',
      'TaintManagerEviction: Marking for deletion Pod a/goes',
    ]) {
      assert.ok(texts.includes(text), text);
    }
    assert.deepEqual(bed.complaints, []);
  });

  it('evicts nobody when the whole cluster is silent', async () => {
    await using bed = new TestBed();
    await cluster(bed, 'n1');
    bed.client.seed(pods, pod('p', 'n1', 1));
    await bed.start([nodeLifecycleController, taintEvictionController]);
    for (let i = 0; i < 20; i++) await bed.advance(5_000);
    assert.deepEqual(taintsOf(bed, 'n1'), ['unreachable:NoSchedule']);
    assert.equal(bed.client.objects(pods).length, 1);
    assert.equal(bed.client.objects(pods)[0]?.status?.conditions?.[0]?.status, 'False');
  });

  it('tells of nodes that go', async () => {
    await using bed = new TestBed();
    await cluster(bed, 'n1', 'n2');
    await bed.start([nodeLifecycleController]);
    await bed.client.delete(nodes, { name: 'n1' });
    await bed.advance(5_000);
    assert.equal(
      bed.eventTexts().at(-1),
      'RemovingNode: Node n1 event: Removing Node n1 from Controller',
    );
  });
});
