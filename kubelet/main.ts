import { mkdir } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { allowManyListeners } from '../client/abort.ts';
import type { Client } from '../client/client.ts';
import { createEventRecorder } from '../client/events.ts';
import { Informer } from '../client/informer.ts';
import type { Log } from '../client/log.ts';
import { nodes, services } from '../client/resources.ts';
import { TaskGroup } from '../client/task-group.ts';
import { systemClock } from '../machinery/meta/clock.ts';
import type { Node, Service } from '../machinery/schema/wire.ts';
import { assemblePods, type Base, type PodParts } from './assembly.ts';
import { openCgroupFs } from './cgroups/cgroup-fs.ts';
import type { KubeletConfiguration } from './config/configuration.ts';
import type { KubeletIdentity } from './config/flags.ts';
import { GrpcRuntime } from './cri/grpc-runtime.ts';
import { hostMounter } from './host/mounter.ts';
import { ImageGc } from './images/image-gc.ts';
import { LogRotation } from './logs/rotation.ts';
import type { DnsSettings } from './network/dns.ts';
import { PodNetworkTask } from './network/pod-network-task.ts';
import { availability, diskCapacity, type MachineFacts, machineFacts } from './node/machine.ts';
import { NodeManager } from './node/node-manager.ts';
import { nodeAllocatable, nodeCapacity } from './node/node-status.ts';
import { RuntimeState } from './node/runtime-state.ts';
import { Paths } from './paths.ts';
import { ApiSource } from './pods/api-source.ts';
import { EvictionManager } from './pods/eviction-manager.ts';
import { Pleg, plegThresholdMs } from './pods/pleg.ts';
import { isStaticPod, mirrorAnnotation } from './pods/pod.ts';
import { StaticSource } from './pods/static-source.ts';
import { serve } from './serve.ts';
import {
  checkMachine,
  connectRuntime,
  hasSwapAccounting,
  identityOf,
  listRuntime,
  setOomScore,
  textOf,
} from './startup.ts';
import { diskUsage } from './stats/node-usage.ts';
import { UsageReader } from './stats/usage.ts';

export interface KubeletOptions {
  readonly client: Client;
  readonly configuration: KubeletConfiguration;
  readonly identity: KubeletIdentity;
  readonly log: Log;
  /** What `/flagz` shows. */
  readonly flags?: Readonly<Record<string, string>>;
}

/**
 * Runs until the signal aborts and everything started has ended; containers go on. Rejects when
 * the configuration does not fit the machine, or a part failed for good.
 */
export async function run(options: KubeletOptions, signal: AbortSignal): Promise<void> {
  allowManyListeners(signal);
  const { configuration, log } = options;
  const machine = machineFacts();
  checkMachine(configuration, machine);
  await setOomScore(configuration.oomScoreAdj, log);
  await using tasks = new TaskGroup(signal);
  allowManyListeners(tasks.signal);
  const kubelet = await build(options, machine, tasks);
  await kubelet.start(tasks);
  try {
    await tasks.wait();
  } finally {
    kubelet.close();
  }
}

interface Kubelet {
  start(tasks: TaskGroup): Promise<void>;
  close(): void;
}

async function build(
  options: KubeletOptions,
  machine: MachineFacts,
  tasks: TaskGroup,
): Promise<Kubelet> {
  const { client, configuration, identity: settings, log } = options;
  const clock = systemClock;
  const identity = identityOf(settings, configuration);
  const paths = new Paths({
    root: settings.rootDir,
    podLogs: configuration.podLogsDir,
    containerLogs: join(dirname(configuration.podLogsDir), 'containers'),
  });
  await mkdir(paths.pods, { recursive: true, mode: 0o750 });
  await mkdir(paths.roots.podLogs, { recursive: true });
  const runtime = new GrpcRuntime({
    endpoint: configuration.containerRuntimeEndpoint,
    requestTimeoutMs: configuration.runtimeRequestTimeoutMs,
  });
  const recorder = createEventRecorder(client, {
    component: 'kubelet',
    host: identity.name,
    clock,
    log,
  });
  const lazily: {
    parts?: PodParts;
    node?: NodeManager;
    statics?: StaticSource;
    eviction?: EvictionManager;
    network?: PodNetworkTask;
  } = {};
  const runtimeState = new RuntimeState(runtime, clock, log, () => {
    lazily.node?.poke();
    // Pods wait for the network; they need not wait longer than it takes.
    for (const worker of lazily.parts?.manager.all() ?? []) worker.wake();
  });
  const capacity = nodeCapacity(machine, await diskCapacity(settings.rootDir), configuration);
  const allocatable = nodeAllocatable(capacity, configuration);
  const source = new ApiSource({ client, clock, log, nodeName: identity.name });
  const serviceInformer = new Informer<Service>(client, services, {}, { clock, log });
  const nodeInformer = new Informer<Node>(
    client,
    nodes,
    { fieldSelector: `metadata.name=${identity.name}` },
    { clock, log },
  );
  const dns: DnsSettings = {
    clusterDns: configuration.clusterDns,
    clusterDomain: configuration.clusterDomain,
    nodeResolvConf: textOf(configuration.resolvConf),
    nodeIps: identity.ips,
  };
  const cgroupFs = openCgroupFs();
  const base: Base = {
    client,
    clock,
    log,
    recorder,
    configuration,
    runtime,
    machine,
    cgroupFs,
    paths,
    mounter: hostMounter,
    nodeView: {
      name: identity.name,
      get runtimeName() {
        return runtimeState.name;
      },
      hostIps: () => identity.ips,
      allocatable: () => allocatable,
      networkProblem: () => runtimeState.networkProblem(),
      recursiveReadOnly: () => runtimeState.recursiveReadOnly(),
      dns: () => dns,
    },
    node: () => lazily.node?.node(),
    strictGroups: () => runtimeState.strictGroups(),
    apiPod: (uid) => source.byUid(uid) ?? lazily.statics?.mirror(uid),
    services: async (pod) => {
      // The API may be a static pod.
      if (!isStaticPod(pod)) await serviceInformer.synced(tasks.signal);
      return serviceInformer.store.list();
    },
    swapAccounting: hasSwapAccounting(cgroupFs.version),
    dockerConfig: textOf(join(settings.rootDir, 'config.json')),
    signal: tasks.signal,
  };
  const parts = assemblePods(base);
  lazily.parts = parts;
  const { manager, deps } = parts;
  const pleg = new Pleg({
    runtime,
    view: deps.view,
    clock,
    log,
    onList: (pods) => manager.observe(pods),
    onEvent: (uid) => manager.poke(uid),
  });
  const node = new NodeManager({
    client,
    clock,
    log,
    recorder,
    configuration,
    identity,
    machine,
    capacity,
    allocatable,
    runtime,
    runtimeState,
    availability: () => availability(settings.rootDir),
    problems: () => {
      const broken = lazily.network?.problem();
      const listed = pleg.lastListMs;
      const stuck = listed !== undefined && clock.now() - listed > plegThresholdMs;
      return [
        ...(broken === undefined ? [] : [broken]),
        ...(stuck ? ['PLEG is not healthy: the runtime has not been listed for 3m0s'] : []),
      ];
    },
    onPressure: (found) => void lazily.eviction?.relieve(found),
  });
  lazily.node = node;
  const usage = new UsageReader(runtime, deps.cgroups, () => manager.all());
  const imageGc = new ImageGc({
    runtime,
    clock,
    log,
    highPercent: configuration.imageGcHighThresholdPercent,
    lowPercent: configuration.imageGcLowThresholdPercent,
    minAgeMs: configuration.imageMinimumGcAgeMs,
    maxAgeMs: configuration.imageMaximumGcAgeMs,
    disk: () => diskUsage(settings.rootDir),
    warn: (reason, text) => recorder.event(node.reference(), 'Warning', reason, text),
  });
  const eviction = new EvictionManager({
    manager,
    usage,
    paths,
    recorder,
    clock,
    log,
    freeImages: (bytes) => imageGc.free(bytes),
  });
  lazily.eviction = eviction;
  const rotation = new LogRotation({
    runtime,
    clock,
    log,
    maxBytes: configuration.containerLogMaxSizeBytes,
    maxFiles: configuration.containerLogMaxFiles,
    everyMs: configuration.containerLogMonitorIntervalMs,
    containers: () =>
      manager.all().flatMap((w) => w.observed.containers.filter((c) => c.state === 'running')),
  });
  const statics =
    configuration.staticPodPath === ''
      ? undefined
      : new StaticSource({
          folder: configuration.staticPodPath,
          everyMs: configuration.fileCheckFrequencyMs,
          nodeName: identity.name,
          client,
          clock,
          log,
          sink: manager,
          node: () => node.node(),
          apiPod: (namespace, name) => source.byName(namespace, name),
        });
  if (statics !== undefined) lazily.statics = statics;
  const { cniConfDir, cniBinDir, networkPluginMtu } = settings;
  if (cniConfDir !== undefined) {
    const ipamDir = join(settings.rootDir, 'cni', 'ipam');
    lazily.network = new PodNetworkTask({
      network: { confDir: cniConfDir, binDir: cniBinDir, ipamDir, mtu: networkPluginMtu },
      podCidrs: () => {
        const { podCIDRs, podCIDR } = node.node()?.spec ?? {};
        const given = podCIDRs ?? (podCIDR ? [podCIDR] : []);
        return given.length > 0 ? given : configuration.podCidr.split(',').filter(Boolean);
      },
      clock,
      log,
    });
  }

  return {
    async start(group) {
      group.start('events', (s) => recorder.run(s));
      await connectRuntime(runtimeState, log, group.signal);
      if (group.signal.aborted) return;
      await deps.cgroups.setUp();
      nodeInformer.addHandler({
        added: (n) => node.observe(n),
        updated: (_, n) => node.observe(n),
      });
      group.start('pods of the node', (s) => source.run(s));
      group.start('services', (s) => serviceInformer.run(s));
      group.start('runtime state', (s) => runtimeState.run(s));
      group.start('node', (s) => node.run(s));
      group.start('node object', (s) => nodeInformer.run(s));
      const { network } = lazily;
      if (network !== undefined) group.start('pod network', (s) => network.run(s));
      const { certDir, rootDir } = settings;
      const plegHealth = (): string | undefined => {
        const listed = pleg.lastListMs;
        const late = listed !== undefined && clock.now() - listed > plegThresholdMs;
        return late ? 'the runtime has not been listed for 3m0s' : undefined;
      };
      const checks = { ping: () => undefined, log: () => undefined, syncloop: plegHealth };
      await serve(
        { base, parts, identity, certDir, rootDir, checks, usage, flags: options.flags ?? {} },
        group,
      );
      group.start('images', (s) => imageGc.run(s));
      group.start('local storage', (s) => eviction.run(s));
      group.start('log rotation', (s) => rotation.run(s));
      group.start('pods', async (s) => {
        manager.start(await listRuntime(deps.view, log, s));
        // Static pods do not wait for the API: it may be one of them.
        await statics?.read();
        if (statics !== undefined) group.start('static pods', (t) => statics.run(t));
        group.start('runtime events', (t) => pleg.run(t));
        await source.synced(s);
        source.deliver({
          put: (pod) => manager.put(pod),
          drop: (pod) => manager.drop(pod),
          mirror: (pod, gone) => {
            const uid = pod.metadata.annotations?.[mirrorAnnotation] ?? '';
            if (gone || pod.metadata.deletionTimestamp) statics?.mirrorLost();
            else if (manager.worker(uid)) deps.status.reconcile(pod, uid);
          },
        });
        manager.setSourcesReady();
      });
    },
    close() {
      manager.close();
      deps.probes.close();
      deps.status.close();
      runtime.close();
    },
  };
}
