/**
 * When the change happened that endpoints are updated for: annotation
 * endpoints.kubernetes.io/last-change-trigger-time, from which the network programming latency is
 * measured.
 */
import { parseTime } from '../../machinery/meta/times.ts';
import type { Pod, Service } from '../../machinery/schema/wire.ts';
import { podCondition } from '../pods/pod-state.ts';

export const triggerTimeAnnotation = 'endpoints.kubernetes.io/last-change-trigger-time';

interface Seen {
  readonly pods: ReadonlyMap<string, string>;
}

export class TriggerTimes {
  private readonly seen = new Map<string, Seen>();

  /** The earliest change since the last call for this service; undefined when there is none. */
  next(key: string, service: Service, pods: readonly Pod[]): string | undefined {
    const before = this.seen.get(key);
    const times = new Map<string, string>();
    let earliest: string | undefined;
    for (const pod of pods) {
      const time = podCondition(pod, 'Ready')?.lastTransitionTime;
      if (!time) continue;
      const name = pod.metadata?.name ?? '';
      times.set(name, time);
      const known = before?.pods.get(name);
      if (known !== undefined && parseTime(time) <= parseTime(known)) continue;
      if (earliest === undefined || parseTime(time) < parseTime(earliest)) earliest = time;
    }
    this.seen.set(key, { pods: times });
    return before === undefined ? service.metadata?.creationTimestamp : earliest;
  }

  /** The service is gone. */
  forget(key: string): void {
    this.seen.delete(key);
  }
}

/** Annotations with the time set, or without it. */
export function withTriggerTime(
  annotations: Readonly<Record<string, string>> | undefined,
  time: string | undefined,
): Record<string, string> {
  const { [triggerTimeAnnotation]: _, ...rest } = annotations ?? {};
  return time === undefined ? rest : { ...rest, [triggerTimeAnnotation]: time };
}
