/**
 * The text of "0/3 nodes are available: …", as events and the PodScheduled condition show it.
 * Wording and order: v1.36.
 */
import type { NodeStatuses } from './node-statuses.ts';
import { Status } from './status.ts';

/** Why a pod fits nowhere. */
export interface Diagnosis {
  readonly nodeCount: number;
  readonly statuses: NodeStatuses;
  /** Plugins that rejected the pod, and those that only ask to wait. */
  readonly rejecting: Set<string>;
  readonly pending: Set<string>;
  preFilterMessage: string;
  postFilterMessage: string;
}

/** Notes the plugin that gave a status. */
export function blame(diagnosis: Diagnosis, status: Status): void {
  if (status.plugin === '') return;
  if (status.code === 'Pending') diagnosis.pending.add(status.plugin);
  else diagnosis.rejecting.add(status.plugin);
}

/** `0/3 nodes are available: 1 Insufficient cpu, 2 node(s) were unschedulable. <post-filter>` */
export function fitMessage(d: Diagnosis): string {
  let text = `0/${d.nodeCount} nodes are available:`;
  if (d.preFilterMessage !== '') text += ` ${d.preFilterMessage}.`;
  else {
    const reasons = histogram(d);
    if (reasons.length > 0) text += ` ${reasons.join(', ')}.`;
  }
  if (d.postFilterMessage !== '') text += ` ${d.postFilterMessage}`;
  return text;
}

/** The pod's answer: rejected, with the whole text. */
export function fitStatus(d: Diagnosis): Status {
  return new Status('Unschedulable', '', [fitMessage(d)]);
}

function histogram(d: Diagnosis): string[] {
  const counts = new Map<string, number>();
  const count = (status: Status, by: number) => {
    for (const reason of status.reasons) counts.set(reason, (counts.get(reason) ?? 0) + by);
  };
  for (const [, status] of d.statuses.each()) count(status, 1);
  if (d.statuses.size < d.nodeCount && d.statuses.absent !== undefined) {
    count(d.statuses.absent, d.nodeCount - d.statuses.size);
  }
  // Sorted as texts, counts included, as the real server does.
  return [...counts].map(([reason, n]) => `${n} ${reason}`).sort(compareBytes);
}

function compareBytes(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
