/** Volumes of pods: set up before containers start, kept up to date, taken down at the end. */
import { mkdir, readdir, rm } from 'node:fs/promises';
import type { EventRecorder } from '../../client/events.ts';
import type { Volume } from '../../machinery/schema/wire.ts';
import { errorText } from '../cri/cri-error.ts';
import type { DownwardFacts } from '../env/downward.ts';
import type { Paths } from '../paths.ts';
import { KeyedBackoff } from '../pods/keyed-backoff.ts';
import { allContainers, type NodePod, podReference } from '../pods/pod.ts';
import { volumeKinds } from './kinds.ts';
import type { MountedVolume, MountedVolumes } from './mounted-volume.ts';
import type { VolumeKind, VolumeServices } from './volume-kind.ts';

export interface VolumeManagerOptions extends VolumeServices {
  readonly paths: Paths;
  readonly recorder: EventRecorder;
}

/** Some volumes could not be set up; the pod waits. */
export class VolumeError extends Error {
  readonly retryAtMs: number;

  constructor(message: string, retryAtMs: number) {
    super(message);
    this.name = 'VolumeError';
    this.retryAtMs = retryAtMs;
  }
}

export interface VolumeSetup {
  readonly mounted: MountedVolumes;
  /** When content has to be looked at again even if nothing happens. */
  readonly refreshAtMs: number | undefined;
}

const firstRetryMs = 500;
const maxRetryMs = 122_000;

function kindOf(volume: Volume): VolumeKind {
  const kind = volumeKinds.find((k) => volume[k.field as keyof Volume] !== undefined);
  if (kind !== undefined) return kind;
  const [field = 'no source'] = Object.keys(volume).filter((k) => k !== 'name');
  throw new Error(`volumes of kind ${field} are not supported on this node`);
}

/** Volumes that some container mounts: the others are never set up, as upstream has it. */
function usedVolumes(pod: NodePod): Volume[] {
  const used = new Set<string>();
  for (const container of allContainers(pod)) {
    for (const m of container.volumeMounts ?? []) used.add(m.name);
    for (const d of container.volumeDevices ?? []) used.add(d.name);
    for (const e of container.env ?? []) {
      if (e.valueFrom?.fileKeyRef) used.add(e.valueFrom.fileKeyRef.volumeName);
    }
  }
  return (pod.spec.volumes ?? []).filter((v) => used.has(v.name));
}

export class VolumeManager {
  private readonly options: VolumeManagerOptions;
  private readonly backoff: KeyedBackoff;

  constructor(options: VolumeManagerOptions) {
    this.options = options;
    this.backoff = new KeyedBackoff(options.clock, firstRetryMs, maxRetryMs);
  }

  /**
   * Makes all volumes of the pod ready and current. Throws VolumeError after an event for each
   * that failed; those that succeeded stay.
   */
  async setUp(pod: NodePod, facts: DownwardFacts): Promise<VolumeSetup> {
    const { uid } = pod.metadata;
    const mounted = new Map<string, MountedVolume>();
    const failures: { name: string; error: unknown }[] = [];
    let refreshAtMs: number | undefined;
    const refreshBy = (at: number): void => {
      refreshAtMs = Math.min(refreshAtMs ?? at, at);
    };
    await Promise.all(
      usedVolumes(pod).map(async (volume) => {
        try {
          const kind = kindOf(volume);
          const dir = this.options.paths.volume(uid, kind.plugin, volume.name);
          const context = { ...this.options, pod, volume, dir, facts, refreshBy };
          mounted.set(volume.name, await kind.setUp(context));
        } catch (error) {
          failures.push({ name: volume.name, error });
        }
      }),
    );
    if (failures.length > 0) throw this.fail(pod, failures);
    this.backoff.reset(uid);
    return { mounted, refreshAtMs };
  }

  private fail(pod: NodePod, failures: { name: string; error: unknown }[]): VolumeError {
    const { recorder, clock } = this.options;
    const texts = failures.map(({ name, error }) => {
      const text = `MountVolume.SetUp failed for volume ${JSON.stringify(name)} : ${errorText(error)}`;
      recorder.event(podReference(pod), 'Warning', 'FailedMount', text);
      return text;
    });
    const { uid } = pod.metadata;
    this.backoff.next(uid, clock.now());
    return new VolumeError(texts.join('; '), clock.now() + this.backoff.delayOf(uid));
  }

  /** Makes the folders that every pod has. */
  async makePodDirs(uid: string): Promise<void> {
    const { paths } = this.options;
    for (const dir of [paths.pod(uid), paths.volumes(uid), `${paths.pod(uid)}/plugins`]) {
      await mkdir(dir, { recursive: true, mode: 0o750 });
    }
  }

  /**
   * Unmounts everything of the pod and removes its volumes' files. What is mounted from elsewhere
   * is never deleted through: if a mount stays, this throws.
   */
  async tearDown(uid: string): Promise<void> {
    const { paths, mounter } = this.options;
    this.backoff.reset(uid);
    await mounter.unmountAll(paths.pod(uid));
    await rm(paths.volumes(uid), { recursive: true, force: true });
    await rm(paths.subpaths(uid), { recursive: true, force: true });
  }

  /** Removes the pod's whole folder; call it after `tearDown`. */
  async removePodDir(uid: string): Promise<void> {
    await rm(this.options.paths.pod(uid), { recursive: true, force: true });
  }

  /** Uids of pods that have a folder. */
  async podsOnDisk(): Promise<string[]> {
    try {
      const entries = await readdir(this.options.paths.pods, { withFileTypes: true });
      return entries.filter((e) => e.isDirectory()).map((e) => e.name);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
      throw error;
    }
  }
}
