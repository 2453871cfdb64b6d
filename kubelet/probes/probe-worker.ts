/**
 * One probe of one container: runs at its period while there is something to probe, and counts
 * results against the thresholds. It has one timer, and none while it waits for a container.
 */
import type { Clock } from '../../machinery/meta/clock.ts';
import type { ContainerStatus, Probe } from '../../machinery/schema/wire.ts';
import type { ProbeVerdict } from '../pods/plan.ts';

export type ProbeType = 'liveness' | 'readiness' | 'startup';

/** What a probe counts as before it has run. */
export const initialVerdict: Record<ProbeType, ProbeVerdict> = {
  liveness: 'success',
  readiness: 'failure',
  startup: 'unknown',
};

export interface ProbeWorkerOptions {
  readonly type: ProbeType;
  readonly probe: Probe;
  readonly clock: Clock;
  /** Runs the probe; undefined when it could not be run. */
  readonly run: (containerId: string) => Promise<'success' | 'failure' | undefined>;
  /** A container came, and counts as this until the probe has run. */
  readonly begin: (containerId: string, verdict: ProbeVerdict) => void;
  /** A verdict was reached, or the container went (undefined). */
  readonly report: (containerId: string, verdict: ProbeVerdict | undefined) => void;
  /** Containers started before this were probed by an earlier kubelet: their verdict stays open. */
  readonly bornAtMs: number;
}

export class ProbeWorker {
  private readonly options: ProbeWorkerOptions;
  private containerId = '';
  private cancelTimer: (() => void) | undefined;
  private running = false;
  private stopped = false;
  /** A verdict was final for this container (failed liveness, any startup). */
  private onHold = false;
  private last: 'success' | 'failure' | undefined;
  private streak = 0;
  /** The container can be probed now: it runs and its startup allows it. */
  private wanted = false;

  constructor(options: ProbeWorkerOptions) {
    this.options = options;
  }

  /** Tells the worker of the container's present status (undefined: it has none). */
  update(status: ContainerStatus | undefined): void {
    if (this.stopped) return;
    const id = status?.containerID ?? '';
    if (id !== this.containerId) this.attach(id, status);
    if (id === '' || status === undefined) return;
    const startedAt = status.state?.running?.startedAt;
    if (startedAt === undefined) {
      this.pause();
      if (status.state?.terminated) this.options.report(id, 'failure');
      return;
    }
    // Liveness and readiness wait for the startup probe; that one ends when it has passed.
    const wanted = (this.options.type === 'startup') !== (status.started === true);
    if (!wanted || this.onHold) {
      this.pause();
      return;
    }
    if (this.wanted) return;
    this.wanted = true;
    const { initialDelaySeconds = 0 } = this.options.probe;
    const due = Date.parse(startedAt) + initialDelaySeconds * 1000;
    this.schedule(Math.max(0, due - this.options.clock.now()));
  }

  /** Ends the worker; a probe under way counts no more. */
  stop(): void {
    this.stopped = true;
    this.pause();
    if (this.containerId !== '') this.options.report(this.containerId, undefined);
  }

  private attach(id: string, status: ContainerStatus | undefined): void {
    const { begin, report, type, bornAtMs } = this.options;
    if (this.containerId !== '') report(this.containerId, undefined);
    this.pause();
    this.containerId = id;
    this.onHold = false;
    this.last = undefined;
    this.streak = 0;
    if (id === '') return;
    const startedAt = Date.parse(status?.state?.running?.startedAt ?? '');
    if (!(startedAt < bornAtMs)) begin(id, initialVerdict[type]);
    else if (type === 'startup' && status?.started) begin(id, 'success');
  }

  private pause(): void {
    this.wanted = false;
    this.cancelTimer?.();
    this.cancelTimer = undefined;
  }

  private schedule(delayMs: number): void {
    this.cancelTimer?.();
    this.cancelTimer = this.options.clock.after(delayMs, () => void this.tick());
  }

  private async tick(): Promise<void> {
    this.cancelTimer = undefined;
    if (this.running) return;
    this.running = true;
    const { clock, probe, run } = this.options;
    const id = this.containerId;
    const startedAt = clock.now();
    const result = await run(id);
    this.running = false;
    if (this.stopped) return;
    if (id === this.containerId && result !== undefined && this.wanted) this.count(result);
    if (!this.wanted || this.onHold) return;
    const period = (probe.periodSeconds ?? 10) * 1000;
    this.schedule(Math.max(0, startedAt + period - clock.now()));
  }

  private count(result: 'success' | 'failure'): void {
    const { probe, type, report } = this.options;
    this.streak = this.last === result ? this.streak + 1 : 1;
    this.last = result;
    const { failureThreshold = 3, successThreshold = 1 } = probe;
    if (this.streak < (result === 'failure' ? failureThreshold : successThreshold)) return;
    if (type === 'startup' || (type === 'liveness' && result === 'failure')) {
      // No more probes of a container that is about to be killed, or has started.
      this.onHold = true;
      this.streak = 0;
      this.pause();
    }
    report(this.containerId, result);
  }
}
