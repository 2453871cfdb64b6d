import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { configMaps, pods } from '../../client/resources.ts';
import type { Pod } from '../../machinery/schema/wire.ts';
import type { RequestOf } from '../cri/runtime.ts';
import { container, PodTestBed } from './pod-test-bed.ts';

const statusOf = (bed: PodTestBed, name = 'c') =>
  bed.api()?.status?.containerStatuses?.find((s) => s.name === name);

describe('the life of a pod', () => {
  it('runs and says so', async () => {
    using bed = new PodTestBed();
    bed.add({});
    await bed.until(() => bed.api()?.status?.phase === 'Running');
    assert.deepEqual(bed.runtime.actions(), [
      'RunPodSandbox p',
      'CreateContainer c',
      'StartContainer c',
    ]);
    const { status } = bed.api()!;
    assert.equal(status?.podIP, '10.1.0.1');
    assert.equal(status?.hostIP, '192.168.0.1');
    assert.equal(status?.qosClass, 'BestEffort');
    assert.deepEqual(
      status?.conditions?.map((c) => `${c.type}=${c.status}`),
      [
        'PodReadyToStartContainers=True',
        'Initialized=True',
        'Ready=True',
        'ContainersReady=True',
        'PodScheduled=True',
      ],
    );
    assert.equal(statusOf(bed)?.containerID, 'fake://container2');
    assert.deepEqual(bed.reasons(), ['Pulled', 'Created', 'Started']);
  });

  it('does nothing while nothing changes', async () => {
    using bed = new PodTestBed();
    bed.add({});
    await bed.until(() => bed.api()?.status?.phase === 'Running');
    const { writes } = bed.client;
    const before = [writes.length, bed.runtime.actions().length];
    for (let i = 0; i < 20; i++) {
      await bed.relist();
      await bed.clock.advance(1000);
    }
    assert.deepEqual([writes.length, bed.runtime.actions().length], before);
  });

  it('restarts a container that ended, then waits longer each time', async () => {
    using bed = new PodTestBed();
    bed.add({});
    await bed.until(() => bed.api()?.status?.phase === 'Running');
    bed.runtime.exit('c', 1);
    await bed.until(() => statusOf(bed)?.restartCount === 1);
    assert.equal(statusOf(bed)?.lastState?.terminated?.exitCode, 1);
    bed.runtime.exit('c', 1);
    await bed.until(() => statusOf(bed)?.state?.waiting?.reason === 'CrashLoopBackOff');
    assert.match(
      statusOf(bed)?.state?.waiting?.message ?? '',
      /^back-off 10s restarting failed container=c pod=p_ns\(u1\)$/,
    );
    await bed.clock.advance(9000);
    assert.equal(statusOf(bed)?.restartCount, 1);
    await bed.clock.advance(1100);
    await bed.until(() => statusOf(bed)?.restartCount === 2);
    bed.runtime.exit('c', 1);
    await bed.until(() => /back-off 20s/.test(statusOf(bed)?.state?.waiting?.message ?? ''));
  });

  it('keeps only the last end of a container', async () => {
    using bed = new PodTestBed();
    bed.add({});
    for (let i = 1; i <= 3; i++) {
      await bed.until(() => statusOf(bed)?.state?.running !== undefined, 1000);
      bed.runtime.exit('c', 1);
      await bed.until(() => statusOf(bed)?.restartCount === i, 1000);
    }
    await bed.until(() => bed.runtime.containers.size === 2, 1000);
  });

  for (const [policy, code, phase] of [
    ['Never', 0, 'Succeeded'],
    ['Never', 3, 'Failed'],
    ['OnFailure', 0, 'Succeeded'],
  ] as const) {
    it(`ends as ${phase} with ${policy} and code ${code}`, async () => {
      using bed = new PodTestBed();
      bed.add({ restartPolicy: policy });
      await bed.until(() => bed.api()?.status?.phase === 'Running');
      bed.runtime.exit('c', code);
      await bed.until(() => bed.api()?.status?.phase === phase);
      assert.equal(statusOf(bed)?.state?.terminated?.exitCode, code);
      assert.equal(bed.runtime.actions().at(-1), 'StopPodSandbox');
      const ready = bed.api()?.status?.conditions?.find((c) => c.type === 'Ready');
      assert.equal(ready?.reason, phase === 'Failed' ? 'PodFailed' : 'PodCompleted');
    });
  }

  it('runs init containers in order, then the main ones', async () => {
    using bed = new PodTestBed();
    bed.add({
      initContainers: [container('i1'), container('i2')],
      containers: [container('a'), container('b')],
    });
    await bed.until(() => bed.runtime.actions().at(-1) === 'StartContainer i1');
    assert.equal(bed.api()?.status?.phase, 'Pending');
    bed.runtime.exit('i1', 0);
    await bed.until(() => bed.runtime.actions().at(-1) === 'StartContainer i2');
    bed.runtime.exit('i2', 0);
    await bed.until(() => bed.api()?.status?.phase === 'Running');
    assert.deepEqual(
      bed.runtime.actions().filter((a) => a.startsWith('Start')),
      ['i1', 'i2', 'a', 'b'].map((n) => `StartContainer ${n}`),
    );
    await bed.until(() => bed.api()?.status?.initContainerStatuses?.every((s) => s.ready));
  });

  it('ends sidecars after the main containers, in reverse', async () => {
    using bed = new PodTestBed();
    bed.add({
      restartPolicy: 'Never',
      initContainers: [
        container('s1', { restartPolicy: 'Always' }),
        container('s2', { restartPolicy: 'Always' }),
      ],
    });
    await bed.until(() => bed.api()?.status?.phase === 'Running');
    bed.runtime.exit('c', 0);
    await bed.until(() => bed.api()?.status?.phase === 'Succeeded');
    assert.deepEqual(
      bed.runtime.actions().filter((a) => a.startsWith('StopContainer')),
      ['StopContainer s2', 'StopContainer s1'],
    );
  });

  it('makes a lost sandbox anew', async () => {
    using bed = new PodTestBed();
    bed.add({});
    await bed.until(() => bed.api()?.status?.phase === 'Running');
    await bed.runtime.call('StopPodSandbox', { podSandboxId: 'sandbox1' });
    await bed.until(() => bed.runtime.container('c').id !== 'container2');
    await bed.until(() => statusOf(bed)?.state?.running !== undefined);
    assert.equal(bed.api()?.status?.podIP, '10.1.0.3');
    assert(bed.reasons().includes('SandboxChanged'));
    assert.equal(statusOf(bed)?.restartCount, 1);
  });

  it('restarts a container whose image changed', async () => {
    using bed = new PodTestBed();
    const pod = bed.add({});
    bed.runtime.images.add('img:2');
    await bed.until(() => bed.api()?.status?.phase === 'Running');
    await bed.client.patch(
      pods,
      { namespace: 'ns', name: 'p' },
      { spec: { containers: [{ name: 'c', image: 'img:2' }] } },
      { type: 'strategic' },
    );
    bed.deliver();
    await bed.until(() => bed.runtime.container('c').status.image?.image === 'img:2');
    const killing = bed.events.find((e) => e.reason === 'Killing');
    assert.equal(killing?.message, 'Container c definition changed, will be restarted');
    assert.equal(pod.spec.containers[0]?.image, 'img:1');
  });
});

describe('the end of a pod', () => {
  const deletePod = async (bed: PodTestBed, gracePeriodSeconds: number): Promise<void> => {
    await bed.client.delete(pods, { namespace: 'ns', name: 'p' }, { gracePeriodSeconds });
    bed.deliver();
  };

  it('stops it, frees all and deletes it', async () => {
    using bed = new PodTestBed();
    const pod = bed.add({});
    await bed.until(() => bed.api()?.status?.phase === 'Running');
    await deletePod(bed, 5);
    await bed.until(() => bed.api() === undefined);
    bed.parts.manager.drop(pod);
    await bed.until(() => bed.runtime.sandboxes.size === 0);
    assert.equal(bed.runtime.containers.size, 0);
    const stop = bed.runtime.calls.find((c) => c.method === 'StopContainer')!;
    assert.equal((stop.request as RequestOf<'StopContainer'>).timeout, 5);
    await bed.until(() => !existsSync(bed.paths.pod('u1')));
    await bed.until(() => bed.parts.manager.all().length === 0);
    const last = bed.client.writes.at(-1);
    assert.deepEqual([last?.verb, last?.resource], ['delete', 'pods']);
  });

  it('reports the ends of containers before it deletes', async () => {
    using bed = new PodTestBed();
    bed.add({});
    await bed.until(() => bed.api()?.status?.phase === 'Running');
    await deletePod(bed, 5);
    await bed.until(() => bed.api() === undefined);
    const patch = bed.client.writes.filter((w) => w.subresource === 'status').at(-1);
    assert.equal((patch!.body as Pod).status?.phase, 'Failed');
  });

  it('runs preStop first, within the grace period', async () => {
    using bed = new PodTestBed();
    const lifecycle = { preStop: { exec: { command: ['bye'] } } };
    bed.add({ containers: [container('c', { lifecycle })] });
    await bed.until(() => bed.api()?.status?.phase === 'Running');
    await deletePod(bed, 5);
    await bed.until(() => bed.api() === undefined);
    const actions = bed.runtime.actions();
    assert.deepEqual(actions.slice(actions.indexOf('ExecSync c')), [
      'ExecSync c',
      'StopContainer c',
      'StopPodSandbox',
    ]);
  });

  it('shortens a kill under way when the grace period shrinks', async () => {
    using bed = new PodTestBed();
    bed.add({});
    await bed.until(() => bed.api()?.status?.phase === 'Running');
    const timeouts: (number | undefined)[] = [];
    const shorter = Promise.withResolvers<void>();
    bed.runtime.before = async (method, request) => {
      if (method !== 'StopContainer') return;
      timeouts.push((request as RequestOf<'StopContainer'>).timeout);
      // The first kill would take its time.
      if (timeouts.length === 1) await shorter.promise;
    };
    await deletePod(bed, 25);
    await bed.until(() => timeouts.length === 1);
    await deletePod(bed, 3);
    shorter.resolve();
    await bed.until(() => bed.api() === undefined);
    assert.deepEqual(timeouts, [25, 3]);
  });

  it('does not start what is deleted while its image is pulled', async () => {
    using bed = new PodTestBed();
    bed.runtime.registry.add('slow:1');
    const pulling = Promise.withResolvers<void>();
    const go = Promise.withResolvers<void>();
    bed.runtime.before = async (method) => {
      if (method !== 'PullImage') return;
      pulling.resolve();
      await go.promise;
    };
    bed.add({ containers: [{ ...container('c'), image: 'slow:1' }] });
    await pulling.promise;
    await deletePod(bed, 5);
    go.resolve();
    await bed.until(() => bed.api() === undefined);
    assert(!bed.runtime.actions().includes('StartContainer c'));
  });

  it('ends a pod that is past its deadline', async () => {
    using bed = new PodTestBed();
    bed.add({ activeDeadlineSeconds: 10 });
    await bed.until(() => bed.api()?.status?.phase === 'Running');
    await bed.clock.advance(10_500);
    await bed.until(() => bed.api()?.status?.phase === 'Failed');
    assert.equal(bed.api()?.status?.reason, 'DeadlineExceeded');
  });
});

describe('a kubelet that starts anew', () => {
  it('finds its pods and leaves them alone', async () => {
    using bed = new PodTestBed();
    bed.add({});
    await bed.until(() => bed.api()?.status?.phase === 'Running');
    const before = bed.runtime.actions();
    await bed.restart();
    for (let i = 0; i < 5; i++) {
      await bed.relist();
      await bed.clock.advance(1000);
    }
    assert.deepEqual(bed.runtime.actions(), before);
    bed.runtime.exit('c', 2);
    await bed.until(() => statusOf(bed)?.restartCount === 1);
  });

  it('removes pods that nobody knows any more', async () => {
    using bed = new PodTestBed();
    bed.add({});
    await bed.until(() => bed.api()?.status?.phase === 'Running');
    await bed.client.delete(pods, { namespace: 'ns', name: 'p' }, { gracePeriodSeconds: 0 });
    await bed.restart();
    await bed.until(() => bed.runtime.sandboxes.size === 0, 1000);
    assert.equal(bed.runtime.containers.size, 0);
  });
});

describe('what keeps a container from starting', () => {
  it('an image that cannot be pulled', async () => {
    using bed = new PodTestBed();
    bed.add({ containers: [{ ...container('c'), image: 'nowhere:1' }] });
    await bed.until(() => statusOf(bed)?.state?.waiting?.reason === 'ErrImagePull');
    await bed.clock.advance(5000);
    await bed.until(() => statusOf(bed)?.state?.waiting?.reason === 'ImagePullBackOff');
    bed.runtime.registry.add('nowhere:1');
    await bed.until(() => bed.api()?.status?.phase === 'Running', 1000);
  });

  it('a config map that is not there yet', async () => {
    using bed = new PodTestBed();
    const env = [{ name: 'A', valueFrom: { configMapKeyRef: { name: 'cm', key: 'a' } } }];
    bed.add({ containers: [container('c', { env })] });
    await bed.until(() => statusOf(bed)?.state?.waiting?.reason === 'CreateContainerConfigError');
    assert.equal(statusOf(bed)?.state?.waiting?.message, 'configmap "cm" not found');
    bed.client.seed(configMaps, { metadata: { name: 'cm', namespace: 'ns' }, data: { a: '1' } });
    await bed.until(() => bed.api()?.status?.phase === 'Running', 1000);
    const { envs } = bed.runtime.container('c').request.config!;
    assert(envs?.some((e) => e.key === 'A' && Buffer.from(e.value as never).toString() === '1'));
  });

  it('a network that is not ready', async () => {
    using bed = new PodTestBed();
    bed.networkProblem = 'cni plugin not initialized';
    bed.add({});
    await bed.until(() => bed.reasons().includes('NetworkNotReady'));
    assert.deepEqual(bed.runtime.actions(), []);
    bed.networkProblem = undefined;
    await bed.until(() => bed.api()?.status?.phase === 'Running', 100);
  });

  it('a sandbox that fails: tried again, slower and slower', async () => {
    using bed = new PodTestBed();
    let tries = 0;
    bed.runtime.before = (method) => {
      if (method !== 'RunPodSandbox') return;
      if (++tries < 4) throw new Error('no network');
    };
    bed.add({});
    await bed.until(() => tries === 1);
    await bed.clock.advance(900);
    assert.equal(tries, 1);
    await bed.clock.advance(200);
    await bed.until(() => tries === 2);
    await bed.clock.advance(1800);
    assert.equal(tries, 2);
    await bed.until(() => bed.api()?.status?.phase === 'Running', 1000);
    assert.equal(bed.events[0]?.message, 'Failed to create pod sandbox: no network');
  });

  it('no room on the node', async () => {
    using bed = new PodTestBed();
    const resources = { requests: { cpu: '5' } };
    bed.add({ containers: [container('c', { resources })] });
    await bed.until(() => bed.api()?.status?.phase === 'Failed');
    assert.equal(bed.api()?.status?.reason, 'OutOfcpu');
    assert.deepEqual(bed.runtime.actions(), []);
  });
});
