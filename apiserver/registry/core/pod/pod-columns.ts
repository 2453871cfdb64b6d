/** The table of pods: how many containers are ready, one word for the state, restarts. */
import { member } from '../../../../machinery/meta/member.ts';
import type { ContainerStatus, Pod } from '../../../../machinery/schema/wire.ts';
import { age, ageColumn } from '../../columns.ts';
import { type Cell, type Column, nameColumn, type RowCondition } from '../../resource.ts';

/** What a row says of a pod's containers. */
export interface PodSummary {
  readonly ready: number;
  readonly total: number;
  /** `Running`, `CrashLoopBackOff`, `Init:0/2`, `Terminating` … */
  readonly status: string;
  readonly restarts: number;
  /** When the last container that restarted had ended. */
  readonly lastRestart: string | undefined;
}

export const podColumns: readonly Column<Pod>[] = [
  nameColumn(),
  {
    name: 'Ready',
    description: 'The aggregate readiness state of this pod for accepting traffic.',
    cell: (pod) => {
      const { ready, total } = summarizePod(pod);
      return `${ready}/${total}`;
    },
  },
  {
    name: 'Status',
    description: 'The aggregate status of the containers in this pod.',
    cell: (pod) => summarizePod(pod).status,
  },
  {
    name: 'Restarts',
    description:
      'The number of times the containers in this pod have been restarted and when the last container in this pod has restarted.',
    cell: restartsCell,
  },
  ageColumn(),
  {
    name: 'IP',
    priority: 1,
    description: '@core/v1.PodStatus.podIP',
    cell: (pod) => pod.status?.podIPs?.[0]?.ip || '<none>',
  },
  {
    name: 'Node',
    priority: 1,
    description: '@core/v1.PodSpec.nodeName',
    cell: (pod) => pod.spec?.nodeName || '<none>',
  },
  {
    name: 'Nominated Node',
    priority: 1,
    description: '@core/v1.PodStatus.nominatedNodeName',
    cell: (pod) => pod.status?.nominatedNodeName || '<none>',
  },
  {
    name: 'Readiness Gates',
    priority: 1,
    description: '@core/v1.PodSpec.readinessGates',
    cell: readinessGatesText,
  },
];

const rowEnds: Readonly<Record<string, string>> = {
  Succeeded: 'The pod has completed successfully.',
  Failed: 'The pod failed.',
};

/** Rows of pods that have ended are marked as completed. */
export function podRowConditions(pod: Pod): RowCondition[] {
  const phase = pod.status?.phase ?? '';
  const message = member(rowEnds, phase);
  if (message === undefined) return [];
  return [{ type: 'Completed', status: 'True', reason: phase, message }];
}

/** Condenses a pod's status as the real server's printer does (facts/printers.json, v1/pods). */
export function summarizePod(pod: Pod): PodSummary {
  const restartable = new Set(
    (pod.spec?.initContainers ?? []).filter((c) => c.restartPolicy === 'Always').map((c) => c.name),
  );
  const init = scanInit(pod, restartable);
  let { status, ready, restarts, lastRestart } = init;
  if (init.done || hasCondition(pod, 'Initialized')) {
    const main = scanMain(pod, status);
    status = main.status;
    ready += main.ready;
    const sidecars = (pod.status?.initContainerStatuses ?? [])
      .slice(0, init.scanned)
      .filter((s) => restartable.has(s.name));
    const counted = [...sidecars, ...(pod.status?.containerStatuses ?? [])];
    restarts = sumRestarts(counted);
    lastRestart = latestEnd(counted);
  }
  if (pod.metadata?.deletionTimestamp !== undefined) {
    const phase = pod.status?.phase;
    if (pod.status?.reason === 'NodeLost') status = 'Unknown';
    else if (phase !== 'Succeeded' && phase !== 'Failed') status = 'Terminating';
  }
  const total = (pod.spec?.containers ?? []).length + restartable.size;
  return { ready, total, status, restarts, lastRestart };
}

interface InitScan {
  done: boolean;
  scanned: number;
  status: string;
  ready: number;
  restarts: number;
  lastRestart: string | undefined;
}

function scanInit(pod: Pod, restartable: ReadonlySet<string>): InitScan {
  const statuses = pod.status?.initContainerStatuses ?? [];
  let status = pod.status?.reason || (pod.status?.phase ?? '');
  const gated = pod.status?.conditions?.some(
    (c) => c.type === 'PodScheduled' && c.reason === 'SchedulingGated',
  );
  if (gated) status = 'SchedulingGated';
  let ready = 0;
  let scanned = 0;
  let done = true;
  for (const [i, container] of statuses.entries()) {
    scanned = i + 1;
    if (container.state?.terminated?.exitCode === 0) continue;
    if (restartable.has(container.name) && container.started === true) {
      if (container.ready) ready++;
      continue;
    }
    const text = initProblem(container) ?? `${i}/${(pod.spec?.initContainers ?? []).length}`;
    status = `Init:${text}`;
    done = false;
    break;
  }
  const seen = statuses.slice(0, scanned);
  return {
    done,
    scanned,
    status,
    ready,
    restarts: sumRestarts(seen),
    lastRestart: latestEnd(seen),
  };
}

function initProblem(container: ContainerStatus): string | undefined {
  const { terminated, waiting } = container.state ?? {};
  if (terminated !== undefined) return endText(terminated);
  if (waiting?.reason && waiting.reason !== 'PodInitializing') return waiting.reason;
  return undefined;
}

function endText(end: { reason?: string; signal?: number; exitCode: number }): string {
  if (end.reason) return end.reason;
  return end.signal ? `Signal:${end.signal}` : `ExitCode:${end.exitCode}`;
}

function scanMain(pod: Pod, before: string): { status: string; ready: number } {
  let status = before;
  let failure = '';
  let ready = 0;
  for (const container of (pod.status?.containerStatuses ?? []).toReversed()) {
    const { waiting, terminated, running } = container.state ?? {};
    if (waiting?.reason) status = waiting.reason;
    else if (terminated !== undefined) {
      status = endText(terminated);
      if (terminated.exitCode !== 0) failure = status;
    } else if (container.ready && running !== undefined) ready++;
  }
  if (status === 'Completed') {
    if (ready > 0 && hasCondition(pod, 'Ready')) status = 'Running';
    else if (failure !== '') status = failure;
    else if (ready > 0) status = 'NotReady';
  }
  return { status, ready };
}

function hasCondition(pod: Pod, type: string): boolean {
  return pod.status?.conditions?.find((c) => c.type === type)?.status === 'True';
}

function sumRestarts(statuses: readonly ContainerStatus[]): number {
  return statuses.reduce((sum, s) => sum + (s.restartCount ?? 0), 0);
}

function latestEnd(statuses: readonly ContainerStatus[]): string | undefined {
  const ends = statuses.map((s) => s.lastState?.terminated?.finishedAt).filter((t) => t != null);
  return ends.length === 0
    ? undefined
    : ends.reduce((a, b) => (Date.parse(b) > Date.parse(a) ? b : a));
}

function restartsCell(pod: Pod): Cell {
  const { restarts, lastRestart } = summarizePod(pod);
  if (restarts === 0 || lastRestart === undefined) return String(restarts);
  const since = age(lastRestart);
  return (nowMs) => `${restarts} (${typeof since === 'function' ? since(nowMs) : since} ago)`;
}

function readinessGatesText(pod: Pod): string {
  const gates = pod.spec?.readinessGates ?? [];
  if (gates.length === 0) return '<none>';
  return `${gates.filter((g) => hasCondition(pod, g.conditionType)).length}/${gates.length}`;
}
