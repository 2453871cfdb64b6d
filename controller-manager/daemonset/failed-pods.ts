/** Failed daemon pods are replaced with growing pauses: the kubelet may refuse them on and on. */

const firstMs = 1_000;
const maxMs = 15 * 60_000;
const entryLimit = 4096;

interface Entry {
  delayMs: number;
  atMs: number;
}

/** By set, generation and node; entries are forgotten after twice the longest pause. */
export class FailedPodBackoff {
  private readonly entries = new Map<string, Entry>();

  /** How long until the next pod of this key may be replaced; 0 for now. */
  waitMs(key: string, nowMs: number): number {
    const entry = this.entries.get(key);
    return entry === undefined ? 0 : Math.max(0, entry.atMs + entry.delayMs - nowMs);
  }

  /** Notes a replacement. */
  next(key: string, nowMs: number): void {
    const old = this.entries.get(key);
    const expired = old !== undefined && nowMs - old.atMs > 2 * maxMs;
    const delayMs = old === undefined || expired ? firstMs : Math.min(maxMs, old.delayMs * 2);
    this.entries.delete(key);
    this.entries.set(key, { delayMs, atMs: nowMs });
    for (const oldest of this.entries.keys()) {
      if (this.entries.size <= entryLimit) break;
      this.entries.delete(oldest);
    }
  }
}
