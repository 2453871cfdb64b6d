/** Reads pods out of the container runtime: a cheap overview of all, the full state of one. */
import { isNotFound } from '../cri/cri-error.ts';
import {
  ContainerState,
  type ContainerStatus,
  NamespaceMode,
  type PodSandbox,
  PodSandboxState,
  type PodSandboxStatus,
} from '../cri/messages.ts';
import type { Runtime } from '../cri/runtime.ts';
import { podNameLabel, podNamespaceLabel, podUidLabel, readContainerNotes } from './labels.ts';
import {
  type ContainerObservation,
  emptyPodState,
  type ObservedResources,
  type PodState,
  type RunState,
  type SandboxObservation,
} from './pod-state.ts';
import { terminationMessage } from './termination-message.ts';

/** One pod in the overview. */
export interface RuntimePod {
  readonly uid: string;
  readonly name: string;
  readonly namespace: string;
  /** `<id> <state>` of every sandbox and container, sorted: changes when anything does. */
  readonly fingerprint: string;
  /** Some container runs or some sandbox is ready. */
  readonly alive: boolean;
  /** Newest first. */
  readonly sandboxIds: readonly string[];
  readonly containerIds: readonly string[];
}

const runStates: readonly RunState[] = ['created', 'running', 'exited', 'unknown'];
const nsPerMs = 1e6;

function toMs(ns: number): number {
  return ns / nsPerMs;
}

/** Cache of containers that have ended: nothing about them changes any more. */
const exitedLimit = 4096;

export class RuntimeView {
  private readonly runtime: Runtime;
  private readonly exited = new Map<string, ContainerObservation>();

  constructor(runtime: Runtime) {
    this.runtime = runtime;
  }

  /** Every pod that has a sandbox or a container, by uid. Two calls to the runtime. */
  async list(): Promise<Map<string, RuntimePod>> {
    const [sandboxes, containers] = await Promise.all([
      this.runtime.call('ListPodSandbox', {}),
      this.runtime.call('ListContainers', {}),
    ]);
    const pods = new Map<string, Gathering>();
    const of = (uid: string, name: string, namespace: string): Gathering => {
      let pod = pods.get(uid);
      if (pod === undefined) {
        pod = { uid, name, namespace, marks: [], alive: false, sandboxIds: [], containerIds: [] };
        pods.set(uid, pod);
      }
      return pod;
    };
    for (const s of sandboxes.items.toSorted(newestFirst)) {
      if (s.metadata === null) continue;
      const pod = of(s.metadata.uid, s.metadata.name, s.metadata.namespace);
      pod.marks.push(`${s.id} ${s.state}`);
      pod.sandboxIds.push(s.id);
      if (s.state === PodSandboxState.SANDBOX_READY) pod.alive = true;
    }
    for (const c of containers.containers.toSorted(newestFirst)) {
      const uid = c.labels[podUidLabel];
      if (uid === undefined) continue;
      const pod = of(uid, c.labels[podNameLabel] ?? '', c.labels[podNamespaceLabel] ?? '');
      pod.marks.push(`${c.id} ${c.state}`);
      pod.containerIds.push(c.id);
      if (c.state === ContainerState.CONTAINER_RUNNING) pod.alive = true;
    }
    const out = new Map<string, RuntimePod>();
    for (const { marks, ...pod } of pods.values()) {
      out.set(pod.uid, { ...pod, fingerprint: marks.sort().join('\n') });
    }
    return out;
  }

  /** The state of one pod now. What vanishes while it is read is left out. */
  async read(uid: string, name: string, namespace: string): Promise<PodState> {
    const labelSelector = { [podUidLabel]: uid };
    const [sandboxes, containers] = await Promise.all([
      this.runtime.call('ListPodSandbox', { filter: { labelSelector } }),
      this.runtime.call('ListContainers', { filter: { labelSelector } }),
    ]);
    if (sandboxes.items.length === 0 && containers.containers.length === 0) {
      return emptyPodState(uid, name, namespace);
    }
    const [sandboxStates, containerStates] = await Promise.all([
      Promise.all(sandboxes.items.toSorted(newestFirst).map((s) => this.sandbox(s))),
      Promise.all(
        containers.containers
          .toSorted(newestFirst)
          .map((c) => this.container(c.id, c.podSandboxId)),
      ),
    ]);
    const present = sandboxStates.filter((s) => s !== undefined);
    const newest = present[0];
    return {
      uid,
      name,
      namespace,
      sandboxes: present,
      containers: containerStates.filter((c) => c !== undefined),
      ips: newest?.ready ? (newest.ips ?? []) : [],
    };
  }

  private async sandbox(s: PodSandbox): Promise<SandboxObservation | undefined> {
    try {
      const { status } = await this.runtime.call('PodSandboxStatus', { podSandboxId: s.id });
      return status === null ? undefined : observeSandbox(status);
    } catch (error) {
      if (isNotFound(error)) return undefined;
      throw error;
    }
  }

  private async container(
    id: string,
    sandboxId: string,
  ): Promise<ContainerObservation | undefined> {
    const known = this.exited.get(id);
    if (known !== undefined) return known;
    try {
      const { status } = await this.runtime.call('ContainerStatus', { containerId: id });
      if (status === null) return undefined;
      const seen = await observeContainer(status, sandboxId);
      if (seen.state === 'exited') {
        if (this.exited.size >= exitedLimit) this.exited.clear();
        this.exited.set(id, seen);
      }
      return seen;
    } catch (error) {
      if (isNotFound(error)) return undefined;
      throw error;
    }
  }

  /** Forgets containers that were removed. */
  forget(id: string): void {
    this.exited.delete(id);
  }
}

interface Gathering {
  uid: string;
  name: string;
  namespace: string;
  marks: string[];
  alive: boolean;
  sandboxIds: string[];
  containerIds: string[];
}

/** The overview's fingerprint of a state that was read: equal while nothing changes. */
export function fingerprintOf(state: PodState): string {
  const { SANDBOX_READY, SANDBOX_NOTREADY } = PodSandboxState;
  return [
    ...state.sandboxes.map((s) => `${s.id} ${s.ready ? SANDBOX_READY : SANDBOX_NOTREADY}`),
    ...state.containers.map((c) => `${c.id} ${runStates.indexOf(c.state)}`),
  ]
    .sort()
    .join('\n');
}

function newestFirst(
  a: { createdAt: number; id: string },
  b: { createdAt: number; id: string },
): number {
  return b.createdAt - a.createdAt || (a.id < b.id ? -1 : 1);
}

/** A sandbox as the CRI describes it. */
export function observeSandbox(status: PodSandboxStatus): SandboxObservation {
  const { network } = status;
  const ips = network === null ? [] : [network.ip, ...network.additionalIps.map((a) => a.ip)];
  const mode = status.linux?.namespaces?.options?.network;
  return {
    id: status.id,
    ready: status.state === PodSandboxState.SANDBOX_READY,
    attempt: status.metadata?.attempt ?? 0,
    createdAtMs: toMs(status.createdAt),
    hostNetwork: mode === NamespaceMode.NODE,
    ips: network === null ? undefined : ips.filter((ip) => ip !== ''),
  };
}

async function observeContainer(
  status: ContainerStatus,
  sandboxId: string,
): Promise<ContainerObservation> {
  const notes = readContainerNotes(status.annotations);
  const state = runStates[status.state] ?? 'unknown';
  const exited = state === 'exited';
  const linux = status.user?.linux;
  const resources = observeResources(status);
  let message = exited ? status.message : '';
  if (exited) {
    const written = await terminationMessage(status, notes);
    if (written !== '') message = message === '' ? written : `${message}: ${written}`;
  }
  return {
    id: status.id,
    sandboxId,
    name: status.metadata?.name ?? '',
    state,
    createdAtMs: toMs(status.createdAt),
    startedAtMs: state === 'created' ? 0 : toMs(status.startedAt),
    finishedAtMs: exited ? toMs(status.finishedAt) : 0,
    exitCode: exited ? status.exitCode : 0,
    reason: exited ? status.reason : '',
    message,
    image: status.image?.image ?? '',
    imageId: status.imageId || status.imageRef,
    imageRef: status.imageRef,
    hash: notes.hash,
    restartCount: notes.restartCount,
    logPath: status.logPath,
    ...(resources ? { resources } : {}),
    ...(linux
      ? { user: { uid: linux.uid, gid: linux.gid, supplementalGroups: linux.supplementalGroups } }
      : {}),
  };
}

function observeResources(status: ContainerStatus): ObservedResources | undefined {
  const linux = status.resources?.linux;
  if (!linux) return undefined;
  const { cpuPeriod, cpuQuota, cpuShares, memoryLimitInBytes } = linux;
  const limit = cpuPeriod > 0 && cpuQuota > 0 ? Math.floor((cpuQuota * 1000) / cpuPeriod) : 0;
  const request = cpuShares > 0 ? Math.ceil((cpuShares * 1000) / 1024) : 0;
  return {
    ...(limit > 0 ? { cpuLimitMilli: limit } : {}),
    ...(request > 0 ? { cpuRequestMilli: request } : {}),
    ...(memoryLimitInBytes > 0 ? { memoryLimitBytes: memoryLimitInBytes } : {}),
  };
}
