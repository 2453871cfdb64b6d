/** What a PodDisruptionBudget allows right now. API: policy/v1 PodDisruptionBudgetStatus. */
import { formatTime, parseTime } from '../../machinery/meta/times.ts';
import type {
  Condition,
  LabelSelector,
  Pod,
  PodDisruptionBudget,
} from '../../machinery/schema/wire.ts';
import { findCondition } from '../conditions.ts';
import { scaledValue } from '../int-or-percent.ts';
import { isPodReady } from '../pods/pod-state.ts';

export type BudgetStatus = NonNullable<PodDisruptionBudget['status']>;

/** An evicted pod that is not marked as deleted after this will not be. */
const deletionTimeoutMs = 2 * 60_000;
export const allowedCondition = 'DisruptionAllowed';

/** True when the budget needs to know how many pods the pods' controllers want. */
export function needsScale({ spec }: PodDisruptionBudget): boolean {
  return spec?.maxUnavailable !== undefined || typeof spec?.minAvailable === 'string';
}

/** How many pods there should be, and how many of them must be healthy. */
export function expectedPods(
  { spec }: PodDisruptionBudget,
  podCount: number,
  scale: number,
): { expected: number; desired: number } {
  const { maxUnavailable, minAvailable } = spec ?? {};
  if (maxUnavailable !== undefined) {
    const may = scaledValue(maxUnavailable, scale, true);
    return { expected: scale, desired: Math.max(0, scale - may) };
  }
  if (typeof minAvailable === 'number') return { expected: podCount, desired: minAvailable };
  if (minAvailable === undefined) return { expected: 0, desired: 0 };
  return { expected: scale, desired: scaledValue(minAvailable, scale, true) };
}

export interface DisruptedPods {
  /** Pods that the eviction API let go and that are not marked as deleted yet. */
  readonly still: Record<string, string>;
  /** Those for which that has taken too long. */
  readonly late: readonly Pod[];
  /** When the next of them will be late. */
  readonly recheckAtMs: number | undefined;
}

export function disruptedPods(
  pdb: PodDisruptionBudget,
  pods: readonly Pod[],
  nowMs: number,
): DisruptedPods {
  const still: Record<string, string> = {};
  const late: Pod[] = [];
  let recheckAtMs: number | undefined;
  for (const pod of pods) {
    const name = pod.metadata?.name ?? '';
    const since = pdb.status?.disruptedPods?.[name];
    if (since === undefined || pod.metadata?.deletionTimestamp !== undefined) continue;
    const dueMs = (parseTime(since) ?? nowMs) + deletionTimeoutMs;
    if (dueMs < nowMs) {
      late.push(pod);
    } else {
      still[name] = since;
      recheckAtMs = Math.min(recheckAtMs ?? dueMs, dueMs);
    }
  }
  return { still, late, recheckAtMs };
}

/** The status, from the pods that the budget covers. */
export function budgetStatus(
  pdb: PodDisruptionBudget,
  pods: readonly Pod[],
  { expected, desired }: { expected: number; desired: number },
  disrupted: Readonly<Record<string, string>>,
  nowMs: number,
): BudgetStatus {
  const healthy = pods.filter(
    (p) =>
      p.metadata?.deletionTimestamp === undefined &&
      disrupted[p.metadata?.name ?? ''] === undefined &&
      isPodReady(p),
  ).length;
  // While no pods are expected nothing is allowed: the first ones may be on their way.
  const allowed = expected <= 0 ? 0 : Math.max(0, healthy - desired);
  const { generation } = pdb.metadata ?? {};
  const status = {
    currentHealthy: healthy,
    desiredHealthy: desired,
    expectedPods: expected,
    disruptionsAllowed: allowed,
    ...(Object.keys(disrupted).length === 0 ? {} : { disruptedPods: disrupted }),
    ...(generation === undefined ? {} : { observedGeneration: generation }),
  };
  const verdict =
    allowed > 0
      ? { status: 'True', reason: 'SufficientPods', message: '' }
      : { status: 'False', reason: 'InsufficientPods', message: '' };
  return { ...status, conditions: withVerdict(pdb.status, generation, verdict, nowMs) };
}

/** The status when the right one cannot be told: nothing is allowed. */
export function failedStatus(
  pdb: PodDisruptionBudget,
  message: string,
  nowMs: number,
): BudgetStatus {
  const { status } = pdb;
  const verdict = { status: 'False', reason: 'SyncFailed', message };
  return {
    currentHealthy: 0,
    desiredHealthy: 0,
    expectedPods: 0,
    ...status,
    disruptionsAllowed: 0,
    conditions: withVerdict(status, status?.observedGeneration, verdict, nowMs),
  };
}

function withVerdict(
  status: BudgetStatus | undefined,
  generation: number | undefined,
  verdict: { readonly status: string; readonly reason: string; readonly message: string },
  nowMs: number,
): Condition[] {
  const conditions = status?.conditions ?? [];
  const known = findCondition(conditions, allowedCondition);
  const condition: Condition = {
    type: allowedCondition,
    ...verdict,
    lastTransitionTime:
      known?.status === verdict.status ? known.lastTransitionTime : formatTime(nowMs),
    ...(generation === undefined ? {} : { observedGeneration: generation }),
  };
  if (known === undefined) return [...conditions, condition];
  return conditions.map((c) => (c === known ? condition : c));
}

/** A selector as messages of the real controller print it. */
export function selectorText(selector: LabelSelector | undefined): string {
  if (selector === undefined) return 'nil';
  const labels = Object.entries(selector.matchLabels ?? {})
    .toSorted(([a], [b]) => (a < b ? -1 : 1))
    .map(([key, value]) => `${key}: ${value},`);
  const expressions = (selector.matchExpressions ?? []).map(
    ({ key, operator, values = [] }) =>
      `LabelSelectorRequirement{Key:${key},Operator:${operator},Values:[${values.join(' ')}],},`,
  );
  return (
    `&LabelSelector{MatchLabels:map[string]string{${labels.join('')}},` +
    `MatchExpressions:[]LabelSelectorRequirement{${expressions.join('')}},}`
  );
}
