import assert from 'node:assert/strict';
import type { Pod } from '../../../../machinery/schema/wire.ts';
import { podRowConditions, summarizePod } from './pod-columns.ts';

// biome-ignore lint/suspicious/noExplicitAny: statuses are written down as far as they matter
type Loose = any;

const running = { ready: true, restartCount: 0, state: { running: {} } };
const waiting = (reason: string): Loose => ({ restartCount: 3, state: { waiting: { reason } } });
const ended = (exitCode: number, extra: object = {}): Loose => ({
  state: { terminated: { exitCode, ...extra } },
});
const ready = [{ type: 'Ready', status: 'True' }];

const cases: [what: string, text: string, status: Loose, spec?: Loose, metadata?: Loose][] = [
  ['pending', '0/1 Pending', { phase: 'Pending' }],
  [
    'gated',
    '0/1 SchedulingGated',
    { phase: 'Pending', conditions: [{ type: 'PodScheduled', reason: 'SchedulingGated' }] },
  ],
  ['evicted', '0/1 Evicted', { phase: 'Failed', reason: 'Evicted' }],
  ['running', '1/1 Running', { phase: 'Running', containerStatuses: [running] }],
  [
    'not ready',
    '0/1 Running',
    { phase: 'Running', containerStatuses: [{ ...running, ready: false }] },
  ],
  [
    'waiting',
    '0/1 CrashLoopBackOff',
    { phase: 'Running', containerStatuses: [waiting('CrashLoopBackOff')] },
  ],
  [
    'ended with a reason',
    '0/1 Completed',
    { phase: 'Succeeded', containerStatuses: [ended(0, { reason: 'Completed' })] },
  ],
  ['ended with a code', '0/1 ExitCode:2', { phase: 'Failed', containerStatuses: [ended(2)] }],
  [
    'ended by a signal',
    '0/1 Signal:9',
    { phase: 'Failed', containerStatuses: [ended(137, { signal: 9 })] },
  ],
  [
    'one of two completed',
    '1/2 Running',
    {
      phase: 'Running',
      conditions: ready,
      containerStatuses: [ended(0, { reason: 'Completed' }), running],
    },
    { containers: [{}, {}] },
  ],
  [
    'one of two completed, not ready',
    '1/2 NotReady',
    { phase: 'Running', containerStatuses: [ended(0, { reason: 'Completed' }), running] },
    { containers: [{}, {}] },
  ],
  [
    'one completed, one failed',
    '0/2 Error',
    {
      phase: 'Failed',
      containerStatuses: [ended(0, { reason: 'Completed' }), ended(1, { reason: 'Error' })],
    },
    { containers: [{}, {}] },
  ],
  [
    'initializing',
    '0/1 Init:1/2',
    { phase: 'Pending', initContainerStatuses: [ended(0), { state: { running: {} } }] },
    { initContainers: [{ name: 'i' }, { name: 'j' }] },
  ],
  [
    'failing to initialize',
    '0/1 Init:Error',
    { phase: 'Pending', initContainerStatuses: [ended(1, { reason: 'Error' })] },
    { initContainers: [{ name: 'i' }] },
  ],
  [
    'waiting to initialize',
    '0/1 Init:0/1',
    { phase: 'Pending', initContainerStatuses: [waiting('PodInitializing')] },
    { initContainers: [{ name: 'i' }] },
  ],
  [
    'with a sidecar',
    '2/2 Running',
    {
      phase: 'Running',
      initContainerStatuses: [{ name: 's', started: true, ready: true, state: { running: {} } }],
      containerStatuses: [running],
    },
    { initContainers: [{ name: 's', restartPolicy: 'Always' }] },
  ],
  [
    'leaving',
    '1/1 Terminating',
    { phase: 'Running', containerStatuses: [running] },
    {},
    { deletionTimestamp: '2024-01-01T00:00:00Z' },
  ],
  [
    'lost',
    '0/1 Unknown',
    { phase: 'Running', reason: 'NodeLost' },
    {},
    { deletionTimestamp: '2024-01-01T00:00:00Z' },
  ],
  [
    'leaving after its end',
    '0/1 Failed',
    { phase: 'Failed' },
    {},
    { deletionTimestamp: '2024-01-01T00:00:00Z' },
  ],
];

const podOf = (status: Loose, spec: Loose = {}, metadata: Loose = {}): Pod =>
  ({ metadata, spec: { containers: [{ name: 'c' }], ...spec }, status }) as Pod;

describe('pod rows', () => {
  for (const [what, text, status, spec, metadata] of cases) {
    it(`of a pod that is ${what}: ${text}`, () => {
      const summary = summarizePod(podOf(status, spec, metadata));
      assert.equal(`${summary.ready}/${summary.total} ${summary.status}`, text);
    });
  }

  it('count restarts and know the last one', () => {
    const statuses = [
      { restartCount: 2, lastState: { terminated: { finishedAt: '2024-01-01T00:00:01Z' } } },
      { restartCount: 1, lastState: { terminated: { finishedAt: '2024-01-01T00:00:00Z' } } },
    ];
    const { restarts, lastRestart } = summarizePod(podOf({ containerStatuses: statuses }));
    assert.deepEqual([restarts, lastRestart], [3, '2024-01-01T00:00:01Z']);
  });

  it('of pods that have ended are marked', () => {
    assert.deepEqual(
      ['Succeeded', 'Failed', 'Running'].map((phase) => podRowConditions(podOf({ phase })).length),
      [1, 1, 0],
    );
  });
});
