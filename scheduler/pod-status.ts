/** What the scheduler writes into a pod's status: the PodScheduled condition and the nomination. */
import { formatTime } from '../machinery/meta/times.ts';
import type { Pod } from '../machinery/schema/wire.ts';

/** A change of a pod's status. */
export interface StatusChange {
  readonly condition?: {
    readonly reason: 'Unschedulable' | 'SchedulerError';
    readonly message: string;
  };
  /** '' clears it; left out: it stays. */
  readonly nominatedNodeName?: string;
}

/** The strategic merge patch for the change; undefined when the pod says all that already. */
export function statusPatch(pod: Pod, change: StatusChange, nowMs: number): object | undefined {
  const status: Record<string, unknown> = {};
  if (change.condition !== undefined) {
    const { reason, message } = change.condition;
    const known = pod.status?.conditions?.find((c) => c.type === 'PodScheduled');
    const same = known?.status === 'False' && known.reason === reason && known.message === message;
    if (!same) {
      status['conditions'] = [
        {
          type: 'PodScheduled',
          status: 'False',
          reason,
          message,
          lastProbeTime: null,
          lastTransitionTime:
            known?.status === 'False' ? known.lastTransitionTime : formatTime(nowMs),
          observedGeneration: pod.metadata?.generation,
        },
      ];
    }
  }
  const nominated = change.nominatedNodeName;
  if (nominated !== undefined && nominated !== (pod.status?.nominatedNodeName ?? '')) {
    status['nominatedNodeName'] = nominated === '' ? null : nominated;
  }
  if (Object.keys(status).length === 0) return undefined;
  return { metadata: { uid: pod.metadata?.uid }, status };
}

const limitNoteBytes = 1024;

/** An event's note, cut to what the API takes. */
export function truncateNote(note: string): string {
  if (Buffer.byteLength(note) <= limitNoteBytes) return note;
  const suffix = ' ...';
  const cut = Buffer.from(note)
    .subarray(0, limitNoteBytes - suffix.length)
    .toString();
  // A character cut in half turns into a replacement character, which may be longer.
  return `${cut.replace(/\uFFFD+$/, '')}${suffix}`;
}
