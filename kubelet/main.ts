/** The node agent's process: makes the parts once and starts them in their order. */
import { existsSync, readFileSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import { hostname } from 'node:os';
import { dirname, join } from 'node:path';
import { allowManyListeners, sleep } from '../client/abort.ts';
import type { Client } from '../client/client.ts';
import { createEventRecorder } from '../client/events.ts';
import { Informer } from '../client/informer.ts';
import { errorFields, type Log } from '../client/log.ts';
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
import { setUpPodNetwork } from './network/pod-network.ts';
import {
  availability,
  diskCapacity,
  type MachineFacts,
  machineFacts,
  ownAddress,
} from './node/machine.ts';
import { NodeManager } from './node/node-manager.ts';
import { type NodeIdentity, nodeAllocatable, nodeCapacity } from './node/node-status.ts';
import { RuntimeState } from './node/runtime-state.ts';
import { Paths } from './paths.ts';
import { ApiSource } from './pods/api-source.ts';
import { EvictionManager } from './pods/eviction-manager.ts';
import { Pleg, plegThresholdMs } from './pods/pleg.ts';
import { mirrorAnnotation } from './pods/pod.ts';
import { StaticSource } from './pods/static-source.ts';
import { serve } from './serve.ts';
import { diskUsage } from './stats/node-usage.ts';
import { UsageReader } from './stats/usage.ts';

export interface KubeletOptions {
  readonly client: Client;
  readonly configuration: KubeletConfiguration;
  readonly identity: KubeletIdentity;
  readonly log: Log;
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

function checkMachine(configuration: KubeletConfiguration, machine: MachineFacts): void {
  if (configuration.failSwapOn && machine.swapBytes > 0) {
    throw new Error(
      'running with swap on is not supported, please disable swap or set failSwapOn to false',
    );
  }
  if (configuration.failCgroupV1 && openCgroupFs().version === 1) {
    throw new Error('kubelet is configured to not run on a host using cgroup v1');
  }
}

async function setOomScore(score: number, log: Log): Promise<void> {
  try {
    await writeFile('/proc/self/oom_score_adj', String(score));
  } catch (error) {
    log.debug(errorFields(error), 'own oom score not set: not privileged');
  }
}

function identityOf({ identity, configuration }: KubeletOptions): NodeIdentity {
  const host = hostname().toLowerCase();
  const name = (identity.hostnameOverride || host).toLowerCase();
  let ips = identity.nodeIps.filter((ip) => ip !== '0.0.0.0' && ip !== '::');
  if (ips.length === 0) {
    const own = ownAddress();
    if (own === undefined) throw new Error(`can't get ip address of node ${name}: set --node-ip`);
    ips = [own];
  }
  const { port } = configuration;
  return { name, hostname: name, ips, labels: identity.nodeLabels, port };
}

/** A file's text; undefined when it is not there. */
function textOf(path: string): string | undefined {
  return path !== '' && existsSync(path) ? readFileSync(path, 'utf8') : undefined;
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
  const identity = identityOf(options);
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
    services: async () => {
      await serviceInformer.synced(tasks.signal);
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
  let networkProblem: string | undefined;
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
      const listed = pleg.lastListMs;
      const stuck = listed !== undefined && clock.now() - listed > plegThresholdMs;
      return [
        ...(networkProblem === undefined ? [] : [networkProblem]),
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

  /** Follows the pod CIDR that the control plane gives the node. */
  const podNetwork = async (s: AbortSignal): Promise<void> => {
    const { cniConfDir, cniBinDir, networkPluginMtu } = settings;
    if (cniConfDir === undefined) return;
    let done = '';
    while (!s.aborted) {
      const spec = node.node()?.spec;
      const given = spec?.podCIDRs ?? (spec?.podCIDR ? [spec.podCIDR] : []);
      const cidrs = given.length > 0 ? given : configuration.podCidr.split(',').filter(Boolean);
      const key = cidrs.join();
      if (key !== '' && key !== done) {
        try {
          const ipamDir = join(settings.rootDir, 'cni', 'ipam');
          const network = {
            confDir: cniConfDir,
            binDir: cniBinDir,
            ipamDir,
            mtu: networkPluginMtu,
          };
          await setUpPodNetwork(network, cidrs);
          done = key;
          networkProblem = undefined;
          log.info({ podCIDRs: cidrs }, 'pod network set up');
        } catch (error) {
          networkProblem = `pod network: ${(error as Error).message}`;
          log.error(errorFields(error), 'pod network not set up');
        }
      }
      await sleep(clock, key === '' ? 250 : 5000, s);
    }
  };

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
      group.start('pod network', podNetwork);
      const { certDir, rootDir } = settings;
      const plegHealth = (): string | undefined => {
        const listed = pleg.lastListMs;
        const late = listed !== undefined && clock.now() - listed > plegThresholdMs;
        return late ? 'the runtime has not been listed for 3m0s' : undefined;
      };
      const checks = { ping: () => undefined, log: () => undefined, syncloop: plegHealth };
      await serve({ base, parts, identity, certDir, rootDir, checks, usage }, group);
      group.start('images', (s) => imageGc.run(s));
      group.start('local storage', (s) => eviction.run(s));
      group.start('log rotation', (s) => rotation.run(s));
      group.start('pods', async (s) => {
        manager.start(await listRuntime(deps, log, s));
        // Static pods do not wait for the API: it may be one of them.
        await statics?.read();
        if (statics !== undefined) group.start('static pods', (t) => statics.run(t));
        await source.synced(s);
        source.deliver({
          put: (pod) => manager.put(pod),
          drop: (pod) => manager.drop(pod),
          mirror: (pod, gone) => {
            const uid = pod.metadata.annotations?.[mirrorAnnotation] ?? '';
            if (!gone && manager.worker(uid)) deps.status.reconcile(pod, uid);
          },
        });
        manager.setSourcesReady();
        await pleg.run(s);
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

const connectRetryMs = 500;

/** Waits for the runtime to answer: it may start at the same time as the kubelet. */
async function connectRuntime(state: RuntimeState, log: Log, signal: AbortSignal): Promise<void> {
  for (let said = false; !signal.aborted; said = true) {
    try {
      await state.identify();
      return;
    } catch (error) {
      if (!said) log.warn(errorFields(error), 'waiting for the container runtime');
      await sleep(systemClock, connectRetryMs, signal);
    }
  }
}

async function listRuntime(
  deps: PodParts['deps'],
  log: Log,
  signal: AbortSignal,
): Promise<Awaited<ReturnType<PodParts['deps']['view']['list']>>> {
  while (!signal.aborted) {
    try {
      return await deps.view.list();
    } catch (error) {
      log.warn(errorFields(error), 'runtime not listed');
      await sleep(systemClock, connectRetryMs, signal);
    }
  }
  return new Map();
}

function hasSwapAccounting(version: 1 | 2): boolean {
  if (version === 1) return existsSync('/sys/fs/cgroup/memory/memory.memsw.limit_in_bytes');
  const own = /^0::(.*)$/m.exec(readFileSync('/proc/self/cgroup', 'utf8'))?.[1] ?? '';
  return existsSync(join('/sys/fs/cgroup', own, 'memory.swap.max'));
}
