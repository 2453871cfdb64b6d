/** Topology spread constraints, parsed for one pod. API: core/v1 TopologySpreadConstraint. */
import { type Selector, selectorOf, selectorOfLabels } from '../../machinery/meta/labels.ts';
import type { NodeMatcher } from '../../machinery/meta/node-selector.ts';
import { controllerOf } from '../../machinery/meta/owner.ts';
import { untoleratedTaint } from '../../machinery/meta/tolerations.ts';
import type { TopologySpreadConstraint } from '../../machinery/schema/wire.ts';
import type { NodeInfo } from '../cache/node-info.ts';
import type { PodInfo } from '../cache/pod-info.ts';
import type { Listers } from '../listers.ts';

/** A constraint ready for counting. */
export interface Constraint {
  readonly maxSkew: number;
  readonly topologyKey: string;
  readonly selector: Selector;
  readonly minDomains: number;
  /** Nodes the pod's own node affinity excludes do not count. */
  readonly honorAffinity: boolean;
  /** Nodes with taints the pod does not tolerate do not count. */
  readonly honorTaints: boolean;
}

/** A constraint of a profile's defaults: the selector follows from the pod. */
export type DefaultConstraint = Pick<
  TopologySpreadConstraint,
  'maxSkew' | 'topologyKey' | 'whenUnsatisfiable'
>;

/** PodTopologySpreadArgs. */
export interface PodTopologySpreadArgs {
  readonly defaultConstraints?: readonly DefaultConstraint[];
  readonly defaultingType?: 'System' | 'List';
}

/** What pods without constraints get unless the configuration says otherwise. */
export const systemConstraints: readonly DefaultConstraint[] = [
  { topologyKey: 'kubernetes.io/hostname', whenUnsatisfiable: 'ScheduleAnyway', maxSkew: 3 },
  { topologyKey: 'topology.kubernetes.io/zone', whenUnsatisfiable: 'ScheduleAnyway', maxSkew: 5 },
];

/** True when the pod states constraints itself. */
export function hasOwnConstraints(pod: PodInfo): boolean {
  return (pod.pod.spec?.topologySpreadConstraints?.length ?? 0) > 0;
}

/** The pod's constraints of one kind, or the defaults. Throws for a malformed selector. */
export function constraintsOf(
  pod: PodInfo,
  kind: 'DoNotSchedule' | 'ScheduleAnyway',
  defaults: readonly DefaultConstraint[],
  listers: Listers,
): readonly Constraint[] {
  const own = pod.pod.spec?.topologySpreadConstraints ?? [];
  if (own.length > 0) {
    return own.filter((c) => c.whenUnsatisfiable === kind).map((c) => parse(c, pod));
  }
  const wanted = defaults.filter((c) => c.whenUnsatisfiable === kind);
  if (wanted.length === 0) return [];
  const selector = defaultSelector(pod, listers);
  if (selector.empty) return [];
  return wanted.map(({ maxSkew, topologyKey }) => ({
    maxSkew,
    topologyKey,
    selector,
    minDomains: 1,
    honorAffinity: true,
    honorTaints: false,
  }));
}

function parse(c: TopologySpreadConstraint, pod: PodInfo): Constraint {
  let selector = selectorOf(c.labelSelector);
  const same: Record<string, string> = {};
  for (const key of c.matchLabelKeys ?? []) {
    const value = pod.labels[key];
    if (value !== undefined) same[key] = value;
  }
  if (Object.keys(same).length > 0 && !selector.nothing) {
    selector = merged(selector, selectorOfLabels(same));
  }
  return {
    maxSkew: c.maxSkew,
    topologyKey: c.topologyKey,
    selector,
    minDomains: c.minDomains ?? 1,
    honorAffinity: (c.nodeAffinityPolicy ?? 'Honor') === 'Honor',
    honorTaints: c.nodeTaintsPolicy === 'Honor',
  };
}

function merged(a: Selector, b: Selector): Selector {
  const Made = a.constructor as new (requirements: Selector['requirements']) => Selector;
  return new Made([...a.requirements, ...b.requirements]);
}

/** Selects the pod's fellows: by the services that select it and the controller that owns it. */
export function defaultSelector(pod: PodInfo, listers: Listers): Selector {
  let labels: Record<string, string> = {};
  for (const service of listers.services.list(pod.namespace)) {
    const wanted = service.spec?.selector;
    if (wanted === undefined) continue;
    if (Object.entries(wanted).every(([k, v]) => pod.labels[k] === v)) {
      labels = { ...labels, ...wanted };
    }
  }
  const owner = controllerOf(pod.pod);
  const kind = `${owner?.apiVersion}/${owner?.kind}`;
  if (owner !== undefined && kind === 'v1/ReplicationController') {
    const found = listers.replicationControllers.get(pod.namespace, owner.name);
    labels = { ...labels, ...found?.spec?.selector };
  }
  const selector = selectorOfLabels(labels);
  const sets =
    kind === 'apps/v1/ReplicaSet'
      ? listers.replicaSets
      : kind === 'apps/v1/StatefulSet'
        ? listers.statefulSets
        : undefined;
  const found = owner === undefined ? undefined : sets?.get(pod.namespace, owner.name);
  if (found?.spec?.selector === undefined) return selector;
  return merged(selector, selectorOf(found.spec.selector));
}

/** True when the node has every key the constraints spread over. */
export function hasAllKeys(
  labels: Record<string, string>,
  constraints: readonly Constraint[],
): boolean {
  for (const c of constraints) if (labels[c.topologyKey] === undefined) return false;
  return true;
}

/** True when pods on this node count for the constraint. */
export function isIncluded(
  c: Constraint,
  pod: PodInfo,
  node: NodeInfo,
  affinity: NodeMatcher | undefined,
): boolean {
  if (c.honorAffinity && affinity !== undefined && !affinity.matches(node.name, node.labels)) {
    return false;
  }
  return !c.honorTaints || untoleratedTaint(node.taints, pod.tolerations) === undefined;
}
