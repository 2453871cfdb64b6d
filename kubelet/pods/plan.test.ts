import assert from 'node:assert/strict';
import type { Container, PodSpec } from '../../machinery/schema/wire.ts';
import { containerHash } from './container-hash.ts';
import { type PlanInput, type PodPlan, plan } from './plan.ts';
import type { NodePod } from './pod.ts';
import type { ContainerObservation, PodState, RunState, SandboxObservation } from './pod-state.ts';

const image = 'img:1';

function pod(spec: Partial<PodSpec>): NodePod {
  return {
    metadata: { name: 'p', namespace: 'ns', uid: 'u' },
    spec: { restartPolicy: 'Always', containers: [], ...spec },
  };
}

const c = (name: string, more: Partial<Container> = {}): Container => ({ name, image, ...more });
const sidecar = (name: string, more: Partial<Container> = {}): Container =>
  c(name, { restartPolicy: 'Always', ...more });

const sandbox: SandboxObservation = {
  id: 's0',
  ready: true,
  attempt: 0,
  createdAtMs: 1,
  hostNetwork: false,
  ips: ['10.0.0.1'],
};

/** `a:running`, `a:exited(1)`: newest first. */
function seen(of: NodePod, text: string): ContainerObservation[] {
  return text
    .split(' ')
    .filter(Boolean)
    .map((part, i) => {
      const [, name = '', state = '', code = '0'] = /^(\w+):(\w+)(?:\((\d+)\))?$/.exec(part) ?? [];
      const spec = [...of.spec.containers, ...(of.spec.initContainers ?? [])].find(
        (x) => x.name === name,
      );
      return {
        id: `id-${name}`,
        sandboxId: 's0',
        name,
        state: state as RunState,
        createdAtMs: 100 - i,
        startedAtMs: 1,
        finishedAtMs: 2,
        exitCode: Number(code),
        reason: '',
        message: '',
        image,
        imageId: '',
        imageRef: '',
        hash: spec === undefined ? '' : containerHash(spec),
        restartCount: 0,
        logPath: '',
      };
    });
}

function stateOf(of: NodePod, containers: string, sandboxes = [sandbox]): PodState {
  const { uid, name, namespace } = of.metadata;
  return { uid, name, namespace, sandboxes, containers: seen(of, containers), ips: [] };
}

const quiet: PlanInput = {
  liveness: () => undefined,
  startup: () => undefined,
  restartAll: false,
  actuated: () => undefined,
};

/** What a plan does, in words. */
function words(p: PodPlan): string {
  return [
    ...(p.killPod ? ['killPod'] : []),
    ...(p.createSandbox ? [`sandbox#${p.attempt}`] : []),
    ...p.kill.map((k) => `kill ${k.name}`),
    ...p.reset.map((r) => `${r.kill ? 'killAndRemove' : 'remove'} ${r.name}`),
    ...p.startInit.map((n) => `init ${n}`),
    ...p.start.map((n) => `start ${n}`),
    ...p.startEphemeral.map((n) => `ephemeral ${n}`),
    ...p.resize.map((r) => `resize ${r.name}`),
  ].join(', ');
}

interface Case {
  readonly what: string;
  readonly spec: Partial<PodSpec>;
  readonly state: string;
  readonly sandboxes?: SandboxObservation[];
  readonly input?: Partial<PlanInput>;
  readonly expected: string;
}

const two = { containers: [c('a'), c('b')] };
const old = { ...sandbox, ready: false };
const healthy: Partial<PlanInput> = { liveness: () => 'success', startup: () => 'success' };

const cases: Case[] = [
  {
    what: 'nothing yet',
    spec: two,
    state: '',
    sandboxes: [],
    expected: 'killPod, sandbox#0, start a, start b',
  },
  { what: 'all runs', spec: two, state: 'a:running b:running', expected: '' },
  { what: 'one is missing', spec: two, state: 'a:running', expected: 'start b' },
  { what: 'one was only made', spec: two, state: 'a:created b:running', expected: 'start a' },
  {
    what: 'one is in an unknown state',
    spec: two,
    state: 'a:unknown b:running',
    expected: 'kill a, start a',
  },
  {
    what: 'Always: one ended well',
    spec: two,
    state: 'a:exited(0) b:running',
    expected: 'start a',
  },
  {
    what: 'OnFailure: one ended well',
    spec: { ...two, restartPolicy: 'OnFailure' },
    state: 'a:exited(0) b:running',
    expected: '',
  },
  {
    what: 'OnFailure: one failed',
    spec: { ...two, restartPolicy: 'OnFailure' },
    state: 'a:exited(1) b:running',
    expected: 'start a',
  },
  {
    what: 'Never: one failed',
    spec: { ...two, restartPolicy: 'Never' },
    state: 'a:exited(1) b:running',
    expected: '',
  },
  {
    what: 'Never: all ended',
    spec: { ...two, restartPolicy: 'Never' },
    state: 'a:exited(1) b:exited(0)',
    expected: 'killPod',
  },
  {
    what: 'OnFailure: all succeeded',
    spec: { ...two, restartPolicy: 'OnFailure' },
    state: 'a:exited(0) b:exited(0)',
    expected: 'killPod',
  },
  {
    what: 'a container’s own policy wins',
    spec: { restartPolicy: 'Always', containers: [c('a', { restartPolicy: 'Never' }), c('b')] },
    state: 'a:exited(1) b:running',
    expected: '',
  },
  {
    what: 'a rule restarts on its exit code',
    spec: {
      restartPolicy: 'Never',
      containers: [
        c('a', {
          restartPolicy: 'Never',
          restartPolicyRules: [{ action: 'Restart', exitCodes: { operator: 'In', values: [42] } }],
        }),
        c('b'),
      ],
    },
    state: 'a:exited(42) b:running',
    expected: 'start a',
  },
  {
    what: 'the sandbox died',
    spec: two,
    state: 'a:exited(1) b:exited(1)',
    sandboxes: [old],
    expected: 'killPod, sandbox#1, start a, start b',
  },
  {
    what: 'the sandbox died under what had succeeded',
    spec: { ...two, restartPolicy: 'OnFailure' },
    state: 'a:exited(0) b:exited(1)',
    sandboxes: [old],
    expected: 'killPod, sandbox#1, start b',
  },
  {
    what: 'the sandbox died after all had succeeded',
    spec: { ...two, restartPolicy: 'OnFailure' },
    state: 'a:exited(0) b:exited(0)',
    sandboxes: [old],
    expected: 'killPod',
  },
  {
    what: 'Never: the sandbox died after containers ran',
    spec: { ...two, restartPolicy: 'Never' },
    state: 'a:exited(1)',
    sandboxes: [{ ...old, attempt: 1 }],
    expected: 'killPod',
  },
  {
    what: 'two sandboxes are ready',
    spec: two,
    state: 'a:running b:running',
    sandboxes: [{ ...sandbox, id: 's1', attempt: 1 }, sandbox],
    expected: 'killPod, sandbox#2, start a, start b',
  },
  {
    what: 'the sandbox has no address',
    spec: two,
    state: 'a:running b:running',
    sandboxes: [{ ...sandbox, ips: [] }],
    expected: 'killPod, sandbox#1, start a, start b',
  },
  {
    what: 'the sandbox is on the host’s network, the pod is not',
    spec: two,
    state: '',
    sandboxes: [{ ...sandbox, hostNetwork: true }],
    expected: 'killPod, sandbox#1, start a, start b',
  },
  {
    what: 'liveness failed',
    spec: two,
    state: 'a:running b:running',
    input: { liveness: (id) => (id === 'id-a' ? 'failure' : 'success') },
    expected: 'kill a, start a',
  },
  {
    what: 'liveness failed, Never',
    spec: { ...two, restartPolicy: 'Never' },
    state: 'a:running b:running',
    input: { liveness: (id) => (id === 'id-a' ? 'failure' : 'success') },
    expected: 'kill a',
  },
  {
    what: 'the startup probe failed',
    spec: two,
    state: 'a:running b:running',
    input: { startup: (id) => (id === 'id-b' ? 'failure' : 'success') },
    expected: 'kill b, start b',
  },
  {
    what: 'an ephemeral container was added',
    spec: { ...two, ephemeralContainers: [{ name: 'e', image }] },
    state: 'a:running b:running',
    expected: 'ephemeral e',
  },
  {
    what: 'an ephemeral container ended',
    spec: { ...two, ephemeralContainers: [{ name: 'e', image }] },
    state: 'e:exited(0) a:running b:running',
    expected: '',
  },
  {
    what: 'the whole pod restarts in place',
    spec: two,
    state: 'a:exited(1) b:running',
    input: { restartAll: true },
    expected: 'remove a, killAndRemove b',
  },

  // Init containers.
  {
    what: 'the first init container',
    spec: { ...two, initContainers: [c('i'), c('j')] },
    state: '',
    sandboxes: [],
    expected: 'killPod, sandbox#0, init i',
  },
  {
    what: 'the first runs',
    spec: { ...two, initContainers: [c('i'), c('j')] },
    state: 'i:running',
    expected: '',
  },
  {
    what: 'the first is done',
    spec: { ...two, initContainers: [c('i'), c('j')] },
    state: 'i:exited(0)',
    expected: 'init j',
  },
  {
    what: 'all are done',
    spec: { ...two, initContainers: [c('i'), c('j')] },
    state: 'j:exited(0) i:exited(0)',
    expected: 'start a, start b',
  },
  {
    what: 'all are done and the first is gone from the runtime',
    spec: { ...two, initContainers: [c('i'), c('j')] },
    state: 'a:running j:exited(0)',
    expected: 'start b',
  },
  {
    what: 'one failed',
    spec: { ...two, initContainers: [c('i')] },
    state: 'i:exited(1)',
    expected: 'init i',
  },
  {
    what: 'one failed, Never',
    spec: { ...two, restartPolicy: 'Never', initContainers: [c('i')] },
    state: 'i:exited(1)',
    expected: 'killPod',
  },
  {
    what: 'init containers do not run again while main ones run',
    spec: { ...two, initContainers: [c('i')] },
    state: 'a:running b:exited(1)',
    expected: 'start b',
  },
  {
    what: 'main containers that exited prove nothing: init runs first',
    spec: { ...two, initContainers: [c('i')] },
    state: 'a:exited(1) b:exited(1)',
    expected: 'init i',
  },

  // Sidecars.
  {
    what: 'a sidecar comes first',
    spec: { ...two, initContainers: [sidecar('s')] },
    state: '',
    sandboxes: [],
    expected: 'killPod, sandbox#0, init s',
  },
  {
    what: 'a sidecar runs: the rest starts',
    spec: { ...two, initContainers: [sidecar('s')] },
    state: 's:running',
    expected: 'start a, start b',
  },
  {
    what: 'a sidecar with a startup probe holds up the rest',
    spec: { ...two, initContainers: [sidecar('s', { startupProbe: {} })] },
    state: 's:running',
    expected: '',
  },
  {
    what: 'its startup succeeded',
    spec: { ...two, initContainers: [sidecar('s', { startupProbe: {} })] },
    state: 's:running',
    input: healthy,
    expected: 'start a, start b',
  },
  {
    what: 'a sidecar that ended is started again',
    spec: { ...two, initContainers: [sidecar('s')] },
    state: 's:exited(0) a:running b:running',
    expected: 'init s',
  },
  {
    what: 'a sidecar that is missing while the pod runs',
    spec: { ...two, initContainers: [sidecar('s')] },
    state: 'a:running b:running',
    expected: 'init s',
  },
  {
    what: 'a sidecar between init containers',
    spec: { ...two, initContainers: [sidecar('s'), c('i')] },
    state: 's:running',
    expected: 'init i',
  },
  {
    what: 'sidecars do not keep a finished pod',
    spec: { ...two, restartPolicy: 'Never', initContainers: [sidecar('s')] },
    state: 's:running a:exited(0) b:exited(0)',
    expected: 'killPod',
  },
  {
    what: 'a sidecar’s liveness failed',
    spec: { ...two, initContainers: [sidecar('s', { livenessProbe: {} })] },
    state: 's:running a:running b:running',
    input: { liveness: (id) => (id === 'id-s' ? 'failure' : 'success') },
    expected: 'kill s, init s',
  },
];

describe('plan', () => {
  for (const { what, spec, state, sandboxes, input, expected } of cases) {
    it(what, () => {
      const of = pod(spec);
      const made = plan(of, stateOf(of, state, sandboxes), { ...quiet, ...input });
      assert.equal(words(made), expected);
    });
  }

  it('replaces a container whose description changed', () => {
    const of = pod({ containers: [c('a')] });
    const state = stateOf(of, 'a:running');
    const changed = pod({ containers: [c('a', { image: 'img:2' })] });
    const made = plan(changed, state, quiet);
    assert.equal(made.kill[0]?.message, 'Container a definition changed, will be restarted');
    assert.deepEqual(made.start, ['a']);
  });

  it('starts nothing of a deleted pod anew', () => {
    const of = pod({ containers: [c('a'), c('b')] });
    of.metadata.deletionTimestamp = '2026-01-01T00:00:00Z';
    assert.equal(words(plan(of, stateOf(of, 'a:exited(1) b:running'), quiet)), '');
  });

  const given = { cpuRequestMilli: 100, cpuLimitMilli: 200 };
  const wanted = { requests: { cpu: '100m' }, limits: { cpu: '300m' } };
  for (const [policy, expected] of [
    ['NotRequired', 'resize a'],
    ['RestartContainer', 'kill a, start a'],
  ] as const) {
    it(`changes resources in place: ${policy}`, () => {
      const resizePolicy = [{ resourceName: 'cpu', restartPolicy: policy }];
      const of = pod({ containers: [c('a', { resources: wanted, resizePolicy })] });
      const actuated = () => ({ memoryLimitBytes: 0, memoryRequestBytes: 0, ...given });
      const made = plan(of, stateOf(of, 'a:running'), { ...quiet, actuated: actuated as never });
      assert.equal(words(made), expected);
    });
  }
});
