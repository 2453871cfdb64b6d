/** What a PodDisruptionBudget says to one more disruption. */
import { selectorOf } from '../../machinery/meta/labels.ts';
import { forbidden, StatusError } from '../../machinery/meta/status-error.ts';
import type { Condition, Pod, PodDisruptionBudget } from '../../machinery/schema/wire.ts';

type Status = NonNullable<PodDisruptionBudget['status']> & {
  disruptionsAllowed: number;
  currentHealthy: number;
  desiredHealthy: number;
};

/** More evictions than this wait for the controller: it has fallen behind. */
const disruptedPodsLimit = 2000;
const violates = "Cannot evict pod as it would violate the pod's disruption budget.";

/** Budgets whose selector takes the pod in; one with an invalid selector takes none. */
export function budgetsOf(
  pod: Pod,
  budgets: readonly PodDisruptionBudget[],
): PodDisruptionBudget[] {
  return budgets.filter((b) => {
    try {
      return selectorOf(b.spec?.selector).matches(pod.metadata?.labels ?? {});
    } catch {
      return false;
    }
  });
}

/** 429 while the controller has yet to look at the budget. */
export function stillProcessing(name: string): StatusError {
  const message = `The disruption budget ${name} is still being processed by the server.`;
  return new StatusError('TooManyRequests', violates, {
    causes: [{ reason: 'DisruptionBudget', message }],
    retryAfterSeconds: 10,
  });
}

/**
 * Takes one disruption from the budget, in place, in the name of the pod. Throws 429 when there is
 * none left, 403 when its status makes no sense.
 */
export function takeDisruption(budget: PodDisruptionBudget, podName: string, now: string): void {
  const name = budget.metadata?.name ?? '';
  const status = budget.status as Status;
  if ((status.observedGeneration ?? 0) < (budget.metadata?.generation ?? 0)) {
    throw stillProcessing(name);
  }
  const resource = { group: 'policy', resource: 'poddisruptionbudget' };
  if (status.disruptionsAllowed < 0) {
    throw forbidden(resource, name, 'pdb disruptions allowed is negative');
  }
  if (Object.keys(status.disruptedPods ?? {}).length > disruptedPodsLimit) {
    throw forbidden(
      resource,
      name,
      'DisruptedPods map too big - too many evictions not confirmed by PDB controller',
    );
  }
  if (status.disruptionsAllowed === 0) {
    throw new StatusError('TooManyRequests', violates, {
      causes: [{ reason: 'DisruptionBudget', message: exhausted(name, status) }],
    });
  }
  status.disruptionsAllowed--;
  if (status.disruptionsAllowed === 0) setInsufficient(status, now);
  status.disruptedPods = { ...status.disruptedPods, [podName]: now };
}

function exhausted(name: string, status: Status): string {
  const { currentHealthy, desiredHealthy } = status;
  const condition = status.conditions?.find((c) => c.type === 'DisruptionAllowed');
  const told = condition?.status === 'False' && condition.message !== '' ? condition : undefined;
  const not = `The disruption budget ${name} does not allow evicting pods currently`;
  if (told?.reason === 'SyncFailed') return `${not} because it failed sync: ${told.message}`;
  if (currentHealthy <= desiredHealthy) {
    return `The disruption budget ${name} needs ${desiredHealthy} healthy pods and has ${currentHealthy} currently`;
  }
  return told === undefined ? not : `${not} (${told.reason}): ${told.message}`;
}

function setInsufficient(status: Status, now: string): void {
  const conditions = status.conditions ?? [];
  const prev = conditions.find((c) => c.type === 'DisruptionAllowed');
  const next: Condition = {
    type: 'DisruptionAllowed',
    status: 'False',
    ...(status.observedGeneration === undefined
      ? {}
      : { observedGeneration: status.observedGeneration }),
    lastTransitionTime: prev?.status === 'False' ? prev.lastTransitionTime : now,
    reason: 'InsufficientPods',
    message: '',
  };
  status.conditions =
    prev === undefined ? [...conditions, next] : conditions.map((c) => (c === prev ? next : c));
}
