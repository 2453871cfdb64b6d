/** What happens to a pod that did not get a node: back into the queue, and the user is told why. */
import type { Client } from '../client/client.ts';
import { pods } from '../client/resources.ts';
import type { Clock } from '../machinery/meta/clock.ts';
import { hasReason } from '../machinery/meta/status-error.ts';
import type { Pod } from '../machinery/schema/wire.ts';
import { type Attempt, secondsOf } from './attempt.ts';
import type { Background } from './background.ts';
import { PodInfo } from './cache/pod-info.ts';
import { type Diagnosis, fitMessage } from './fit-error.ts';
import type { EventSink } from './framework.ts';
import type { Listers } from './listers.ts';
import type { SchedulerMetrics } from './metrics.ts';
import { NodeStatuses } from './node-statuses.ts';
import { type StatusChange, statusPatch, truncateNote } from './pod-status.ts';
import type { SchedulingQueue } from './queue/scheduling-queue.ts';
import { Status } from './status.ts';

export interface FailureHandlerDeps {
  readonly client: Client;
  readonly clock: Clock;
  readonly listers: Listers;
  readonly recordEvent: EventSink;
  readonly queue: SchedulingQueue;
  readonly metrics: SchedulerMetrics;
  readonly background: Background;
}

export class FailureHandler {
  readonly #deps: FailureHandlerDeps;

  constructor(deps: FailureHandlerDeps) {
    this.#deps = deps;
  }

  /** `nominatedNodeName`: '' clears the pod's nomination, undefined leaves it. */
  fail(
    attempt: Attempt,
    pod: PodInfo,
    status: Status,
    diagnosis: Diagnosis | undefined,
    nominatedNodeName: string | undefined,
  ): void {
    const { queue, metrics, listers, recordEvent } = this.#deps;
    const { queued, profile } = attempt;
    const result = status.rejected ? 'unschedulable' : 'error';
    metrics.attempt(result, profile.schedulerName, secondsOf(attempt));
    queued.rejecting = diagnosis?.rejecting ?? new Set();
    queued.pending = diagnosis?.pending ?? new Set();
    metrics.rejected(queued.rejecting, profile.schedulerName);
    const current = listers.pods.get(pod.namespace, pod.name);
    if (current === undefined || current.spec?.nodeName || current.metadata?.uid !== pod.uid) {
      queue.done(pod.uid);
      return;
    }
    if (current !== queued.info.pod) queued.info = new PodInfo(current);
    if (nominatedNodeName !== undefined) {
      queue.nominator.nominate(queued.info, nominatedNodeName);
    }
    queue.addUnschedulable(queued);
    const { message } = status;
    const note = truncateNote(message);
    recordEvent(current, undefined, 'Warning', 'FailedScheduling', 'Scheduling', note);
    this.#writeStatus(current, {
      condition: { reason: status.rejected ? 'Unschedulable' : 'SchedulerError', message },
      ...(nominatedNodeName === undefined ? {} : { nominatedNodeName }),
    });
  }

  /** A plugin turned the chosen node down after all, or failed. */
  refuse(attempt: Attempt, pod: PodInfo, nodeName: string, status: Status): void {
    if (!status.rejected) {
      this.fail(attempt, pod, status, undefined, '');
      return;
    }
    const statuses = new NodeStatuses();
    statuses.set(nodeName, status);
    const pending = status.code === 'Pending';
    const diagnosis: Diagnosis = {
      nodeCount: 1,
      statuses,
      rejecting: new Set(pending ? [] : [status.plugin]),
      pending: new Set(pending ? [status.plugin] : []),
      preFilterMessage: '',
      postFilterMessage: '',
    };
    this.fail(attempt, pod, new Status(status.code, '', [fitMessage(diagnosis)]), diagnosis, '');
  }

  #writeStatus(pod: Pod, change: StatusChange): void {
    const { client, clock, background } = this.#deps;
    const patch = statusPatch(pod, change, clock.now());
    if (patch === undefined) return;
    const { namespace, name = '' } = pod.metadata ?? {};
    background.start('writing a pod status', async () => {
      try {
        const options = { type: 'strategic', subresource: 'status' } as const;
        await client.patch(pods, { namespace, name }, patch, options);
      } catch (e) {
        // Gone, or made again under the same name: nobody is left to be told.
        if (!hasReason(e, 'NotFound', 'Conflict')) throw e;
      }
    });
  }
}
