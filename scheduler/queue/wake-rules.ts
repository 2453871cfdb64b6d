/** Which events are worth another try for which pod, by the plugins that rejected it. */
import type { Pod } from '../../machinery/schema/wire.ts';
import type { PodInfo } from '../cache/pod-info.ts';
import { type ClusterEvent, isWildCard, on, type Wake, wakes } from '../cluster-event.ts';
import type { Plugin } from '../framework.ts';
import type { QueuedPod } from './queued-pod.ts';

/** What to do with a pod: leave it, try it after its back-off, try it at once. */
export type Strategy = 'skip' | 'backoff' | 'now';

/** What the queue must know of a profile. */
export interface QueueProfile {
  readonly preEnqueue: readonly Plugin[];
  readonly plugins: readonly Plugin[];
}

/** Made for the profiles of one scheduler. */
export class WakeRules {
  readonly #profiles: ReadonlyMap<string, QueueProfile>;
  /** By the event's label. */
  readonly #interest = new Map<string, boolean>();

  constructor(profiles: ReadonlyMap<string, QueueProfile>) {
    this.#profiles = profiles;
  }

  profileOf(pod: QueuedPod): QueueProfile | undefined {
    return this.#profiles.get(pod.info.pod.spec?.schedulerName ?? '');
  }

  /** True when any plugin may wake pods by such an event. */
  interests(event: ClusterEvent): boolean {
    if (isWildCard(event)) return true;
    let interested = this.#interest.get(event.label);
    if (interested === undefined) {
      interested = [...this.#profiles.values()].some((profile) =>
        profile.plugins.some((plugin) => wakesOf(plugin).some((wake) => wakes(wake, event))),
      );
      this.#interest.set(event.label, interested);
    }
    return interested;
  }

  /** True when the plugin that keeps the pod out of the queue may change its mind. */
  gateCares(pod: QueuedPod, event: ClusterEvent): boolean {
    if (isWildCard(event)) return true;
    const plugin = this.profileOf(pod)?.preEnqueue.find((one) => one.name === pod.gatedBy);
    return plugin?.wakesOn?.some((wake) => wakes(wake, event)) ?? false;
  }

  /** What an event means for a pod. */
  strategy(pod: QueuedPod, event: ClusterEvent, before: unknown, after: unknown): Strategy {
    if (pod.failed) return 'backoff';
    if (isWildCard(event)) {
      const target = after as Pod | undefined;
      return target === undefined || target.metadata?.uid === pod.info.uid ? 'backoff' : 'skip';
    }
    let strategy: Strategy = 'skip';
    for (const plugin of this.profileOf(pod)?.plugins ?? []) {
      if (!pod.isRejectedBy(plugin.name)) continue;
      for (const wake of wakesOf(plugin)) {
        if (!wakes(wake, event) || !hints(wake, pod.info, before, after)) continue;
        if (pod.pending.has(plugin.name)) return 'now';
        strategy = 'backoff';
      }
    }
    return strategy;
  }
}

/** The more urgent of two. */
export function better(a: Strategy, b: Strategy): Strategy {
  if (a === 'now' || b === 'now') return 'now';
  return a === 'backoff' || b === 'backoff' ? 'backoff' : 'skip';
}

const anything: readonly Wake[] = [
  { resource: 'Pod', on: on.all },
  { resource: 'Node', on: on.all },
];

function wakesOf(plugin: Plugin): readonly Wake[] {
  return plugin.wakesOn ?? anything;
}

function hints(wake: Wake, pod: PodInfo, before: unknown, after: unknown): boolean {
  if (wake.hint === undefined) return true;
  try {
    return wake.hint(pod, before, after);
  } catch {
    // A hint that fails must not leave the pod waiting for ever.
    return true;
  }
}
