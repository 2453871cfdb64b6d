/** The kubelet's pod machinery over fakes, for tests: runtime, API, clock, groups, mounts. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { FakeClient } from '../../client/fake-client.ts';
import { FakeClock } from '../../client/fake-clock.ts';
import type { Log } from '../../client/log.ts';
import { pods } from '../../client/resources.ts';
import type { Pod, PodSpec, Service } from '../../machinery/schema/wire.ts';
import { assemblePods, type PodParts } from '../assembly.ts';
import type { CgroupFs } from '../cgroups/cgroup-fs.ts';
import { defaultConfiguration } from '../config/configuration.ts';
import { FakeRuntime } from '../cri/fake-runtime.ts';
import type { Mounter } from '../host/mounter.ts';
import type { MachineFacts } from '../node/machine.ts';
import { Paths } from '../paths.ts';
import { type NodePod, nodePod } from './pod.ts';

const cgroupFs: CgroupFs = {
  version: 2,
  ensure: async () => undefined,
  set: async () => undefined,
  exists: () => true,
  remove: async () => undefined,
  children: async () => [],
  usage: async () => ({
    cpuNanoseconds: 0,
    memoryBytes: 0,
    workingSetBytes: 0,
    rssBytes: 0,
  }),
};

const machine: MachineFacts = {
  cpus: 4,
  memoryBytes: 8 * 2 ** 30,
} as MachineFacts;

const mounter: Mounter = {
  mountTmpfs: async () => undefined,
  bindMount: async () => undefined,
  unmountAll: async () => undefined,
  isMountPoint: async () => false,
};

export interface BedEvent {
  readonly type: string;
  readonly reason: string;
  readonly message: string;
}

const pollMs = 2;
const waitMs = 5000;

export class PodTestBed implements Disposable {
  readonly clock = new FakeClock();
  readonly client = new FakeClient(() => this.clock.now());
  readonly runtime = new FakeRuntime(this.clock);
  readonly events: BedEvent[] = [];
  readonly root = mkdtempSync(join(tmpdir(), 'kubelet-test-'));
  readonly paths: Paths;
  services: Service[] = [];
  networkProblem: string | undefined;
  parts: PodParts;
  private readonly stop = new AbortController();
  /** What was logged as wrong; shown when a wait ends in vain. */
  private readonly complaints: string[] = [];
  private readonly log: Log = {
    debug: () => undefined,
    info: () => undefined,
    warn: (fields, message) => this.complain(fields, message),
    error: (fields, message) => this.complain(fields, message),
  };

  constructor() {
    this.paths = new Paths({
      root: join(this.root, 'kubelet'),
      podLogs: join(this.root, 'pods'),
      containerLogs: join(this.root, 'containers'),
    });
    this.runtime.images.add('img:1');
    this.parts = this.assemble();
    this.parts.manager.start(new Map());
    this.parts.manager.setSourcesReady();
  }

  /** A second kubelet over the same runtime and API, as after a restart. */
  async restart(): Promise<void> {
    this.parts.manager.close();
    this.parts.deps.probes.close();
    this.parts = this.assemble();
    this.parts.manager.start(await this.parts.deps.view.list());
    for (const pod of this.client.objects(pods)) this.parts.manager.put(nodePod(pod));
    this.parts.manager.setSourcesReady();
  }

  private assemble(): PodParts {
    const { client, clock, runtime, paths } = this;
    const allocatable = { cpu: '4', memory: '8Gi', pods: '110' };
    return assemblePods({
      client,
      clock,
      log: this.log,
      recorder: {
        event: (_about, type, reason, message) => this.events.push({ type, reason, message }),
      },
      configuration: defaultConfiguration(),
      runtime,
      machine,
      cgroupFs,
      paths,
      mounter,
      nodeView: {
        name: 'node',
        runtimeName: 'fake',
        hostIps: () => ['192.168.0.1'],
        allocatable: () => allocatable,
        networkProblem: () => this.networkProblem,
        recursiveReadOnly: () => true,
        dns: () => ({
          clusterDns: ['10.96.0.10'],
          clusterDomain: 'cluster.local',
          nodeResolvConf: 'nameserver 1.1.1.1\n',
          nodeIps: ['192.168.0.1'],
        }),
      },
      node: () => undefined,
      strictGroups: () => true,
      apiPod: (uid) => this.apiPods().find((p) => p.metadata.uid === uid),
      services: async () => this.services,
      swapAccounting: false,
      dockerConfig: undefined,
      signal: this.stop.signal,
    });
  }

  private complain(fields: object, message: string): void {
    this.complaints.push(`${message}: ${(fields as { err?: Error }).err?.stack ?? ''}`);
  }

  private apiPods(): NodePod[] {
    return this.client.objects(pods).map(nodePod);
  }

  /** Puts a pod into the API and hands it to the kubelet. */
  add(spec: Partial<PodSpec>, metadata: Pod['metadata'] = {}): NodePod {
    const [pod] = this.client.seed(pods, {
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { name: 'p', namespace: 'ns', uid: 'u1', ...metadata },
      spec: {
        containers: [container('c')],
        restartPolicy: 'Always',
        nodeName: 'node',
        terminationGracePeriodSeconds: 30,
        ...spec,
      },
      status: { phase: 'Pending' },
    });
    this.parts.manager.put(nodePod(pod!));
    return nodePod(pod!);
  }

  /** The pod as the API has it. */
  api(name = 'p'): NodePod | undefined {
    return this.apiPods().find((p) => p.metadata.name === name);
  }

  /** Hands the kubelet what the API has now, as the watch would. */
  deliver(): void {
    for (const pod of this.apiPods()) this.parts.manager.put(pod);
  }

  /** The overview of the runtime, as taken every second. */
  async relist(): Promise<void> {
    this.parts.manager.observe(await this.parts.deps.view.list());
  }

  /** Waits until the condition holds; `relist` and time go on meanwhile when `advanceMs` is set. */
  async until(what: () => boolean | undefined, advanceMs = 0): Promise<void> {
    const end = Date.now() + waitMs;
    while (!what()) {
      if (Date.now() > end)
        throw new Error([`not reached: ${what}`, ...this.complaints].join('\n'));
      await new Promise((resolve) => setTimeout(resolve, pollMs));
      await this.relist();
      if (advanceMs > 0) await this.clock.advance(advanceMs);
    }
  }

  reasons(): string[] {
    return this.events.map((e) => e.reason);
  }

  [Symbol.dispose](): void {
    this.parts.manager.close();
    this.parts.deps.probes.close();
    this.parts.deps.status.close();
    this.stop.abort();
    // A worker may still be in the middle of writing a file.
    rmSync(this.root, { recursive: true, force: true, maxRetries: 10, retryDelay: 20 });
  }
}

/** A container with an image that is there. */
export function container(name: string, more: object = {}): PodSpec['containers'][number] {
  return { name, image: 'img:1', imagePullPolicy: 'IfNotPresent', ...more };
}
