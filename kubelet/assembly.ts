/** Puts the parts that handle pods together; nothing is started here. */
import type { Client } from '../client/client.ts';
import type { EventRecorder } from '../client/events.ts';
import type { Log } from '../client/log.ts';
import { persistentVolumeClaims, persistentVolumes, runtimeClasses } from '../client/resources.ts';
import type { Clock } from '../machinery/meta/clock.ts';
import { hasReason } from '../machinery/meta/status-error.ts';
import type { Node, Service } from '../machinery/schema/wire.ts';
import type { CgroupFs } from './cgroups/cgroup-fs.ts';
import { PodCgroups } from './cgroups/pod-cgroups.ts';
import type { KubeletConfiguration } from './config/configuration.ts';
import type { Runtime } from './cri/runtime.ts';
import type { Mounter } from './host/mounter.ts';
import { ImageManager } from './images/image-manager.ts';
import type { MachineFacts } from './node/machine.ts';
import { PodObjects } from './objects/pod-objects.ts';
import { TokenCache } from './objects/token-cache.ts';
import type { Paths } from './paths.ts';
import { KeyedBackoff } from './pods/keyed-backoff.ts';
import { Killer } from './pods/killer.ts';
import type { NodePod } from './pods/pod.ts';
import { PodManager } from './pods/pod-manager.ts';
import { ResourceLedger } from './pods/resource-ledger.ts';
import { milliOf, unitsOf } from './pods/resource-summary.ts';
import { RuntimeView } from './pods/runtime-view.ts';
import { Starter } from './pods/starter.ts';
import type { NodeView, WorkerDeps } from './pods/worker-deps.ts';
import { ProbeManager } from './probes/probe-manager.ts';
import { StatusManager } from './status/status-manager.ts';
import { VolumeManager } from './volumes/volume-manager.ts';

/** What the pods' parts are made from. */
export interface Base {
  readonly client: Client;
  readonly clock: Clock;
  readonly log: Log;
  readonly recorder: EventRecorder;
  readonly configuration: KubeletConfiguration;
  readonly runtime: Runtime;
  readonly machine: MachineFacts;
  readonly cgroupFs: CgroupFs;
  readonly paths: Paths;
  readonly mounter: Mounter;
  readonly nodeView: NodeView;
  /** The node's object as last seen. */
  readonly node: () => Node | undefined;
  readonly strictGroups: () => boolean;
  /** The API's pod (the mirror of a static one) for a uid. */
  readonly apiPod: (uid: string) => NodePod | undefined;
  /** All services; waits until they are known, but for static pods. */
  readonly services: (pod: NodePod) => Promise<readonly Service[]>;
  readonly swapAccounting: boolean;
  /** Text of the node's Docker configuration, for pulls. */
  readonly dockerConfig: string | undefined;
  readonly signal: AbortSignal;
}

export interface PodParts {
  readonly deps: WorkerDeps;
  readonly manager: PodManager;
}

const crashBackoffMs = 10_000;

export function assemblePods(base: Base): PodParts {
  const { client, clock, log, recorder, configuration, runtime, machine, paths, mounter } = base;
  const { nodeView: node, cgroupFs } = base;
  const resources = {
    cpuQuota: configuration.cpuCfsQuota,
    cpuPeriodUs: configuration.cpuCfsQuotaPeriodMs * 1000,
    memoryCapacityBytes: machine.memoryBytes,
    cgroupVersion: cgroupFs.version,
    swapAccounting: base.swapAccounting,
    singleProcessOomKill: configuration.singleProcessOomKill,
  };
  const allocatable = node.allocatable();
  const cgroups = new PodCgroups(cgroupFs, {
    root: configuration.cgroupRoot || '/',
    driver: configuration.cgroupDriver,
    cpuQuota: resources.cpuQuota,
    cpuPeriodUs: resources.cpuPeriodUs,
    podPidsLimit: configuration.podPidsLimit,
    allocatable: configuration.enforceNodeAllocatable.includes('pods')
      ? { cpuMilli: milliOf(allocatable, 'cpu'), memoryBytes: unitsOf(allocatable, 'memory') }
      : undefined,
  });
  const lazily: { manager?: PodManager } = {};
  const poke = (uid: string): void => lazily.manager?.worker(uid)?.wake();
  const objects = new PodObjects({ client, clock, log, signal: base.signal }, (uid) =>
    lazily.manager?.worker(uid)?.objectChanged(),
  );
  const tokens = new TokenCache(client, clock, log);
  const ledger = new ResourceLedger(paths);
  const { runtimeRequestTimeoutMs: requestTimeoutMs, serializeImagePulls } = configuration;
  const killer = new Killer({ runtime, recorder, log, requestTimeoutMs });
  const parallelPulls = serializeImagePulls ? 1 : configuration.maxParallelImagePulls;
  const images = new ImageManager({
    runtime,
    recorder,
    clock,
    parallelPulls,
    nodeDockerConfig: base.dockerConfig,
  });
  const volumes = new VolumeManager({
    objects,
    tokens,
    claims: {
      claim: (namespace, name) => client.get(persistentVolumeClaims, { namespace, name }),
      volume: (name) => client.get(persistentVolumes, { name }),
    },
    mounter,
    clock,
    nodeName: node.name,
    paths,
    recorder,
  });
  const starter = new Starter({
    runtime,
    recorder,
    log,
    images,
    objects,
    killer,
    ledger,
    paths,
    mounter,
    resources,
    security: { seccompRoot: paths.seccomp, seccompDefault: configuration.seccompDefault },
    services: base.services,
    recursiveReadOnly: () => node.recursiveReadOnly(),
  });
  const deps: WorkerDeps = {
    runtime,
    view: new RuntimeView(runtime),
    node,
    status: new StatusManager({
      client,
      clock,
      log,
      apiPod: base.apiPod,
      mayRun: (uid) => lazily.manager?.mayRun(uid) ?? false,
    }),
    probes: new ProbeManager({ runtime, recorder, clock, log, onChange: poke }),
    volumes,
    objects,
    tokens,
    images,
    cgroups,
    ledger,
    starter,
    killer,
    crashBackoff: new KeyedBackoff(
      clock,
      Math.min(crashBackoffMs, configuration.maxContainerRestartPeriodMs),
      configuration.maxContainerRestartPeriodMs,
    ),
    resources,
    paths,
    recorder,
    clock,
    log,
    runtimeHandler: (name) => runtimeHandler(client, name),
    resizeRefusal: (pod) => lazily.manager?.resizeRefusal(pod),
  };
  lazily.manager = new PodManager({
    deps,
    node: base.node,
    allowedSysctls: configuration.allowedUnsafeSysctls,
    appArmor: machine.appArmor,
    strictGroups: base.strictGroups,
  });
  return { deps, manager: lazily.manager };
}

async function runtimeHandler(client: Client, name: string | undefined): Promise<string> {
  if (!name) return '';
  try {
    return (await client.get(runtimeClasses, { name })).handler;
  } catch (error) {
    if (!hasReason(error, 'NotFound')) throw error;
    throw new Error(`failed to get RuntimeClass ${JSON.stringify(name)}: not found`, {
      cause: error,
    });
  }
}
