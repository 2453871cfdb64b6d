import assert from 'node:assert/strict';
import type { ContainerStatus, PodStatus } from '../../machinery/schema/wire.ts';
import type { NodePod } from '../pods/pod.ts';
import type { ContainerObservation, PodState } from '../pods/pod-state.ts';
import { orderIps, type PodStatusInput, podStatus } from './pod-status.ts';

const at = Date.UTC(2026, 0, 1);

function pod(more: Partial<NodePod['spec']> = {}): NodePod {
  return {
    metadata: { name: 'p', namespace: 'ns', uid: 'u', generation: 3 },
    spec: { containers: [{ name: 'a', image: 'img:1' }], restartPolicy: 'Always', ...more },
  };
}

const running: ContainerObservation = {
  id: 'x1',
  sandboxId: 's1',
  name: 'a',
  state: 'running',
  createdAtMs: at,
  startedAtMs: at,
  finishedAtMs: 0,
  exitCode: 0,
  reason: '',
  message: '',
  image: 'docker.io/library/img:1',
  imageId: 'sha256:1',
  imageRef: 'sha256:1',
  hash: '',
  restartCount: 0,
  logPath: '',
};

function state(containers: ContainerObservation[], ready = true): PodState {
  const sandbox = {
    id: 's1',
    ready,
    attempt: 0,
    createdAtMs: at,
    hostNetwork: false,
    ips: ['10.0.0.1'],
  };
  return {
    uid: 'u',
    name: 'p',
    namespace: 'ns',
    sandboxes: [sandbox],
    containers,
    ips: ['10.0.0.1'],
  };
}

function make(more: Partial<PodStatusInput>): PodStatus {
  return podStatus({
    pod: pod(),
    state: state([running]),
    old: {},
    runtimeName: 'containerd',
    failures: new Map(),
    probes: { started: (_, s) => s.state?.running !== undefined, ready: () => true },
    hostIps: ['192.168.0.1'],
    terminal: false,
    recursiveReadOnly: true,
    given: () => undefined,
    resize: [],
    ...more,
  });
}

const condition = (status: PodStatus, type: string) => {
  const { status: value, reason, message } = status.conditions!.find((c) => c.type === type)!;
  return [value, reason, message].filter(Boolean).join(' ');
};

describe('the status of a pod', () => {
  it('that runs', () => {
    const status = make({});
    assert.equal(status.phase, 'Running');
    assert.equal(status.observedGeneration, 3);
    assert.deepEqual([status.podIP, status.podIPs], ['10.0.0.1', [{ ip: '10.0.0.1' }]]);
    assert.deepEqual(status.containerStatuses, [
      {
        name: 'a',
        state: { running: { startedAt: '2026-01-01T00:00:00Z' } },
        lastState: {},
        ready: true,
        started: true,
        restartCount: 0,
        image: 'docker.io/library/img:1',
        imageID: 'sha256:1',
        containerID: 'containerd://x1',
        resources: {},
      },
    ]);
  });

  it('that has not begun', () => {
    const status = make({ state: { ...state([]), sandboxes: [], ips: [] } });
    assert.equal(status.phase, 'Pending');
    assert.equal(status.podIP, undefined);
    assert.deepEqual(status.containerStatuses?.[0]?.state, {
      waiting: { reason: 'ContainerCreating' },
    });
    assert.equal(condition(status, 'PodReadyToStartContainers'), 'False');
    assert.equal(condition(status, 'Initialized'), 'True');
    assert.equal(
      condition(status, 'Ready'),
      'False ContainersNotReady containers with unready status: [a]',
    );
  });

  it('that waits for its init containers', () => {
    const initContainers = [{ name: 'i', image: 'img:1' }];
    const status = make({
      pod: pod({ initContainers }),
      state: state([{ ...running, name: 'i' }]),
    });
    assert.equal(status.phase, 'Pending');
    assert.equal(
      condition(status, 'Initialized'),
      'False ContainersNotInitialized containers with incomplete status: [i]',
    );
    assert.deepEqual(status.containerStatuses?.[0]?.state, {
      waiting: { reason: 'PodInitializing' },
    });
  });

  it('whose readiness probe fails', () => {
    const status = make({ probes: { started: () => true, ready: () => false } });
    assert.equal(status.phase, 'Running');
    assert.equal(
      condition(status, 'ContainersReady'),
      'False ContainersNotReady containers with unready status: [a]',
    );
  });

  const gate = { readinessGates: [{ conditionType: 'x.io/ok' }] };
  it('whose readiness gate is not there', () => {
    const status = make({ pod: pod(gate) });
    assert.equal(
      condition(status, 'Ready'),
      'False ReadinessGatesNotReady corresponding condition of pod readiness gate "x.io/ok" does not exist.',
    );
    assert.equal(condition(status, 'ContainersReady'), 'True');
  });

  it('whose readiness gate is met; conditions of others stay', () => {
    const gated = pod(gate);
    gated.status = { conditions: [{ type: 'x.io/ok', status: 'True' }] };
    const status = make({ pod: gated });
    assert.equal(condition(status, 'Ready'), 'True');
    assert.equal(condition(status, 'x.io/ok'), 'True');
  });

  it('that waits because a start failed', () => {
    const failures = new Map([['a', { reason: 'ErrImagePull', message: 'no' }]]);
    const status = make({ state: state([]), failures });
    assert.deepEqual(status.containerStatuses?.[0]?.state, {
      waiting: { reason: 'ErrImagePull', message: 'no' },
    });
  });

  const ended = { ...running, state: 'exited', exitCode: 2, reason: 'Error', finishedAtMs: at };
  it('whose container ended and waits to be restarted', () => {
    const failures = new Map([['a', { reason: 'CrashLoopBackOff', message: 'back-off 10s' }]]);
    const status = make({ state: state([ended as ContainerObservation]), failures });
    assert.equal(status.phase, 'Running');
    const [a] = status.containerStatuses!;
    assert.equal(a?.state?.waiting?.reason, 'CrashLoopBackOff');
    assert.equal(a?.lastState?.terminated?.exitCode, 2);
  });

  it('whose container was restarted: the runtime knows both', () => {
    const again = { ...running, id: 'x2', restartCount: 1 };
    const status = make({ state: state([again, ended as ContainerObservation]) });
    const [a] = status.containerStatuses!;
    assert.equal(a?.restartCount, 1);
    assert.equal(a?.lastState?.terminated?.containerID, 'containerd://x1');
  });

  const reported = (more: Partial<ContainerStatus>): PodStatus => ({
    phase: 'Running',
    containerStatuses: [
      { name: 'a', image: '', imageID: '', ready: true, restartCount: 1, ...more },
    ],
  });

  it('whose container the runtime has lost', () => {
    const old = reported({ state: { running: {} }, containerID: 'containerd://x1' });
    const [a] = make({ state: state([]), old }).containerStatuses!;
    assert.equal(a?.lastState?.terminated?.reason, 'ContainerStatusUnknown');
    assert.equal(a?.lastState?.terminated?.exitCode, 137);
    assert.equal(a?.restartCount, 2);
  });

  it('whose ended container was removed: its end stays', () => {
    const terminated = { exitCode: 0, reason: 'Completed' };
    const old = reported({ state: { terminated }, containerID: 'containerd://x1' });
    const [a] = make({ state: state([]), old, pod: pod({ restartPolicy: 'Never' }) })
      .containerStatuses!;
    assert.deepEqual(a?.state, { terminated });
  });

  it('that the kubelet ends', () => {
    const verdict = { reason: 'Evicted', message: 'low on memory' };
    const status = make({ verdict });
    assert.deepEqual(
      [status.phase, status.reason, status.message],
      ['Failed', 'Evicted', 'low on memory'],
    );
    assert.equal(condition(status, 'Ready'), 'False PodFailed');
  });

  it('that succeeded', () => {
    const done = { ...ended, exitCode: 0, reason: 'Completed' } as ContainerObservation;
    const status = make({
      pod: pod({ restartPolicy: 'Never' }),
      state: state([done]),
      terminal: true,
    });
    assert.equal(status.phase, 'Succeeded');
    assert.equal(condition(status, 'Ready'), 'False PodCompleted');
    assert.equal(condition(status, 'Initialized'), 'True PodCompleted');
  });

  it('on the host’s network', () => {
    const status = make({ pod: pod({ hostNetwork: true }), hostIps: ['192.168.0.1', 'fd00::1'] });
    assert.deepEqual(status.podIPs, [{ ip: '192.168.0.1' }, { ip: 'fd00::1' }]);
  });

  const orders: [ips: string[], node: string | undefined, expected: string[]][] = [
    [['10.0.0.1'], '192.168.0.1', ['10.0.0.1']],
    [['fd00::2', '10.0.0.1'], '192.168.0.1', ['10.0.0.1', 'fd00::2']],
    [['10.0.0.1', 'fd00::2'], 'fd00::1', ['fd00::2', '10.0.0.1']],
    [['10.0.0.1', '10.0.0.2'], '192.168.0.1', ['10.0.0.1']],
  ];
  for (const [ips, node, expected] of orders) {
    it(`orders ${ips} on ${node}`, () => assert.deepEqual(orderIps(ips, node), expected));
  }
});
