/** Says of pods on a silent node that they are not ready: nobody else can. */
import type { Client } from '../../client/client.ts';
import type { EventRecorder } from '../../client/events.ts';
import { pods as podResource } from '../../client/resources.ts';
import type { Clock } from '../../machinery/meta/clock.ts';
import { hasReason } from '../../machinery/meta/status-error.ts';
import { formatTime } from '../../machinery/meta/times.ts';
import type { Pod } from '../../machinery/schema/wire.ts';
import { inParallel } from '../in-parallel.ts';
import { isPodReady } from '../pods/pod-state.ts';

const writesAtOnce = 8;

export class PodMarks {
  private readonly client: Client;
  private readonly clock: Clock;
  private readonly recorder: EventRecorder;

  constructor(client: Client, clock: Clock, recorder: EventRecorder) {
    this.client = client;
    this.clock = clock;
    this.recorder = recorder;
  }

  /** Sets Ready to False where it is True; throws the first failure when all have been tried. */
  async mark(pods: readonly Pod[], signal: AbortSignal): Promise<void> {
    const failures = await inParallel(pods.filter(isPodReady), writesAtOnce, (pod) =>
      this.markOne(pod, signal),
    );
    if (failures.length > 0) throw failures[0];
  }

  private async markOne(pod: Pod, signal: AbortSignal): Promise<void> {
    const lastTransitionTime = formatTime(this.clock.now());
    const conditions = (pod.status?.conditions ?? []).map((c) =>
      c.type === 'Ready' ? { ...c, status: 'False', lastTransitionTime } : c,
    );
    const marked = { ...pod, status: { ...pod.status, conditions } };
    try {
      await this.client.update(podResource, marked, { subresource: 'status', signal });
    } catch (e) {
      if (hasReason(e, 'NotFound')) return;
      throw e;
    }
    this.recorder.event(pod, 'Warning', 'NodeNotReady', 'Node is not ready');
  }
}
