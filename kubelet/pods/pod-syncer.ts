/**
 * One pass over a pod that is to run: carries out the plan. The order of steps is upstream's
 * SyncPod; what fails is returned with the time to try again.
 */
import { mkdir, readFile } from 'node:fs/promises';
import { errorFields } from '../../client/log.ts';
import type { Container, Secret } from '../../machinery/schema/wire.ts';
import type { Init } from '../cri/codec.ts';
import { errorText, isNotFound } from '../cri/cri-error.ts';
import type { PodSandboxConfig } from '../cri/messages.ts';
import type { DownwardFacts } from '../env/downward.ts';
import { podDns } from '../network/dns.ts';
import { type PodHostname, podHostname } from '../network/hostname.ts';
import { hostNetworkHosts, podHosts } from '../network/hosts-file.ts';
import type { StartFailure } from '../status/container-statuses.ts';
import { orderIps } from '../status/pod-status.ts';
import type { MountedVolumes } from '../volumes/mounted-volume.ts';
import type { PodPlan } from './plan.ts';
import {
  ephemeralContainers,
  findContainer,
  initContainers,
  isHostNetwork,
  isSidecar,
  type NodePod,
  podReference,
  podText,
} from './pod.ts';
import type { ContainerObservation, PodState } from './pod-state.ts';
import { resizeContainers } from './resizer.ts';
import { observeSandbox } from './runtime-view.ts';
import { sandboxConfig } from './sandbox-config.ts';
import { StartError } from './start-error.ts';
import type { StartContext } from './starter.ts';
import type { WorkerDeps } from './worker-deps.ts';

/** A failed start, and until when another try is pointless. */
export interface KnownFailure extends StartFailure {
  readonly retryAtMs: number | undefined;
  /** Of the pod's spec that it was tried with. */
  readonly generation: number | undefined;
}

export interface SyncInput {
  readonly pod: NodePod;
  readonly state: PodState;
  readonly plan: PodPlan;
  readonly volumes: MountedVolumes;
  /** Why containers failed to start; kept up to date here. */
  readonly failures: Map<string, KnownFailure>;
  /** The sandbox stands; called before images are pulled. */
  readonly onSandboxReady: (state: PodState) => void;
  readonly signal: AbortSignal;
}

export interface SyncOutcome {
  /** Something was done: the runtime has to be looked at. */
  readonly acted: boolean;
  /** The earliest time at which something that failed may work. */
  readonly retryAtMs: number | undefined;
  /** A resize failed, with the runtime's words. */
  readonly resizeError: string | undefined;
}

/** Try again at a time of the caller's choice. */
const someTime = Number.POSITIVE_INFINITY;

export class PodSyncer {
  private readonly deps: WorkerDeps;
  private readonly input: SyncInput;
  private state: PodState;
  private acted = false;
  private retryAtMs: number | undefined;
  private resizeError: string | undefined;

  constructor(deps: WorkerDeps, input: SyncInput) {
    this.deps = deps;
    this.input = input;
    this.state = input.state;
  }

  async run(): Promise<SyncOutcome> {
    const { plan } = this.input;
    const ready = await this.clear();
    if (ready && (plan.createSandbox || this.hasStarts() || plan.resize.length > 0)) {
      await this.build();
    }
    const { acted, retryAtMs, resizeError } = this;
    return { acted, retryAtMs, resizeError };
  }

  private hasStarts(): boolean {
    const { plan } = this.input;
    return plan.start.length + plan.startInit.length + plan.startEphemeral.length > 0;
  }

  /** Ends what must not be there. False: it could not, nothing new may start. */
  private async clear(): Promise<boolean> {
    const { pod, plan, signal } = this.input;
    const { killer, recorder, runtime } = this.deps;
    const podIp = this.state.ips[0] ?? '';
    if (plan.createSandbox && plan.sandboxId !== '') {
      const text = 'Pod sandbox changed, it will be killed and re-created.';
      recorder.event(podReference(pod), 'Normal', 'SandboxChanged', text);
    }
    if (plan.killPod) {
      if (this.state.sandboxes.length === 0 && this.state.containers.length === 0) return true;
      await killer.killPod(pod, this.state, undefined, signal);
      this.acted = true;
      if (plan.createSandbox) await this.purgeInitContainers();
      return true;
    }
    for (const { id: containerId, name, message, reason } of plan.kill) {
      const request = { pod, containerId, name, message, reason, podIp };
      await killer.killContainer(request, signal);
      this.acted = true;
    }
    for (const { id: containerId, name, kill } of plan.reset) {
      this.acted = true;
      const request = { pod, containerId, name, message: 'killing', podIp } as const;
      if (kill) {
        const options = { ...request, reason: 'restartAll', graceOverrideSeconds: 0 } as const;
        await killer.killContainer(options, signal);
      }
      await runtime.call('RemoveContainer', { containerId }).catch(ignoreNotFound);
    }
    await this.pruneInitContainers();
    return true;
  }

  private async purgeInitContainers(): Promise<void> {
    const names = new Set(initContainers(this.input.pod).map((c) => c.name));
    await this.remove(this.state.containers.filter((c) => names.has(c.name)));
  }

  /** Of each init container only the last run is kept. */
  private async pruneInitContainers(): Promise<void> {
    for (const { name } of initContainers(this.input.pod)) {
      const ended = this.state.containers.filter(
        (c) => c.name === name && (c.state === 'exited' || c.state === 'unknown'),
      );
      await this.remove(ended.slice(1));
    }
  }

  private async remove(containers: readonly ContainerObservation[]): Promise<void> {
    for (const { id } of containers) {
      await this.deps.runtime.call('RemoveContainer', { containerId: id }).catch(ignoreNotFound);
      this.deps.view.forget(id);
      this.acted = true;
    }
  }

  /** Makes the sandbox when needed, then starts containers in order. */
  private async build(): Promise<void> {
    const { pod, plan } = this.input;
    const { node, paths, cgroups, resources, recorder } = this.deps;
    const { dns: settings } = node;
    const hostname = podHostname(pod, settings.call(node).clusterDomain);
    const { config: dns, warnings } = podDns(pod, settings.call(node));
    const { name, namespace, uid } = pod.metadata;
    const sandbox = sandboxConfig({
      pod,
      attempt: plan.attempt,
      dns,
      hostname,
      logDirectory: paths.podLogs(namespace, name, uid),
      cgroupParent: cgroups.parentOf(pod),
      resources,
    });
    let sandboxId = plan.sandboxId;
    if (plan.createSandbox) {
      for (const { reason, message } of warnings) {
        const text =
          reason === 'MissingClusterDNS'
            ? `pod: ${JSON.stringify(podText(pod))}. ${message}`
            : message;
        recorder.event(podReference(pod), 'Warning', reason, text);
      }
      const made = await this.makeSandbox(sandbox);
      if (made === undefined) return;
      sandboxId = made;
    }
    const context = await this.startContext(sandbox, sandboxId, hostname);
    await this.startAll(context);
  }

  private async makeSandbox(config: Init<PodSandboxConfig>): Promise<string | undefined> {
    const { pod, onSandboxReady, signal } = this.input;
    const { runtime, recorder, runtimeHandler, log } = this.deps;
    const about = podReference(pod);
    let podSandboxId: string;
    try {
      await mkdir(config.logDirectory!, { recursive: true, mode: 0o755 });
      const handler = await runtimeHandler(pod.spec.runtimeClassName);
      const request = { config, runtimeHandler: handler };
      ({ podSandboxId } = await runtime.call('RunPodSandbox', request));
    } catch (error) {
      // A pod that is on its way out needs no sandbox, and no event.
      if (signal.aborted) return undefined;
      log.warn({ ...errorFields(error), pod: podText(pod) }, 'sandbox not made');
      const text = `Failed to create pod sandbox: ${errorText(error)}`;
      recorder.event(about, 'Warning', 'FailedCreatePodSandBox', text);
      this.retry(someTime);
      return undefined;
    }
    this.acted = true;
    const { status } = await runtime.call('PodSandboxStatus', { podSandboxId });
    if (status === null) throw new Error('pod sandbox status is nil');
    const seen = observeSandbox(status);
    const sandboxes = [seen, ...this.state.sandboxes];
    this.state = { ...this.state, sandboxes, ips: seen.ips ?? [] };
    onSandboxReady(this.state);
    return podSandboxId;
  }

  private async startContext(
    sandbox: Init<PodSandboxConfig>,
    sandboxId: string,
    hostname: PodHostname,
  ): Promise<StartContext> {
    const { pod, volumes, signal } = this.input;
    const { node } = this.deps;
    const hostIps = node.hostIps();
    const onHost = isHostNetwork(pod);
    const podIps = onHost ? hostIps : orderIps(this.state.ips, hostIps[0]);
    const facts: DownwardFacts = { podIps, hostIps, allocatable: node.allocatable() };
    const aliases = pod.spec.hostAliases ?? [];
    let hostsText: string | undefined;
    if (onHost) hostsText = hostNetworkHosts(await readFile('/etc/hosts', 'utf8'), aliases);
    else if (this.state.ips.length > 0) hostsText = podHosts(this.state.ips, hostname, aliases);
    const { state } = this;
    const secrets = await this.pullSecrets();
    return { pod, state, sandboxId, sandbox, facts, hostname, hostsText, volumes, secrets, signal };
  }

  private async pullSecrets(): Promise<Secret[]> {
    const { pod } = this.input;
    const { objects, recorder } = this.deps;
    const found: Secret[] = [];
    const failed: string[] = [];
    for (const { name } of pod.spec.imagePullSecrets ?? []) {
      if (!name) continue;
      try {
        found.push(await objects.secret(pod.metadata.namespace, name));
      } catch {
        failed.push(name);
      }
    }
    if (failed.length > 0) {
      const text = `Unable to retrieve some image pull secrets (${failed.join(', ')}); attempting to pull the image may not succeed.`;
      recorder.event(podReference(pod), 'Warning', 'FailedToRetrieveImagePullSecret', text);
    }
    return found;
  }

  private async startAll(context: StartContext): Promise<void> {
    const { pod, plan } = this.input;
    for (const name of plan.startEphemeral) {
      const container = ephemeralContainers(pod).find((c) => c.name === name);
      if (container) await this.start(container, context);
    }
    for (const name of plan.startInit) {
      const container = findContainer(pod, name)!;
      const started = await this.start(container, context);
      // The next ones wait for an ordinary init container, not for a sidecar.
      if (!started && !isSidecar(container)) return;
    }
    if (plan.resize.length > 0 || plan.resizeByRestart) await this.resize();
    for (const name of plan.start) await this.start(findContainer(pod, name)!, context);
  }

  private async resize(): Promise<void> {
    const { pod, plan, state } = this.input;
    try {
      await resizeContainers(pod, state, plan.resize, this.deps);
      this.acted = true;
    } catch (error) {
      this.resizeError = errorText(error);
      this.retry(someTime);
    }
  }

  private async start(container: Container, context: StartContext): Promise<boolean> {
    const { pod, failures, signal } = this.input;
    if (signal.aborted) return false;
    const last = failures.get(container.name);
    // Nothing changed and its time has not come: no second event for the same wait.
    if (last?.retryAtMs !== undefined && last.generation === pod.metadata.generation) {
      if (this.deps.clock.now() < last.retryAtMs) {
        this.retry(last.retryAtMs);
        return false;
      }
    }
    try {
      this.checkBackoff(container, pod);
      await this.deps.starter.start(container, context);
      failures.delete(container.name);
      this.acted = true;
      return true;
    } catch (error) {
      if (!(error instanceof StartError)) throw error;
      const { reason, message, retryAtMs } = error;
      const { generation } = pod.metadata;
      failures.set(container.name, { reason, message, retryAtMs, generation });
      this.retry(retryAtMs ?? someTime);
      // It was made and has run for a moment: its end is to be seen.
      if (reason === 'PostStartHookError' || reason === 'RunContainerError') this.acted = true;
      return false;
    }
  }

  /** Throws while a container that failed has to wait. */
  private checkBackoff(container: Container, pod: NodePod): void {
    const { crashBackoff, recorder } = this.deps;
    const last = this.state.containers.find(
      (c) => c.name === container.name && c.state === 'exited',
    );
    if (last === undefined) return;
    const key = [
      pod.metadata.uid,
      container.name,
      container.image,
      JSON.stringify(container.resources ?? {}),
    ].join('/');
    const readyAt = crashBackoff.readyAt(key, last.finishedAtMs);
    if (readyAt === undefined) {
      crashBackoff.next(key, last.finishedAtMs);
      return;
    }
    const { name } = container;
    const about = { ...podReference(pod), fieldPath: `spec.containers{${name}}` };
    const text = `Back-off restarting failed container ${name} in pod ${podText(pod)}`;
    recorder.event(about, 'Warning', 'BackOff', text);
    const delay = goSeconds(crashBackoff.delayOf(key));
    const message = `back-off ${delay} restarting failed container=${name} pod=${podText(pod)}`;
    throw new StartError('CrashLoopBackOff', message, readyAt);
  }

  private retry(atMs: number): void {
    this.retryAtMs = Math.min(this.retryAtMs ?? atMs, atMs);
  }
}

/** Whole seconds as Go prints a duration: 10s, 1m20s, 5m0s. */
export function goSeconds(ms: number): string {
  const seconds = Math.round(ms / 1000);
  return seconds < 60 ? `${seconds}s` : `${Math.floor(seconds / 60)}m${seconds % 60}s`;
}

function ignoreNotFound(error: unknown): void {
  if (!isNotFound(error)) throw error;
}
