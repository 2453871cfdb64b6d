/** Starts sandboxes and containers: descriptions, images, log links, hooks, events. */
import { mkdir, rm, symlink } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { EventRecorder, EventType } from '../../client/events.ts';
import { errorFields, type Log } from '../../client/log.ts';
import type { Container, Secret, Service } from '../../machinery/schema/wire.ts';
import type { Init } from '../cri/codec.ts';
import { errorMessage } from '../cri/cri-error.ts';
import type { Device, ImageSpec, PodSandboxConfig } from '../cri/messages.ts';
import type { Runtime } from '../cri/runtime.ts';
import type { DownwardFacts } from '../env/downward.ts';
import { readEnvFile } from '../env/env-file.ts';
import { environmentOf, type ObjectSource } from '../env/environment.ts';
import type { Mounter } from '../host/mounter.ts';
import type { ImageManager } from '../images/image-manager.ts';
import type { PodHostname } from '../network/hostname.ts';
import type { Paths } from '../paths.ts';
import type { MountedVolumes } from '../volumes/mounted-volume.ts';
import { readInside } from '../volumes/subpath.ts';
import { containerConfig } from './container-config.ts';
import { containerMounts } from './container-mounts.ts';
import type { Killer } from './killer.ts';
import { runHook } from './lifecycle-hooks.ts';
import type { ResourceSettings } from './linux-resources.ts';
import { containerReference, ephemeralContainers, type NodePod } from './pod.ts';
import { latestContainer, type PodState } from './pod-state.ts';
import type { ResourceLedger } from './resource-ledger.ts';
import { restartCountByLogs } from './restart-count.ts';
import { type SecurityDefaults, verifyNonRoot } from './security-context.ts';
import { StartError } from './start-error.ts';

export interface StarterOptions {
  readonly runtime: Runtime;
  readonly recorder: EventRecorder;
  readonly log: Log;
  readonly images: ImageManager;
  readonly objects: ObjectSource;
  readonly killer: Killer;
  readonly ledger: ResourceLedger;
  readonly paths: Paths;
  readonly mounter: Mounter;
  readonly resources: ResourceSettings;
  readonly security: SecurityDefaults;
  /** All services; waits until they are known, but for static pods. */
  readonly services: (pod: NodePod) => Promise<readonly Service[]>;
  readonly recursiveReadOnly: () => boolean;
}

/** What is common to the containers of one pass over a pod. */
export interface StartContext {
  readonly pod: NodePod;
  readonly state: PodState;
  readonly sandboxId: string;
  readonly sandbox: Init<PodSandboxConfig>;
  readonly facts: DownwardFacts;
  readonly hostname: PodHostname;
  readonly hostsText: string | undefined;
  readonly volumes: MountedVolumes;
  readonly secrets: readonly Secret[];
  readonly signal: AbortSignal;
}

export class Starter {
  private readonly options: StarterOptions;

  constructor(options: StarterOptions) {
    this.options = options;
  }

  /** Pulls, creates, starts and runs the postStart hook. Throws StartError. */
  async start(container: Container, context: StartContext): Promise<void> {
    const { runtime, images } = this.options;
    const { pod, sandbox, secrets, signal } = context;
    let imageRef: string;
    let config: Awaited<ReturnType<Starter['describe']>>;
    try {
      const reference = containerReference(pod, container.name);
      const request = {
        reference,
        podUid: pod.metadata.uid,
        image: container.image ?? '',
        policy: container.imagePullPolicy ?? 'IfNotPresent',
        secrets,
        sandbox,
      };
      imageRef = await images.ensure(request, signal);
      config = await this.describe(container, imageRef, context);
    } catch (error) {
      throw this.fail(pod, container, 'CreateContainerConfigError', error);
    }
    let containerId: string;
    try {
      const request = { podSandboxId: context.sandboxId, config, sandboxConfig: sandbox };
      ({ containerId } = await runtime.call('CreateContainer', request));
    } catch (error) {
      throw this.fail(pod, container, 'CreateContainerError', error);
    }
    this.record(pod, container, 'Normal', 'Created', 'Container created');
    try {
      await runtime.call('StartContainer', { containerId });
    } catch (error) {
      throw this.fail(pod, container, 'RunContainerError', error);
    }
    this.record(pod, container, 'Normal', 'Started', 'Container started');
    await this.linkLog(context, container, containerId, config.logPath ?? '');
    if (container.lifecycle?.postStart) await this.postStart(container, containerId, context);
  }

  private async describe(container: Container, imageRef: string, context: StartContext) {
    const { options } = this;
    const { pod, state, facts, volumes } = context;
    const env = await environmentOf({
      pod,
      container,
      facts,
      services: await options.services(pod),
      objects: options.objects,
      fileKey: (volume, path, key) => readFileKey(volumes, volume, path, key),
    });
    const imageUser = await options.images.user(imageRef);
    verifyNonRoot(pod, container, imageUser);
    const mounts = await containerMounts({
      pod,
      container,
      env,
      volumes,
      images: await this.volumeImages(container, context),
      hostsText: context.hostsText,
      paths: options.paths,
      mounter: options.mounter,
      recursiveReadOnly: options.recursiveReadOnly(),
    });
    const { name, namespace, uid } = pod.metadata;
    const logFolder = join(options.paths.podLogs(namespace, name, uid), container.name);
    await mkdir(logFolder, { recursive: true, mode: 0o755 });
    const before = latestContainer(state, container.name);
    const restartCount =
      before === undefined ? await restartCountByLogs(logFolder) : before.restartCount + 1;
    await options.ledger.give(pod, container);
    return containerConfig({
      pod,
      container,
      restartCount,
      imageRef,
      imageUser,
      env,
      mounts,
      devices: blockDevices(container, volumes),
      targetId: targetOf(pod, container, state),
      resources: options.resources,
      security: options.security,
    });
  }

  /** Images of the container's image volumes, pulled. */
  private async volumeImages(
    container: Container,
    { pod, volumes, secrets, sandbox, signal }: StartContext,
  ): Promise<Map<string, Init<ImageSpec>>> {
    const out = new Map<string, Init<ImageSpec>>();
    for (const { name } of container.volumeMounts ?? []) {
      const image = volumes.get(name)?.image;
      if (image === undefined) continue;
      const request = {
        reference: containerReference(pod, container.name),
        podUid: pod.metadata.uid,
        image: image.reference,
        policy: image.pullPolicy,
        secrets,
        sandbox,
      };
      const id = await this.options.images.ensure(request, signal);
      out.set(name, { image: id, userSpecifiedImage: image.reference });
    }
    return out;
  }

  private async postStart(
    container: Container,
    containerId: string,
    { pod, facts, signal }: StartContext,
  ): Promise<void> {
    const { runtime, recorder, killer, log } = this.options;
    const podIp = facts.podIps[0] ?? '';
    const { name } = container;
    try {
      const context = { runtime, recorder, pod, container, containerId, podIp, signal };
      await runHook(container.lifecycle!.postStart!, context);
    } catch (error) {
      log.warn(
        { ...errorFields(error), pod: pod.metadata.name, container: name },
        'postStart failed',
      );
      // Not the text itself: it may tell a secret.
      this.record(pod, container, 'Warning', 'FailedPostStartHook', 'PostStartHook failed');
      const message = 'FailedPostStartHook';
      const kill = { pod, containerId, name, message, reason: 'failedPostStart', podIp } as const;
      await killer.killContainer(kill, signal).catch((cause: unknown) => {
        log.error(
          { ...errorFields(cause), pod: pod.metadata.name, container: name },
          'kill failed',
        );
      });
      throw new StartError('PostStartHookError', (error as Error).message);
    }
  }

  /** A link by name for log collectors; without it everything works, so failure is only noted. */
  private async linkLog(
    { pod, sandbox }: StartContext,
    container: Container,
    id: string,
    logPath: string,
  ): Promise<void> {
    const link = this.options.paths.logLink(pod.metadata, container.name, id);
    try {
      await mkdir(dirname(link), { recursive: true });
      await rm(link, { force: true });
      await symlink(join(sandbox.logDirectory ?? '', logPath), link);
    } catch (error) {
      this.options.log.warn({ ...errorFields(error), link }, 'log not linked');
    }
  }

  private fail(pod: NodePod, container: Container, reason: string, error: unknown): StartError {
    // A failure with a reason of its own shows that reason in the event.
    const known = error instanceof StartError;
    const text = known ? error.reason : errorMessage(error);
    this.record(pod, container, 'Warning', 'Failed', `Error: ${text}`);
    return known ? error : new StartError(reason, text);
  }

  private record(
    pod: NodePod,
    container: Container,
    type: EventType,
    reason: string,
    text: string,
  ): void {
    this.options.recorder.event(containerReference(pod, container.name), type, reason, text);
  }
}

function blockDevices(container: Container, volumes: MountedVolumes): Init<Device>[] {
  return (container.volumeDevices ?? []).map(({ name, devicePath }) => {
    const volume = volumes.get(name);
    if (volume?.blockDevice === undefined) {
      throw new Error(
        `cannot find volume ${JSON.stringify(name)} to pass into container ${JSON.stringify(container.name)}`,
      );
    }
    const permissions = volume.readOnly ? 'r' : 'mrw';
    return { hostPath: volume.blockDevice, containerPath: devicePath, permissions };
  });
}

/** The container whose processes an ephemeral container asks to see. */
function targetOf(pod: NodePod, container: Container, state: PodState): string | undefined {
  const spec = ephemeralContainers(pod).find((e) => e.name === container.name);
  const target = spec?.targetContainerName;
  if (!target) return undefined;
  const seen = latestContainer(state, target);
  if (seen === undefined) {
    throw new Error(`unable to find target container ${target}`);
  }
  return seen.id;
}

async function readFileKey(
  volumes: MountedVolumes,
  volume: string,
  path: string,
  key: string,
): Promise<string> {
  const mounted = volumes.get(volume);
  if (mounted === undefined) {
    throw new Error(`cannot find the volume ${JSON.stringify(volume)} referenced by FileKeyRef`);
  }
  try {
    return readEnvFile(await readInside(mounted.path, path), key);
  } catch {
    // Neither the path nor the content is shown: they are the user's.
    throw new Error("couldn't parse env file");
  }
}
