/** Taints that say what is wrong with a node. API: core/v1 Taint, well-known taints. */
import type { Client } from '../../client/client.ts';
import { nodes } from '../../client/resources.ts';
import { hasReason } from '../../machinery/meta/status-error.ts';
import { formatTime } from '../../machinery/meta/times.ts';
import type { Node, Taint } from '../../machinery/schema/wire.ts';

const unschedulable = 'node.kubernetes.io/unschedulable';
export const notReady = 'node.kubernetes.io/not-ready';
export const unreachable = 'node.kubernetes.io/unreachable';

/** Condition type and status to the key of the taint. */
const taintOfCondition: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  Ready: { False: notReady, Unknown: unreachable },
  MemoryPressure: { True: 'node.kubernetes.io/memory-pressure' },
  DiskPressure: { True: 'node.kubernetes.io/disk-pressure' },
  NetworkUnavailable: { True: 'node.kubernetes.io/network-unavailable' },
  PIDPressure: { True: 'node.kubernetes.io/pid-pressure' },
};

const conditionKeys = new Set(Object.values(taintOfCondition).flatMap((k) => Object.values(k)));

/** The list with taints added and removed; undefined when it stays as it is. */
export type TaintChange = (taints: readonly Taint[], nowMs: number) => Taint[] | undefined;

const same = (a: Taint, b: Taint): boolean => a.key === b.key && a.effect === b.effect;

/** Brings the NoSchedule taints in line with the node's conditions and spec.unschedulable. */
export function noScheduleChange(node: Node): TaintChange {
  const keys = new Set<string>();
  for (const { type, status } of node.status?.conditions ?? []) {
    const key = taintOfCondition[type]?.[status];
    if (key !== undefined) keys.add(key);
  }
  if (node.spec?.unschedulable === true) keys.add(unschedulable);
  return (taints, nowMs) => {
    const ours = (t: Taint): boolean =>
      t.effect === 'NoSchedule' && (t.key === unschedulable || conditionKeys.has(t.key));
    const stay = taints.filter((t) => !ours(t) || keys.has(t.key));
    const missing = [...keys].filter((key) => !stay.some((t) => ours(t) && t.key === key));
    if (missing.length === 0 && stay.length === taints.length) return undefined;
    const timeAdded = formatTime(nowMs);
    return [...stay, ...missing.map((key) => ({ key, effect: 'NoSchedule', timeAdded }))];
  };
}

/** Puts one NoExecute taint in place of the other; with none to add only removes. */
export function noExecuteChange(add: string | undefined): TaintChange {
  return (taints, nowMs) => {
    const ours = (t: Taint): boolean =>
      t.effect === 'NoExecute' && (t.key === notReady || t.key === unreachable);
    const stay = taints.filter((t) => !ours(t) || t.key === add);
    const wanted = add === undefined ? undefined : { key: add, effect: 'NoExecute' };
    if (wanted === undefined || stay.some((t) => same(t, wanted))) {
      return stay.length === taints.length ? undefined : stay;
    }
    return [...stay, { ...wanted, timeAdded: formatTime(nowMs) }];
  };
}

export function hasNoExecute(node: Node, key: string): boolean {
  return node.spec?.taints?.some((t) => same(t, { key, effect: 'NoExecute' })) ?? false;
}

/** Attempts where others write the node at the same time. */
const attempts = 5;

/** Writes a change of taints if there is one; the cached node is tried first. */
export async function changeTaints(
  client: Client,
  cached: Node,
  change: TaintChange,
  nowMs: number,
  signal: AbortSignal,
): Promise<void> {
  const name = cached.metadata?.name ?? '';
  let node = cached;
  for (let attempt = 1; ; attempt++) {
    const taints = change(node.spec?.taints ?? [], nowMs);
    if (taints === undefined) return;
    // The list is replaced as a whole: only in the version that it was made from.
    const { resourceVersion } = node.metadata ?? {};
    const patch = { metadata: { resourceVersion }, spec: { taints } };
    try {
      await client.patch(nodes, { name }, patch, { type: 'merge', signal });
      return;
    } catch (e) {
      if (!hasReason(e, 'Conflict') || attempt === attempts) throw e;
      node = await client.get(nodes, { name }, { signal });
    }
  }
}
