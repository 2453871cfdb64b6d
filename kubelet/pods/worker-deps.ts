/** What a pod's worker works with: one set for all pods of the node. */
import type { EventRecorder } from '../../client/events.ts';
import type { Log } from '../../client/log.ts';
import type { Clock } from '../../machinery/meta/clock.ts';
import type { PodCgroups } from '../cgroups/pod-cgroups.ts';
import type { Runtime } from '../cri/runtime.ts';
import type { ImageManager } from '../images/image-manager.ts';
import type { DnsSettings } from '../network/dns.ts';
import type { PodObjects } from '../objects/pod-objects.ts';
import type { TokenCache } from '../objects/token-cache.ts';
import type { Paths } from '../paths.ts';
import type { ProbeManager } from '../probes/probe-manager.ts';
import type { StatusManager } from '../status/status-manager.ts';
import type { VolumeManager } from '../volumes/volume-manager.ts';
import type { KeyedBackoff } from './keyed-backoff.ts';
import type { Killer } from './killer.ts';
import type { ResourceSettings } from './linux-resources.ts';
import type { NodePod } from './pod.ts';
import type { ResourceLedger } from './resource-ledger.ts';
import type { ResourceList } from './resource-summary.ts';
import type { RuntimeView } from './runtime-view.ts';
import type { Starter } from './starter.ts';

/** What the node knows of itself. */
export interface NodeView {
  readonly name: string;
  /** `containerd`. */
  readonly runtimeName: string;
  hostIps(): readonly string[];
  allocatable(): ResourceList;
  /** Why pods with a network of their own cannot run now; undefined when they can. */
  networkProblem(): string | undefined;
  recursiveReadOnly(): boolean;
  dns(): DnsSettings;
}

/** Why something does not fit the node, as a pod's status shows it. */
export interface Refusal {
  readonly reason: string;
  readonly message: string;
}

export interface WorkerDeps {
  readonly runtime: Runtime;
  readonly view: RuntimeView;
  readonly node: NodeView;
  readonly status: StatusManager;
  readonly probes: ProbeManager;
  readonly volumes: VolumeManager;
  readonly objects: PodObjects;
  readonly tokens: TokenCache;
  readonly images: ImageManager;
  readonly cgroups: PodCgroups;
  readonly ledger: ResourceLedger;
  readonly starter: Starter;
  readonly killer: Killer;
  readonly crashBackoff: KeyedBackoff;
  readonly resources: ResourceSettings;
  readonly paths: Paths;
  readonly recorder: EventRecorder;
  readonly clock: Clock;
  readonly log: Log;
  /** The runtime handler of a RuntimeClass; throws when there is no such class. */
  readonly runtimeHandler: (runtimeClass: string | undefined) => Promise<string>;
  /** Whether the node has room for the pod's resources beside the others'. */
  readonly resizeRefusal: (pod: NodePod) => Refusal | undefined;
}
