/** Carries a preemption out: tells the victims why, deletes them, and records it. */
import { pods } from '../../client/resources.ts';
import { hasReason } from '../../machinery/meta/status-error.ts';
import { formatTime } from '../../machinery/meta/times.ts';
import type { Pod } from '../../machinery/schema/wire.ts';
import type { PodInfo } from '../cache/pod-info.ts';
import type { Handle } from '../framework.ts';
import type { Victims } from './victims.ts';

type Needs = Pick<
  Handle,
  | 'client'
  | 'clock'
  | 'listers'
  | 'nominations'
  | 'recordEvent'
  | 'activate'
  | 'rejectWaiting'
  | 'background'
  | 'observePreemption'
>;

/** Knows which pods wait for their victims to be deleted. */
export class PreemptionExecutor {
  readonly #handle: Needs;
  readonly #plugin: string;
  readonly #running = new Set<string>();
  /** The last victim of a pod's preemption, once all others are deleted. */
  readonly #lastVictims = new Map<string, PodInfo>();

  constructor(handle: Needs, plugin: string) {
    this.#handle = handle;
    this.#plugin = plugin;
  }

  /** True while victims of this pod are still to be deleted: trying it now would be too early. */
  isRunning(uid: string): boolean {
    if (!this.#running.has(uid)) return false;
    const last = this.#lastVictims.get(uid);
    if (last === undefined) return true;
    // Its deletion may be seen here before the answer to our request.
    const seen = this.#handle.listers.pods.get(last.namespace, last.name);
    return seen !== undefined && seen.metadata?.deletionTimestamp === undefined;
  }

  /** Starts deleting the victims in the background. */
  start(preemptor: PodInfo, victims: Victims): void {
    const going = victims.pods.filter((v) => v.pod.metadata?.deletionTimestamp === undefined);
    if (going.length === 0) return;
    this.#running.add(preemptor.uid);
    this.#handle.background('preemption', async () => {
      let failed = true;
      try {
        await this.#clearNominations(preemptor, victims.nodeName);
        await Promise.all(
          going.slice(0, -1).map((v) => this.#preempt(preemptor, v, victims.nodeName)),
        );
        const last = going.at(-1)!;
        this.#lastVictims.set(preemptor.uid, last);
        await this.#preempt(preemptor, last, victims.nodeName);
        failed = false;
      } finally {
        this.#running.delete(preemptor.uid);
        this.#lastVictims.delete(preemptor.uid);
        // Without deletions nothing would wake the pod.
        if (failed) this.#handle.activate([preemptor]);
      }
    });
  }

  async #preempt(preemptor: PodInfo, victim: PodInfo, nodeName: string): Promise<void> {
    let note = `Preempted by pod ${preemptor.uid} on node ${nodeName}`;
    if (this.#handle.rejectWaiting(victim.uid, this.#plugin, 'preempted')) {
      // Not bound yet: it goes back to the queue and is not deleted.
      note += ' (in kube-scheduler memory).';
    } else if (!(await this.#delete(preemptor, victim))) return;
    this.#handle.recordEvent(victim.pod, preemptor.pod, 'Normal', 'Preempted', 'Preempting', note);
  }

  /** False when it was gone already. */
  async #delete(preemptor: PodInfo, victim: PodInfo): Promise<boolean> {
    const { client, clock } = this.#handle;
    const key = { namespace: victim.namespace, name: victim.name };
    const scheduler = preemptor.pod.spec?.schedulerName ?? '';
    try {
      const patch = disruptionPatch(victim.pod, scheduler, clock.now());
      if (patch !== undefined) {
        await client.patch(pods, key, patch, { type: 'strategic', subresource: 'status' });
      }
      await client.delete(pods, key, { uid: victim.uid });
      return true;
    } catch (e) {
      if (hasReason(e, 'NotFound', 'Conflict')) return false;
      throw e;
    }
  }

  /** Pods of lower priority that hoped for this node have to look elsewhere. */
  async #clearNominations(preemptor: PodInfo, nodeName: string): Promise<void> {
    const { client, nominations } = this.#handle;
    const lower = nominations.podsOn(nodeName).filter((p) => p.priority < preemptor.priority);
    for (const pod of lower) {
      if (pod.nominatedNodeName === '') continue;
      const key = { namespace: pod.namespace, name: pod.name };
      const patch = { metadata: { uid: pod.uid }, status: { nominatedNodeName: null } };
      try {
        await client.patch(pods, key, patch, { type: 'strategic', subresource: 'status' });
      } catch (e) {
        if (!hasReason(e, 'NotFound', 'Conflict')) throw e;
      }
    }
  }
}

function disruptionPatch(victim: Pod, scheduler: string, nowMs: number): object | undefined {
  const message = `${scheduler}: preempting to accommodate a higher priority pod`;
  const reason = 'PreemptionByScheduler';
  const known = victim.status?.conditions?.find((c) => c.type === 'DisruptionTarget');
  if (known?.status === 'True' && known.reason === reason && known.message === message) {
    return undefined;
  }
  const condition = {
    type: 'DisruptionTarget',
    status: 'True',
    reason,
    message,
    lastProbeTime: null,
    lastTransitionTime: known?.status === 'True' ? known.lastTransitionTime : formatTime(nowMs),
    observedGeneration: victim.metadata?.generation,
  };
  return { metadata: { uid: victim.metadata?.uid }, status: { conditions: [condition] } };
}
