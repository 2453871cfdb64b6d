import assert from 'node:assert/strict';
import { FakeClock } from '../../client/fake-clock.ts';
import type { ContainerStatus, Probe } from '../../machinery/schema/wire.ts';
import type { ProbeVerdict } from '../pods/plan.ts';
import { type ProbeType, ProbeWorker } from './probe-worker.ts';

function bed(type: ProbeType, probe: Probe, bornAtMs = 0) {
  const clock = new FakeClock();
  const start = clock.now();
  const bedState = {
    clock,
    result: 'success' as 'success' | 'failure' | undefined,
    /** Seconds after the start at which the probe ran. */
    runs: [] as number[],
    verdicts: [] as (ProbeVerdict | undefined)[],
    worker: undefined as unknown as ProbeWorker,
    status(more: Partial<ContainerStatus> = {}): ContainerStatus {
      return {
        name: 'c',
        image: '',
        imageID: '',
        ready: false,
        restartCount: 0,
        containerID: 'fake://1',
        started: type !== 'startup',
        state: { running: { startedAt: new Date(start).toISOString() } },
        ...more,
      };
    },
  };
  bedState.worker = new ProbeWorker({
    type,
    probe: { periodSeconds: 10, failureThreshold: 3, successThreshold: 1, ...probe },
    clock,
    bornAtMs,
    run: async () => {
      bedState.runs.push((clock.now() - start) / 1000);
      return bedState.result;
    },
    begin: (_, verdict) => bedState.verdicts.push(verdict),
    report: (_, verdict) => bedState.verdicts.push(verdict),
  });
  return bedState;
}

describe('ProbeWorker', () => {
  it('probes at its period from the start on', async () => {
    const b = bed('readiness', {});
    b.worker.update(b.status());
    await b.clock.advance(25_000);
    assert.deepEqual(b.runs, [0, 10, 20]);
    assert.deepEqual(b.verdicts.slice(0, 2), ['failure', 'success']);
  });

  it('waits for the initial delay, counted from the start of the container', async () => {
    const b = bed('liveness', { initialDelaySeconds: 15 });
    await b.clock.advance(5000);
    b.worker.update(b.status());
    await b.clock.advance(21_000);
    assert.deepEqual(b.runs, [15, 25]);
  });

  it('has no timer without a container', async () => {
    const b = bed('liveness', {});
    b.worker.update(undefined);
    assert.equal(b.clock.pending, 0);
    b.worker.update(b.status({ state: { waiting: {} } }));
    assert.equal(b.clock.pending, 0);
  });

  it('liveness and readiness wait for the startup', async () => {
    const b = bed('liveness', {});
    b.worker.update(b.status({ started: false }));
    await b.clock.advance(30_000);
    assert.deepEqual(b.runs, []);
    b.worker.update(b.status({ started: true }));
    await b.clock.advance(100);
    assert.deepEqual(b.runs, [30]);
  });

  it('liveness fails after three in a row, and then rests', async () => {
    const b = bed('liveness', {});
    b.worker.update(b.status());
    b.result = 'failure';
    await b.clock.advance(15_000);
    b.result = 'success';
    await b.clock.advance(10_000);
    b.result = 'failure';
    await b.clock.advance(24_000);
    assert.deepEqual(b.verdicts, ['success', 'success']);
    await b.clock.advance(2000);
    assert.deepEqual(b.verdicts.at(-1), 'failure');
    const { length } = b.runs;
    await b.clock.advance(60_000);
    assert.equal(b.runs.length, length);
  });

  it('readiness comes back after as many successes as asked for', async () => {
    const b = bed('readiness', { successThreshold: 2, failureThreshold: 1 });
    b.worker.update(b.status());
    await b.clock.advance(1000);
    assert.deepEqual(b.verdicts, ['failure']);
    await b.clock.advance(10_000);
    assert.deepEqual(b.verdicts, ['failure', 'success']);
    b.result = 'failure';
    await b.clock.advance(10_000);
    assert.equal(b.verdicts.at(-1), 'failure');
  });

  it('the startup probe ends with its first verdict', async () => {
    const b = bed('startup', {});
    b.worker.update(b.status({ started: false }));
    await b.clock.advance(60_000);
    assert.deepEqual(b.runs, [0]);
    assert.deepEqual(b.verdicts, ['unknown', 'success']);
  });

  it('a probe that cannot be run counts for nothing', async () => {
    const b = bed('liveness', { failureThreshold: 1 });
    b.worker.update(b.status());
    b.result = undefined;
    await b.clock.advance(25_000);
    assert.deepEqual(b.verdicts, ['success']);
    assert.equal(b.runs.length, 3);
  });

  it('starts over with a new container', async () => {
    const b = bed('liveness', { failureThreshold: 1 });
    b.worker.update(b.status());
    b.result = 'failure';
    await b.clock.advance(1000);
    assert.deepEqual(b.verdicts, ['success', 'failure']);
    b.worker.update(b.status({ containerID: 'fake://2' }));
    assert.deepEqual(b.verdicts.slice(2), [undefined, 'success']);
    await b.clock.advance(1000);
    assert.equal(b.runs.length, 2);
  });

  it('leaves the verdict open for a container from before this kubelet', () => {
    const b = bed('readiness', {}, Number.MAX_SAFE_INTEGER);
    b.worker.update(b.status());
    assert.deepEqual(b.verdicts, []);
  });

  it('stops', async () => {
    const b = bed('readiness', {});
    b.worker.update(b.status());
    await b.clock.advance(1000);
    b.worker.stop();
    await b.clock.advance(60_000);
    assert.equal(b.runs.length, 1);
    assert.equal(b.verdicts.at(-1), undefined);
    assert.equal(b.clock.pending, 0);
  });
});
