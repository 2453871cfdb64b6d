/**
 * The scheduling framework: the points of a scheduling cycle where plugins take part. Everything up
 * to `permit` is synchronous; only binding awaits. API: kubernetes.io/docs/concepts/
 * scheduling-eviction/scheduling-framework.
 */
import type { Client } from '../client/client.ts';
import type { Clock } from '../machinery/meta/clock.ts';
import type { KubeObject, Pod } from '../machinery/schema/wire.ts';
import type { Cache } from './cache/cache.ts';
import type { NodeInfo } from './cache/node-info.ts';
import type { PodInfo } from './cache/pod-info.ts';
import type { Wake } from './cluster-event.ts';
import type { CycleState } from './cycle-state.ts';
import type { Listers } from './listers.ts';
import type { NodeStatuses } from './node-statuses.ts';
import type { QueuedPod } from './queue/queued-pod.ts';
import type { Status } from './status.ts';

/** Scores range from 0 to this, after normalizing. */
export const maxNodeScore = 100;

/** What a pre-filter may answer: nothing special, a status, or the only nodes worth a look. */
export type PreFilterResult = undefined | Status | { readonly nodeNames: ReadonlySet<string> };

/** What a post-filter answers; a nomination of '' clears the one the pod has. */
export interface PostFilterResult {
  /** Success (undefined) means that the pod may fit once the nominated node has room. */
  readonly status: Status | undefined;
  /** Left out: the pod's nomination stays as it is. */
  readonly nominatedNodeName?: string;
}

/**
 * A plugin: any of the points below. `Success` is undefined throughout. Plugins do not keep state
 * about pods outside the cycle state, unless they reserve.
 */
export interface Plugin {
  readonly name: string;
  /** What may make pods it rejected schedulable; left out: anything may. */
  readonly wakesOn?: readonly Wake[];
  /** Keeps a pod out of the queue. */
  preEnqueue?(pod: PodInfo): Status | undefined;
  /** True when `a` is to be scheduled before `b`. */
  less?(a: QueuedPod, b: QueuedPod): boolean;
  preFilter?(state: CycleState, pod: PodInfo, nodes: readonly NodeInfo[]): PreFilterResult;
  /** Adjusts the pre-filter notes as if `added` ran on `node`; the node already shows it. */
  addPod?(state: CycleState, pod: PodInfo, added: PodInfo, node: NodeInfo): void;
  /** Adjusts the pre-filter notes as if `removed` were gone from `node`. */
  removePod?(state: CycleState, pod: PodInfo, removed: PodInfo, node: NodeInfo): void;
  filter?(state: CycleState, pod: PodInfo, node: NodeInfo): Status | undefined;
  postFilter?(state: CycleState, pod: PodInfo, statuses: NodeStatuses): PostFilterResult;
  /** `skip` leaves the score out for this pod. */
  preScore?(state: CycleState, pod: PodInfo, nodes: readonly NodeInfo[]): Status | undefined;
  score?(state: CycleState, pod: PodInfo, node: NodeInfo): number;
  /** Brings the scores of all nodes into 0..maxNodeScore, in place. */
  normalize?(
    state: CycleState,
    pod: PodInfo,
    scores: Float64Array,
    nodes: readonly NodeInfo[],
  ): void;
  reserve?(state: CycleState, pod: PodInfo, nodeName: string): Status | undefined;
  unreserve?(state: CycleState, pod: PodInfo, nodeName: string): void;
  permit?(state: CycleState, pod: PodInfo, nodeName: string): PermitResult;
  /** True when `preBind` has work to do for this pod. */
  needsPreBind?(state: CycleState, pod: PodInfo, nodeName: string): boolean;
  preBind?(
    state: CycleState,
    pod: PodInfo,
    nodeName: string,
    signal: AbortSignal,
  ): Promise<Status | undefined>;
  /** `skip` passes the pod on to the next binder. */
  bind?(state: CycleState, pod: PodInfo, nodeName: string): Promise<Status | undefined>;
  postBind?(state: CycleState, pod: PodInfo, nodeName: string): void;
}

/** Permit says yes (undefined status), no, or "Wait" for at most `timeoutMs`. */
export interface PermitResult {
  readonly status: Status | undefined;
  readonly timeoutMs?: number;
}

/** Records an event about a pod; never throws, never awaited. */
export type EventSink = (
  regarding: Pod,
  related: KubeObject | undefined,
  type: 'Normal' | 'Warning',
  reason: string,
  action: string,
  note: string,
) => void;

/** Pods that are to get a node soon and count as if they were there. */
export interface Nominations {
  /** Shown first when there are none at all, which is the usual case. */
  readonly empty: boolean;
  podsOn(nodeName: string): readonly PodInfo[];
  nominate(pod: PodInfo, nodeName: string): void;
  withdraw(uid: string): void;
}

/** What plugins may use of the scheduler. */
export interface Handle {
  readonly cache: Cache;
  readonly listers: Listers;
  readonly nominations: Nominations;
  readonly client: Client;
  readonly clock: Clock;
  readonly recordEvent: EventSink;
  /** Uniform in [0, 1). */
  readonly random: () => number;
  /** Runs this profile's filters for one node, as if the node were as given. */
  filterNode(state: CycleState, pod: PodInfo, node: NodeInfo): Status | undefined;
  /** The same, counting pods nominated to the node as well. */
  filterWithNominated(state: CycleState, pod: PodInfo, node: NodeInfo): Status | undefined;
  /** Tells the profile's plugins that a pod is added on trial, or removed. */
  addPod(state: CycleState, pod: PodInfo, added: PodInfo, node: NodeInfo): void;
  removePod(state: CycleState, pod: PodInfo, removed: PodInfo, node: NodeInfo): void;
  /** Puts waiting pods back into the active queue at once. */
  activate(pods: readonly PodInfo[]): void;
  /** Rejects a pod that waits for permission or is being bound; false when it does neither. */
  rejectWaiting(uid: string, plugin: string, reason: string): boolean;
  /** Counts an attempt to make room, and the pods that have to go for it. */
  observePreemption(victims: number): void;
  /** Runs work in the background; it is awaited when the scheduler stops. */
  background(what: string, work: (signal: AbortSignal) => Promise<void>): void;
}
