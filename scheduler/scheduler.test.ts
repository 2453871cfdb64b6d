import assert from 'node:assert/strict';
import { settle } from '../client/fake-clock.ts';
import * as resources from '../client/resources.ts';
import { StatusError } from '../machinery/meta/status-error.ts';
import { TestBed, testNode, testPod } from './test-bed.ts';

describe('scheduler', () => {
  it('binds a pod with one POST and records it', async () => {
    await using bed = new TestBed();
    bed.client.seed(resources.nodes, testNode('n1'));
    await bed.start();
    await bed.create(testPod('a', { cpu: '1' }));
    assert.equal(bed.nodeOf('a'), 'n1');
    assert.deepEqual(bed.client.writesText(), ['post pods/binding default/a']);
    assert.deepEqual(bed.events, ['a: Normal Scheduled: Successfully assigned default/a to n1']);
  });

  it('says why a pod fits nowhere, and schedules it when a node comes', async () => {
    await using bed = new TestBed();
    const taints = [{ key: 'k', value: 'v', effect: 'NoSchedule' as const }];
    bed.client.seed(
      resources.nodes,
      testNode('n1', { cpu: '1', memory: '1Gi', pods: '10' }),
      testNode('n2', undefined, { spec: { taints } }),
      testNode('n3', undefined, { spec: { unschedulable: true } }),
    );
    await bed.start();
    await bed.create(testPod('a', { cpu: '2' }));
    const text =
      '0/3 nodes are available: 1 Insufficient cpu, ' +
      '1 node(s) had untolerated taint(s), 1 node(s) were unschedulable. ' +
      'preemption: 0/3 nodes are available: 3 Preemption is not helpful for scheduling.';
    const [event] = bed.events;
    assert.equal(event, `a: Warning FailedScheduling: ${text}`);
    const [condition] = bed.pod('a').status?.conditions ?? [];
    assert.equal(condition?.reason, 'Unschedulable');
    assert.equal(condition?.status, 'False');
    bed.client.seed(resources.nodes, testNode('n4'));
    await settle(10);
    assert.equal(bed.nodeOf('a'), 'n4');
  });

  it('waits for the first node', async () => {
    await using bed = new TestBed();
    await bed.start();
    await bed.create(testPod('a'));
    const text = 'a: Warning FailedScheduling: no nodes available to schedule pods';
    assert.deepEqual(bed.events, [text]);
    bed.client.seed(resources.nodes, testNode('n1'));
    await settle(10);
    assert.equal(bed.nodeOf('a'), 'n1');
  });

  it('schedules what waits in order of priority', async () => {
    await using bed = new TestBed();
    await bed.start();
    await bed.create(
      testPod('low', { cpu: '3' }, { priority: 1 }),
      testPod('high', { cpu: '3' }, { priority: 10 }),
    );
    bed.client.seed(resources.nodes, testNode('n1'));
    await settle(10);
    assert.deepEqual([bed.nodeOf('low'), bed.nodeOf('high')], ['', 'n1']);
  });

  it('counts a pod on its node before the binding is answered', async () => {
    await using bed = new TestBed();
    bed.client.seed(resources.nodes, testNode('n1'), testNode('n2'));
    await bed.start();
    await bed.create(...['a', 'b'].map((name) => testPod(name, { cpu: '3' })));
    assert.deepEqual(new Set([bed.nodeOf('a'), bed.nodeOf('b')]), new Set(['n1', 'n2']));
  });

  it('backs off when the server refuses a binding, and frees the place meanwhile', async () => {
    await using bed = new TestBed();
    bed.client.seed(resources.nodes, testNode('n1'));
    await bed.start();
    let refuse = true;
    bed.client.before = (call) => {
      if (call.subresource === 'binding' && refuse) {
        throw new StatusError('InternalError', 'not now');
      }
    };
    await bed.create(testPod('a', { cpu: '3' }));
    assert.equal(bed.nodeOf('a'), '');
    assert.match(bed.events[0] ?? '', /FailedScheduling: .*not now/);
    assert.equal(bed.pod('a').status?.conditions?.[0]?.reason, 'SchedulerError');
    assert.equal(bed.scheduler.cache.podCount, 0);
    refuse = false;
    await settle(10);
    assert.equal(bed.nodeOf('a'), '');
    await bed.clock.advance(1100);
    assert.equal(bed.nodeOf('a'), 'n1');
  });

  it('leaves gated pods and pods of other schedulers alone', async () => {
    await using bed = new TestBed();
    bed.client.seed(resources.nodes, testNode('n1'));
    await bed.start();
    const gated = testPod('gated', {}, { schedulingGates: [{ name: 'g' }] });
    await bed.create(gated, testPod('other', {}, { schedulerName: 'mine' }));
    assert.deepEqual([bed.nodeOf('gated'), bed.nodeOf('other')], ['', '']);
    assert.equal(bed.scheduler.queue.counts().gated, 1);
    const open = structuredClone(bed.pod('gated'));
    delete open.spec!.schedulingGates;
    await bed.client.update(resources.pods, open);
    await settle(10);
    assert.equal(bed.nodeOf('gated'), 'n1');
  });

  it('takes up the place of a pod that is deleted', async () => {
    await using bed = new TestBed();
    bed.client.seed(resources.nodes, testNode('n1'));
    await bed.start();
    await bed.create(testPod('a', { cpu: '3' }), testPod('b', { cpu: '3' }));
    const [first, second] = bed.nodeOf('a') === 'n1' ? ['a', 'b'] : ['b', 'a'];
    assert.equal(bed.nodeOf(second!), '');
    await bed.client.delete(
      resources.pods,
      { namespace: 'default', name: first! },
      { gracePeriodSeconds: 0 },
    );
    await settle(10);
    assert.equal(bed.nodeOf(second!), 'n1');
  });

  it('makes room by preemption and takes the node it made room on', async () => {
    await using bed = new TestBed();
    bed.client.seed(resources.nodes, testNode('n1'), testNode('n2'));
    await bed.start();
    await bed.create(
      testPod('a', { cpu: '3' }, { priority: 5 }),
      testPod('b', { cpu: '3' }, { priority: 1 }),
    );
    const lower = bed.nodeOf('b');
    await bed.create(testPod('high', { cpu: '3' }, { priority: 10 }));
    assert.equal(bed.nodeOf('high'), '');
    assert.equal(bed.pod('high').status?.nominatedNodeName, lower);
    // A pod of lower priority does not get the place that is being freed.
    await bed.create(testPod('late', { cpu: '1' }, { priority: 2 }));
    const key = { namespace: 'default', name: 'b' };
    await bed.client.delete(resources.pods, key, { gracePeriodSeconds: 0 });
    await settle(10);
    assert.equal(bed.nodeOf('high'), lower);
    assert.ok(bed.nodeOf('a') !== '');
    const names = bed.client.objects(resources.pods).map((p) => p.metadata?.name);
    assert.deepEqual(names.sort(), ['a', 'high', 'late']);
    assert.ok(
      bed.events.includes(`b: Normal Preempted: Preempted by pod uid-high on node ${lower}`),
    );
    assert.match(
      bed.events.find((e) => e.startsWith('high: Warning')) ?? '',
      /0\/2 nodes are available: 2 Insufficient cpu\.$/,
    );
    const patches = bed.client.writes.filter((w) => w.verb === 'patch' && w.name === 'b');
    assert.match(JSON.stringify(patches[0]?.body), /"DisruptionTarget".*"PreemptionByScheduler"/);
  });

  it('says why preemption does not help', async () => {
    await using bed = new TestBed();
    bed.client.seed(resources.nodes, testNode('n1'));
    await bed.start();
    await bed.create(testPod('a', { cpu: '3' }, { priority: 5 }));
    await bed.create(testPod('same', { cpu: '3' }, { priority: 5 }));
    assert.equal(
      bed.events.at(-1),
      'same: Warning FailedScheduling: 0/1 nodes are available: 1 Insufficient cpu. preemption: ' +
        '0/1 nodes are available: 1 No preemption victims found for incoming pod.',
    );
    const never = { priority: 9, preemptionPolicy: 'Never' };
    await bed.create(testPod('polite', { cpu: '3' }, never));
    assert.equal(
      bed.events.at(-1),
      'polite: Warning FailedScheduling: 0/1 nodes are available: 1 Insufficient cpu. ' +
        'preemption: not eligible due to preemptionPolicy=Never.',
    );
  });

  it('binds volumes before the pod', async () => {
    await using bed = new TestBed();
    bed.client.seed(resources.nodes, testNode('n1'));
    bed.client.seed(resources.storageClasses, {
      metadata: { name: 'wait' },
      provisioner: 'example.com/disk',
      volumeBindingMode: 'WaitForFirstConsumer',
    });
    const [claim] = bed.client.seed(resources.persistentVolumeClaims, {
      metadata: { name: 'c', namespace: 'default' },
      spec: { storageClassName: 'wait', resources: { requests: { storage: '1Gi' } } },
    });
    await bed.start();
    const volumes = [{ name: 'v', persistentVolumeClaim: { claimName: 'c' } }];
    await bed.create(testPod('a', {}, { volumes }));
    assert.equal(bed.nodeOf('a'), '');
    const [selected] = bed.client.objects(resources.persistentVolumeClaims);
    const annotation = selected?.metadata?.annotations?.['volume.kubernetes.io/selected-node'];
    assert.equal(annotation, 'n1');
    bed.client.seed(resources.persistentVolumes, { metadata: { name: 'v' }, spec: {} });
    await bed.client.update(resources.persistentVolumeClaims, {
      ...selected!,
      metadata: {
        ...selected!.metadata,
        annotations: {
          ...selected!.metadata?.annotations,
          'pv.kubernetes.io/bind-completed': 'yes',
        },
      },
      spec: { ...claim!.spec!, volumeName: 'v' },
    });
    await bed.clock.advance(1000);
    assert.equal(bed.nodeOf('a'), 'n1');
  });
});
