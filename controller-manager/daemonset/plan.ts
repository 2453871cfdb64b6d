/** Which pods of a daemon set come and go, and what its status says. */
import type { DaemonSet, Node, Pod } from '../../machinery/schema/wire.ts';
import { scaledValue } from '../int-or-percent.ts';
import { isPodAvailable, isPodReady, isPodTerminal } from '../pods/pod-state.ts';
import { isUpdated, judgeNode, type NodeVerdict, targetNode } from './nodes.ts';

export type DaemonSetStatus = NonNullable<DaemonSet['status']>;

export interface DaemonView {
  readonly set: DaemonSet;
  /** The hash of the present template. */
  readonly hash: string;
  readonly nodes: readonly Node[];
  readonly pods: readonly Pod[];
  /** How long a failed pod on a node must be left; 0 for not at all. */
  readonly failedWaitMs: (node: string) => number;
  readonly nowMs: number;
}

export interface DaemonPlan {
  /** Nodes that get a pod. */
  readonly create: readonly string[];
  readonly remove: readonly Pod[];
  /** Ended pods among `remove`, which an event tells of. */
  readonly failed: readonly Pod[];
  readonly succeeded: readonly Pod[];
  readonly requeueAfterMs: number | undefined;
}

interface Judged {
  readonly verdict: NodeVerdict;
  readonly pods: readonly Pod[];
}

type ByNode = ReadonlyMap<string, Judged>;

const nowhere: NodeVerdict = { run: false, stay: false };

/** Nodes and pods joined; pods of nodes that are gone stand under their names too. */
function joined(view: DaemonView): Map<string, Judged> {
  const pods = Map.groupBy(
    // What has ended and is being deleted is no longer ours to care for.
    view.pods.filter((p) => !(isPodTerminal(p) && isMarked(p))),
    targetNode,
  );
  const result = new Map<string, Judged>();
  for (const node of view.nodes) {
    const name = node.metadata?.name ?? '';
    const verdict = judgeNode(view.set, node);
    result.set(name, { verdict, pods: (pods.get(name) ?? []).toSorted(byAge) });
  }
  for (const [name, list] of pods) {
    if (name !== undefined && !result.has(name)) result.set(name, { verdict: nowhere, pods: list });
  }
  return result;
}

/** Placed ones first, then the older. */
function byAge(a: Pod, b: Pod): number {
  const placed = (p: Pod): boolean => (p.spec?.nodeName ?? '') !== '';
  if (placed(a) !== placed(b)) return placed(a) ? -1 : 1;
  const text = (p: Pod): string =>
    `${p.metadata?.creationTimestamp ?? ''} ${p.metadata?.name ?? ''}`;
  return text(a) < text(b) ? -1 : 1;
}

function isMarked(pod: Pod): boolean {
  return pod.metadata?.deletionTimestamp !== undefined;
}

/** First each node gets what it should have; when all have, the update goes on. */
export function planDaemons(view: DaemonView): DaemonPlan {
  const nodes = joined(view);
  const known = new Set(view.nodes.map((n) => n.metadata?.name));
  const plan = {
    create: [] as string[],
    remove: [] as Pod[],
    failed: [] as Pod[],
    succeeded: [] as Pod[],
    requeueAfterMs: undefined as number | undefined,
  };
  for (const [name, judged] of nodes) {
    if (known.has(name)) planNode(view, name, judged, plan);
    // Never bound and never to be: nobody else deletes these.
    else plan.remove.push(...judged.pods.filter((p) => (p.spec?.nodeName ?? '') === ''));
  }
  if (plan.create.length > 0 || plan.remove.length > 0) return plan;
  if (view.set.spec?.updateStrategy?.type === 'OnDelete') return plan;
  return { ...plan, ...planRollout(view, nodes) };
}

interface Draft {
  create: string[];
  remove: Pod[];
  failed: Pod[];
  succeeded: Pod[];
  requeueAfterMs: number | undefined;
}

function planNode(view: DaemonView, name: string, { verdict, pods }: Judged, plan: Draft): void {
  if (!verdict.stay) {
    plan.remove.push(...pods.filter((p) => !isMarked(p)));
    return;
  }
  if (verdict.run && pods.length === 0) {
    plan.create.push(name);
    return;
  }
  const running: Pod[] = [];
  for (const pod of pods) {
    if (isMarked(pod)) continue;
    const { phase } = pod.status ?? {};
    if (phase === 'Failed') {
      const wait = view.failedWaitMs(name);
      if (wait > 0) {
        plan.requeueAfterMs = Math.min(wait, plan.requeueAfterMs ?? wait);
        continue;
      }
      plan.failed.push(pod);
      plan.remove.push(pod);
    } else if (phase === 'Succeeded') {
      plan.succeeded.push(pod);
      plan.remove.push(pod);
    } else running.push(pod);
  }
  if (surgeOf(view.set, 1) === 0) plan.remove.push(...running.slice(1));
  else if (running.length === 0) {
    if (verdict.run) plan.create.push(name);
  } else if (running.length > 1) plan.remove.push(...surplusWhileSurging(view, running));
}

/** An old and a new pod may stand together as long as the old one works and the new one does not. */
function surplusWhileSurging(view: DaemonView, running: readonly Pod[]): Pod[] {
  const { set, hash, nowMs } = view;
  const fresh = running.find((p) => isUpdated(set, p, hash));
  const old = running.find((p) => !isUpdated(set, p, hash));
  const surplus = running.filter((p) => p !== fresh && p !== old);
  if (fresh === undefined || old === undefined) return surplus;
  const done = !isPodReady(old) || isPodAvailable(fresh, minReadySeconds(set), nowMs);
  return done ? [...surplus, old] : surplus;
}

function minReadySeconds(set: DaemonSet): number {
  return set.spec?.minReadySeconds ?? 0;
}

function surgeOf(set: DaemonSet, total: number): number {
  const { type = 'RollingUpdate', rollingUpdate } = set.spec?.updateStrategy ?? {};
  if (type !== 'RollingUpdate') return 0;
  return scaledValue(rollingUpdate?.maxSurge ?? 0, total, true);
}

function unavailableOf(set: DaemonSet, total: number): number {
  return scaledValue(set.spec?.updateStrategy?.rollingUpdate?.maxUnavailable ?? 1, total, true);
}

interface Pair {
  readonly node: string;
  readonly verdict: NodeVerdict;
  readonly fresh: Pod | undefined;
  readonly old: Pod | undefined;
  /** More pods than one of each: the next round takes the surplus away. */
  readonly crowded: boolean;
}

function planRollout(view: DaemonView, nodes: ByNode): Pick<DaemonPlan, 'create' | 'remove'> {
  const { set, hash } = view;
  const desired = [...nodes.values()].filter((n) => n.verdict.run).length;
  const surge = surgeOf(set, desired);
  let unavailable = unavailableOf(set, desired);
  if (desired > 0 && unavailable === 0 && surge === 0) unavailable = 1;
  const pairs: Pair[] = [];
  for (const [node, { verdict, pods }] of nodes) {
    if (!verdict.run && pods.length === 0) continue;
    const staying = pods.filter((p) => !isMarked(p));
    const fresh = staying.filter((p) => isUpdated(set, p, hash));
    const old = staying.filter((p) => !isUpdated(set, p, hash));
    const crowded = fresh.length > 1 || old.length > 1;
    pairs.push({ node, verdict, fresh: fresh[0], old: old[0], crowded });
  }
  return surge === 0
    ? { create: [], remove: replaceInPlace(view, pairs, unavailable) }
    : surgeOver(view, pairs, surge, desired);
}

/** Old pods go, as many as may be missing at a time; what does not work does not count. */
function replaceInPlace(view: DaemonView, pairs: readonly Pair[], limit: number): Pod[] {
  const { set, nowMs } = view;
  const works = (pod: Pod): boolean => isPodAvailable(pod, minReadySeconds(set), nowMs);
  let missing = 0;
  const broken: Pod[] = [];
  const candidates: Pod[] = [];
  for (const { fresh, old, crowded } of pairs) {
    if (crowded || (fresh === undefined) === (old === undefined)) missing++;
    else if (fresh !== undefined) {
      if (!works(fresh)) missing++;
    } else if (old !== undefined && works(old)) candidates.push(old);
    else if (old !== undefined) {
      broken.push(old);
      missing++;
    }
  }
  return [...broken, ...candidates.slice(0, Math.max(0, limit - missing))];
}

/** New pods beside the old ones; an old one goes when its new one works. */
function surgeOver(
  view: DaemonView,
  pairs: readonly Pair[],
  limit: number,
  desired: number,
): Pick<DaemonPlan, 'create' | 'remove'> {
  const { set, nowMs } = view;
  const works = (pod: Pod | undefined): boolean =>
    pod !== undefined && isPodAvailable(pod, minReadySeconds(set), nowMs);
  const remove: Pod[] = [];
  const unwanted: Pod[] = [];
  const urgent: string[] = [];
  const candidates: string[] = [];
  let surging = 0;
  let available = 0;
  for (const { node, verdict, fresh, old, crowded } of pairs) {
    if (crowded) {
      surging++;
      continue;
    }
    if (works(old ?? fresh)) available++;
    if (old === undefined) continue;
    if (fresh !== undefined) {
      if (works(fresh)) remove.push(old);
      else surging++;
    } else if (!verdict.run) (works(old) ? unwanted : remove).push(old);
    else (works(old) ? candidates : urgent).push(node);
  }
  // A pod on a node that is not wanted any more goes when another makes up for it.
  remove.push(...unwanted.slice(0, Math.max(0, available - desired)));
  return { create: [...urgent, ...candidates.slice(0, Math.max(0, limit - surging))], remove };
}

/** The numbers of the status; the oldest pod of a node counts. */
export function daemonStatus(view: DaemonView, collisions: number): DaemonSetStatus {
  const { set, hash, nowMs } = view;
  const known = new Set(view.nodes.map((n) => n.metadata?.name));
  const counts = {
    currentNumberScheduled: 0,
    numberMisscheduled: 0,
    desiredNumberScheduled: 0,
    numberReady: 0,
    updatedNumberScheduled: 0,
    numberAvailable: 0,
  };
  for (const [name, { verdict, pods }] of joined(view)) {
    if (!known.has(name)) continue;
    const [pod] = pods;
    if (!verdict.run) {
      if (pod !== undefined) counts.numberMisscheduled++;
      continue;
    }
    counts.desiredNumberScheduled++;
    if (pod === undefined) continue;
    counts.currentNumberScheduled++;
    if (isPodReady(pod)) counts.numberReady++;
    if (isPodAvailable(pod, minReadySeconds(set), nowMs)) counts.numberAvailable++;
    if (isUpdated(set, pod, hash)) counts.updatedNumberScheduled++;
  }
  const { updatedNumberScheduled, numberAvailable, ...required } = counts;
  const numberUnavailable = counts.desiredNumberScheduled - numberAvailable;
  const { conditions, collisionCount } = set.status ?? {};
  return {
    ...required,
    observedGeneration: set.metadata?.generation ?? 0,
    ...(updatedNumberScheduled === 0 ? {} : { updatedNumberScheduled }),
    ...(numberAvailable === 0 ? {} : { numberAvailable }),
    ...(numberUnavailable === 0 ? {} : { numberUnavailable }),
    ...(collisions === 0 && collisionCount === undefined ? {} : { collisionCount: collisions }),
    ...(conditions === undefined ? {} : { conditions }),
  };
}
