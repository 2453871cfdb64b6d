/** A pod that waits for a node, and its history of attempts. */
import type { PodInfo } from '../cache/pod-info.ts';

/** Owned by the queue; between `pop` and `done` by the scheduling cycle. */
export class QueuedPod {
  info: PodInfo;
  /** When it was put into the queue last. */
  queuedAtMs: number;
  /** When it first was ready to be tried. */
  firstTriedAtMs: number | undefined;
  attempts = 0;
  /** Attempts that found no node; these lengthen the back-off. */
  unschedulableCount = 0;
  /** Failed attempts in a row that were nobody's fault (the API server, a plugin). */
  errorCount = 0;
  /** When it may be tried again; undefined: to be worked out. */
  backoffUntilMs: number | undefined;
  /** Plugins that rejected it last. */
  rejecting: ReadonlySet<string> = noPlugins;
  /** Plugins that only asked to wait. */
  pending: ReadonlySet<string> = noPlugins;
  /** The plugin that keeps it out of the queue; '' when none does. */
  gatedBy = '';

  constructor(info: PodInfo, nowMs: number) {
    this.info = info;
    this.queuedAtMs = nowMs;
  }

  /** True when the last attempt failed for a reason other than a plugin's rejection. */
  get failed(): boolean {
    return this.rejecting.size === 0 && this.pending.size === 0;
  }

  isRejectedBy(plugin: string): boolean {
    return this.rejecting.has(plugin) || this.pending.has(plugin);
  }
}

const noPlugins: ReadonlySet<string> = new Set();
