/** Conditions in a pod's status, set as kubelets and controllers expect them. */
import type { PodCondition, PodStatus } from '../../machinery/schema/wire.ts';

/** Adds or replaces; the transition time changes only with the condition's status. */
export function setPodCondition(
  status: PodStatus,
  condition: Omit<PodCondition, 'lastTransitionTime'>,
  now: string,
): void {
  const conditions = [...(status.conditions ?? [])];
  const i = conditions.findIndex((c) => c.type === condition.type);
  const prev = conditions[i];
  const same = prev?.status === condition.status && prev.lastTransitionTime !== undefined;
  const next: PodCondition = {
    ...condition,
    lastTransitionTime: same ? prev.lastTransitionTime! : now,
  };
  if (i < 0) conditions.push(next);
  else conditions[i] = next;
  status.conditions = conditions;
}
