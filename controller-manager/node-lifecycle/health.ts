/**
 * Whether a node gives signs of life. Measured on the own clock from when a sign was seen, so
 * that clocks of nodes that run fast or slow do not matter.
 */

import { formatTime, parseTime } from '../../machinery/meta/times.ts';
import type { Lease, Node, NodeCondition } from '../../machinery/schema/wire.ts';
import { findCondition } from '../conditions.ts';

/** What is remembered of a node between looks. */
export interface NodeHealth {
  readonly ready: NodeCondition | undefined;
  readonly renewTime: string | undefined;
  readonly aliveAtMs: number;
}

export interface Grace {
  /** For a node whose kubelet has posted its status. */
  readonly monitorMs: number;
  /** For one that never did. */
  readonly startupMs: number;
}

export interface HealthVerdict {
  readonly health: NodeHealth;
  /** Status of Ready before this look; Unknown when it was never posted. */
  readonly observed: string;
  /** Conditions to write, when the node has just been found silent. */
  readonly conditions?: NodeCondition[];
}

/** What the kubelet reports; NetworkUnavailable is for others to say. */
const kubeletConditions = ['Ready', 'MemoryPressure', 'DiskPressure', 'PIDPressure'];

/** One look at a node. */
export function judgeHealth(
  known: NodeHealth | undefined,
  node: Node,
  lease: Lease | undefined,
  grace: Grace,
  nowMs: number,
): HealthVerdict {
  const ready = findCondition(node.status?.conditions, 'Ready');
  const renewTime = lease?.spec?.renewTime;
  const renewed =
    renewTime !== undefined &&
    (known?.renewTime === undefined || Date.parse(known.renewTime) < Date.parse(renewTime));
  const health: NodeHealth = {
    ready,
    renewTime: renewed ? renewTime : known?.renewTime,
    aliveAtMs: renewed ? nowMs : aliveAt(known, node, ready, nowMs),
  };
  const observed = ready?.status ?? 'Unknown';
  const graceMs = ready === undefined ? grace.startupMs : grace.monitorMs;
  if (nowMs <= health.aliveAtMs + graceMs || ready?.status === 'Unknown') {
    return { health, observed };
  }
  const conditions = silentConditions(node, nowMs);
  return { health, observed, conditions };
}

function aliveAt(
  known: NodeHealth | undefined,
  node: Node,
  ready: NodeCondition | undefined,
  nowMs: number,
): number {
  if (known === undefined && ready === undefined) return createdAt(node) ?? nowMs;
  if (known === undefined || (known.ready === undefined) !== (ready === undefined)) return nowMs;
  return known.ready?.lastHeartbeatTime === ready?.lastHeartbeatTime ? known.aliveAtMs : nowMs;
}

function createdAt(node: Node): number | undefined {
  const text = node.metadata?.creationTimestamp;
  return text === undefined ? undefined : parseTime(text);
}

function silentConditions(node: Node, nowMs: number): NodeCondition[] {
  const conditions = [...(node.status?.conditions ?? [])];
  const lastTransitionTime = formatTime(nowMs);
  for (const type of kubeletConditions) {
    const at = conditions.findIndex((c) => c.type === type);
    const current = conditions[at];
    if (current === undefined) {
      const lastHeartbeatTime = node.metadata?.creationTimestamp;
      conditions.push({
        type,
        status: 'Unknown',
        reason: 'NodeStatusNeverUpdated',
        message: 'Kubelet never posted node status.',
        ...(lastHeartbeatTime === undefined ? {} : { lastHeartbeatTime }),
        lastTransitionTime,
      });
    } else if (current.status !== 'Unknown') {
      conditions[at] = {
        ...current,
        status: 'Unknown',
        reason: 'NodeStatusUnknown',
        message: 'Kubelet stopped posting node status.',
        lastTransitionTime,
      };
    }
  }
  return conditions;
}
