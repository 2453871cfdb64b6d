/** The patch that brings the status in the API to what the kubelet says: pure. */
import { deepEqual } from '../../machinery/meta/equality.ts';
import type { PodCondition, PodStatus } from '../../machinery/schema/wire.ts';
import { isTerminalPhase, type NodePod } from '../pods/pod.ts';
import { endedVerdict, isOwnedCondition, isSharedCondition } from './conditions.ts';

/** Fields of the status that the kubelet writes, apart from conditions. */
const fields = [
  'observedGeneration',
  'phase',
  'message',
  'reason',
  'hostIP',
  'podIP',
  'startTime',
  'initContainerStatuses',
  'containerStatuses',
  'ephemeralContainerStatuses',
  'qosClass',
  'resize',
  'allocatedResources',
  'resources',
] as const satisfies readonly (keyof PodStatus)[];

/** Lists that the API merges by address. */
const addressLists = ['hostIPs', 'podIPs'] as const;

/**
 * What goes to the API: a terminal phase waits until nothing of the pod can run any more, and
 * then no container is ready.
 */
export function publishedStatus(pod: NodePod, status: PodStatus, mayRun: boolean): PodStatus {
  const api = pod.status ?? {};
  let out = status;
  const ending = !isTerminalPhase(api.phase) && isTerminalPhase(status.phase);
  if (ending && mayRun) {
    const { phase: _p, reason: _r, message: _m, ...rest } = status;
    out = {
      ...rest,
      ...(api.phase ? { phase: api.phase } : {}),
      ...(api.reason ? { reason: api.reason } : {}),
      ...(api.message ? { message: api.message } : {}),
    };
  }
  const conditions = (out.conditions ?? []).filter(
    (c) => isOwnedCondition(c.type) || (isSharedCondition(c.type) && ending && !mayRun),
  );
  if (!isTerminalPhase(out.phase)) return { ...out, conditions };
  const ended = endedVerdict(out.phase as 'Succeeded' | 'Failed');
  const close = (c: PodCondition): PodCondition =>
    (c.type === 'Ready' || c.type === 'ContainersReady') && c.status === 'True'
      ? { ...c, ...ended }
      : c;
  return { ...out, conditions: conditions.map(close) };
}

/** The strategic merge patch from `known` to `status`; undefined when nothing differs. */
export function statusPatch(
  known: PodStatus,
  status: PodStatus,
): Record<string, unknown> | undefined {
  const patch: Record<string, unknown> = {};
  for (const field of fields) {
    if (!deepEqual(known[field], status[field])) patch[field] = status[field] ?? null;
  }
  for (const list of addressLists) {
    const next = status[list] ?? [];
    if (deepEqual(known[list], next)) continue;
    const gone = (known[list] ?? []).filter((k) => !next.some((n) => n.ip === k.ip));
    patch[list] = [...next, ...gone.map((g) => ({ ip: g.ip, $patch: 'delete' }))];
  }
  const conditions = conditionPatch(known.conditions ?? [], status.conditions ?? []);
  if (conditions.length > 0) patch['conditions'] = conditions;
  return Object.keys(patch).length === 0 ? undefined : patch;
}

function conditionPatch(known: readonly PodCondition[], next: readonly PodCondition[]): unknown[] {
  const out: unknown[] = [];
  for (const condition of next) {
    const old = known.find((k) => k.type === condition.type);
    if (deepEqual(old, condition)) continue;
    // A merge keeps what it is not told of: what is gone is said so.
    const cleared: Record<string, null> = {};
    for (const field of ['reason', 'message'] as const) {
      if (old?.[field] !== undefined && condition[field] === undefined) cleared[field] = null;
    }
    out.push({ ...condition, ...cleared });
  }
  for (const old of known) {
    const stays = next.some((n) => n.type === old.type);
    if (!stays && isOwnedCondition(old.type)) out.push({ type: old.type, $patch: 'delete' });
  }
  return out;
}
