/** Evicts pods under pressure, one at a time, and pods that write more than they may. */
import { lstat, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { sleep } from '../../client/abort.ts';
import type { EventRecorder } from '../../client/events.ts';
import { errorFields, type Log } from '../../client/log.ts';
import type { Clock } from '../../machinery/meta/clock.ts';
import type { Breach } from '../node/pressure.ts';
import type { Paths } from '../paths.ts';
import type { PodUsage, UsageReader } from '../stats/usage.ts';
import { evictionVerdict, rankForEviction, resourceOf } from './eviction.ts';
import { type NodePod, podReference, podText } from './pod.ts';
import type { PodManager } from './pod-manager.ts';
import { podLimits, unitsOf } from './resource-summary.ts';
import type { Refusal } from './worker-deps.ts';

export interface EvictionManagerOptions {
  readonly manager: PodManager;
  readonly usage: UsageReader;
  readonly paths: Paths;
  readonly recorder: EventRecorder;
  readonly clock: Clock;
  readonly log: Log;
  /** Frees disk space of unused images; returns what was freed. */
  readonly freeImages: (bytes: number) => Promise<number>;
}

/** Between looks at what pods have written. */
const storageEveryMs = 60_000;
/** A pod that was evicted must have time to go before the next one is. */
const settleMs = 10_000;
const hardGraceSeconds = 0;

export class EvictionManager {
  private readonly options: EvictionManagerOptions;
  private evictedAtMs = Number.NEGATIVE_INFINITY;
  private busy = false;

  constructor(options: EvictionManagerOptions) {
    this.options = options;
  }

  /** The node runs out of something (or of nothing: then nothing happens). */
  async relieve(breaches: readonly Breach[]): Promise<void> {
    const { clock, log, freeImages, usage } = this.options;
    const [breach] = breaches;
    const settled = clock.now() - this.evictedAtMs >= settleMs;
    if (breach === undefined || this.busy || !settled) return;
    this.busy = true;
    try {
      log.warn({ ...breach }, 'the node is under pressure');
      if (resourceOf(breach.signal) === 'ephemeral-storage') {
        const wanted = breach.threshold - breach.available;
        if ((await freeImages(wanted)) >= wanted) return;
      }
      const [victim] = rankForEviction(await usage.read(), breach.signal);
      if (victim === undefined) return;
      this.evict(victim.pod, evictionVerdict(victim, breach));
    } catch (error) {
      log.error(errorFields(error), 'eviction failed');
    } finally {
      this.busy = false;
    }
  }

  /** Watches over limits of local storage until the signal aborts. */
  async run(signal: AbortSignal): Promise<void> {
    const { clock, log } = this.options;
    while (!signal.aborted) {
      await sleep(clock, storageEveryMs, signal);
      if (signal.aborted) return;
      try {
        await this.checkStorage();
      } catch (error) {
        log.warn(errorFields(error), 'local storage not measured');
      }
    }
  }

  private async checkStorage(): Promise<void> {
    const { manager, usage } = this.options;
    const limited = manager.active().filter(hasStorageLimit);
    if (limited.length === 0) return;
    const usages = await usage.read();
    for (const pod of limited) {
      const own = usages.find((u) => u.pod.metadata.uid === pod.metadata.uid);
      const verdict = await this.storageVerdict(pod, own);
      if (verdict !== undefined) this.evict(pod, verdict);
    }
  }

  private async storageVerdict(
    pod: NodePod,
    own: PodUsage | undefined,
  ): Promise<Refusal | undefined> {
    const { paths } = this.options;
    const evicted = (message: string): Refusal => ({ reason: 'Evicted', message });
    let total = 0;
    for (const volume of pod.spec.volumes ?? []) {
      if (volume.emptyDir === undefined || volume.emptyDir.medium === 'Memory') continue;
      const dir = paths.volume(pod.metadata.uid, 'kubernetes.io/empty-dir', volume.name);
      const bytes = await treeBytes(dir);
      total += bytes;
      const limit = String(volume.emptyDir.sizeLimit ?? '0');
      const limitBytes = unitsOf({ limit }, 'limit');
      if (limitBytes > 0 && bytes > limitBytes) {
        return evicted(
          `Usage of EmptyDir volume ${JSON.stringify(volume.name)} exceeds the limit ${JSON.stringify(limit)}. `,
        );
      }
    }
    for (const c of own?.containers ?? []) {
      const spec = pod.spec.containers.find((s) => s.name === c.container.name);
      const limit = unitsOf(spec?.resources?.limits, 'ephemeral-storage');
      total += c.rootfsBytes;
      if (limit > 0 && c.rootfsBytes > limit) {
        const text = JSON.stringify(spec?.resources?.limits?.['ephemeral-storage']);
        return evicted(
          `Container ${c.container.name} exceeded its local ephemeral storage limit ${text}. `,
        );
      }
    }
    const limits = podLimits(pod);
    const limit = unitsOf(limits, 'ephemeral-storage');
    if (limit > 0 && total > limit) {
      return evicted(
        `Pod ephemeral local storage usage exceeds the total limit of containers ${limits['ephemeral-storage']}. `,
      );
    }
    return undefined;
  }

  private evict(pod: NodePod, verdict: Refusal): void {
    const { manager, recorder, clock, log } = this.options;
    log.warn({ pod: podText(pod), ...verdict }, 'evicting a pod');
    recorder.event(podReference(pod), 'Warning', verdict.reason, verdict.message);
    this.evictedAtMs = clock.now();
    const condition = {
      type: 'DisruptionTarget',
      status: 'True',
      reason: 'TerminationByKubelet',
      message: verdict.message,
    };
    manager.worker(pod.metadata.uid)?.evict(verdict, hardGraceSeconds, condition);
  }
}

function hasStorageLimit(pod: NodePod): boolean {
  if (unitsOf(podLimits(pod), 'ephemeral-storage') > 0) return true;
  return (pod.spec.volumes ?? []).some(
    (v) => v.emptyDir?.sizeLimit !== undefined && v.emptyDir.medium !== 'Memory',
  );
}

/** What the files below take on disk. */
async function treeBytes(path: string): Promise<number> {
  let info: Awaited<ReturnType<typeof lstat>>;
  try {
    info = await lstat(path);
  } catch {
    return 0;
  }
  let bytes = info.blocks * 512;
  if (!info.isDirectory()) return bytes;
  for (const name of await readdir(path).catch(() => []))
    bytes += await treeBytes(join(path, name));
  return bytes;
}
