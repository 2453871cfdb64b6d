/** Pauses before failed pods are replaced: 10 s after the first failure, doubling up to 10 min. */
import type { Pod } from '../../machinery/schema/wire.ts';
import { finishedAtMs, indexFailures } from './job-pod.ts';

const firstMs = 10_000;
const maxMs = 600_000;

/** Failures since the last success, as far as this process has seen. */
export interface BackoffRecord {
  readonly failures: number;
  readonly lastFailureMs: number | undefined;
}

export const noFailures: BackoffRecord = { failures: 0, lastFailureMs: undefined };

/** The record after more pods have ended. */
export function nextRecord(
  old: BackoffRecord,
  succeeded: readonly Pod[],
  failed: readonly Pod[],
): BackoffRecord {
  const failures = failed.map(finishedAtMs).sort((a, b) => a - b);
  if (succeeded.length === 0) {
    if (failures.length === 0) return old;
    return { failures: old.failures + failures.length, lastFailureMs: failures.at(-1) };
  }
  const lastSuccess = Math.max(...succeeded.map(finishedAtMs));
  const after = failures.filter((at) => at > lastSuccess);
  return { failures: after.length, lastFailureMs: after.at(-1) };
}

/** How long until pods may be created again; 0 for now. */
export function pauseMs(record: BackoffRecord, nowMs: number): number {
  if (record.failures === 0 || record.lastFailureMs === undefined) return 0;
  const pause = Math.min(maxMs, firstMs * 2 ** (record.failures - 1));
  return Math.max(0, record.lastFailureMs + pause - nowMs);
}

/** The same for one index whose last pod failed. */
export function indexPauseMs(lastFailed: Pod | undefined, nowMs: number): number {
  if (lastFailed === undefined) return 0;
  const failures = indexFailures(lastFailed).all + 1;
  return pauseMs({ failures, lastFailureMs: finishedAtMs(lastFailed) }, nowMs);
}
