/** Removes images that nothing uses when the disk gets full, the longest unused first. */
import { sleep } from '../../client/abort.ts';
import { errorFields, type Log } from '../../client/log.ts';
import type { Clock } from '../../machinery/meta/clock.ts';
import type { Image } from '../cri/messages.ts';
import type { Runtime } from '../cri/runtime.ts';

export interface ImageGcOptions {
  readonly runtime: Runtime;
  readonly clock: Clock;
  readonly log: Log;
  readonly highPercent: number;
  readonly lowPercent: number;
  /** An image is left alone for this long after it came. */
  readonly minAgeMs: number;
  /** An image unused for longer goes anyway; 0: never. */
  readonly maxAgeMs: number;
  /** The file system that images are on. */
  readonly disk: () => Promise<{ capacityBytes: number; availableBytes: number }>;
  /** Something could not be freed, for the node's events. */
  readonly warn: (reason: string, message: string) => void;
}

const everyMs = 5 * 60_000;

interface Known {
  firstSeenMs: number;
  lastUsedMs: number;
}

export class ImageGc {
  private readonly options: ImageGcOptions;
  private readonly known = new Map<string, Known>();

  constructor(options: ImageGcOptions) {
    this.options = options;
  }

  async run(signal: AbortSignal): Promise<void> {
    const { clock, log } = this.options;
    while (!signal.aborted) {
      try {
        await this.collect();
      } catch (error) {
        log.warn(errorFields(error), 'images not collected');
      }
      await sleep(clock, everyMs, signal);
    }
  }

  /** Looks at the disk and frees what the thresholds ask for. */
  async collect(): Promise<void> {
    const { disk, highPercent, lowPercent, maxAgeMs, clock, warn } = this.options;
    const unused = await this.unused();
    if (maxAgeMs > 0) {
      const limit = clock.now() - maxAgeMs;
      for (const image of unused) {
        if (this.known.get(image.id)!.lastUsedMs < limit) await this.remove(image);
      }
    }
    const { capacityBytes, availableBytes } = await disk();
    const used = 100 - Math.floor((availableBytes * 100) / capacityBytes);
    if (highPercent >= 100 || used < highPercent) return;
    const wanted = (capacityBytes * (100 - lowPercent)) / 100 - availableBytes;
    const freed = await this.free(wanted);
    if (freed < wanted) {
      warn(
        'FreeDiskSpaceFailed',
        `Failed to garbage collect required amount of images. Attempted to free ${Math.ceil(wanted)} bytes, but only found ${freed} bytes eligible to free.`,
      );
    }
  }

  /** Removes unused images until `bytes` are free; returns what was freed. */
  async free(bytes: number): Promise<number> {
    const { clock, minAgeMs } = this.options;
    const images = await this.unused();
    const of = (image: Image): Known => this.known.get(image.id)!;
    images.sort(
      (a, b) => of(a).lastUsedMs - of(b).lastUsedMs || of(a).firstSeenMs - of(b).firstSeenMs,
    );
    let freed = 0;
    for (const image of images) {
      if (freed >= bytes) break;
      if (clock.now() - of(image).firstSeenMs < minAgeMs) continue;
      if (await this.remove(image)) freed += image.size;
    }
    return freed;
  }

  /** Images that no container uses; notes who was used now. */
  private async unused(): Promise<Image[]> {
    const { runtime, clock } = this.options;
    const [{ images }, { containers }] = await Promise.all([
      runtime.call('ListImages', {}),
      runtime.call('ListContainers', {}),
    ]);
    const now = clock.now();
    const inUse = new Set(containers.flatMap((c) => [c.imageRef, c.imageId, c.image?.image ?? '']));
    for (const id of this.known.keys()) if (!images.some((i) => i.id === id)) this.known.delete(id);
    return images.filter((image) => {
      const known = this.known.get(image.id) ?? { firstSeenMs: now, lastUsedMs: 0 };
      this.known.set(image.id, known);
      const used = [image.id, ...image.repoTags, ...image.repoDigests].some((n) => inUse.has(n));
      if (used) known.lastUsedMs = now;
      // Sandboxes are not containers: their image is pinned, or known by its name.
      const isPause = image.repoTags.some((t) => /(^|\/)pause(-[a-z0-9]+)?:/.test(t));
      return !used && !image.pinned && !isPause;
    });
  }

  private async remove(image: Image): Promise<boolean> {
    const { runtime, log } = this.options;
    try {
      await runtime.call('RemoveImage', { image: { image: image.id } });
      this.known.delete(image.id);
      log.info({ image: image.repoTags[0] ?? image.id, bytes: image.size }, 'image removed');
      return true;
    } catch (error) {
      log.warn({ ...errorFields(error), image: image.id }, 'image not removed');
      return false;
    }
  }
}
