/** Marks pods that the control plane is about to end, so that their owners can tell why. */
import type { Client } from '../../client/client.ts';
import { pods } from '../../client/resources.ts';
import { formatTime } from '../../machinery/meta/times.ts';
import type { Pod, PodStatus } from '../../machinery/schema/wire.ts';
import { podCondition } from './pod-state.ts';

/**
 * Sets condition DisruptionTarget, and whatever else is to change in the status. Writes nothing
 * when the condition is there already and nothing else is given.
 */
export async function markDisruptionTarget(
  client: Client,
  pod: Pod,
  why: { readonly reason: string; readonly message: string } | undefined,
  change: Partial<PodStatus>,
  nowMs: number,
  signal: AbortSignal,
): Promise<void> {
  const { namespace, name = '', uid, generation } = pod.metadata ?? {};
  const present = podCondition(pod, 'DisruptionTarget');
  const set =
    why !== undefined &&
    (present?.status !== 'True' ||
      present.reason !== why.reason ||
      present.message !== why.message);
  if (!set && Object.keys(change).length === 0) return;
  const condition = {
    type: 'DisruptionTarget',
    status: 'True',
    ...why,
    ...(generation === undefined ? {} : { observedGeneration: generation }),
    ...(present?.status === 'True' ? {} : { lastTransitionTime: formatTime(nowMs) }),
  };
  const status = { ...change, ...(set ? { conditions: [condition] } : {}) };
  const patch = { metadata: { uid }, status };
  const options = { type: 'strategic', subresource: 'status', signal } as const;
  await client.patch(pods, { namespace, name }, patch, options);
}
