/** Whether the node runs out of something, by the thresholds of evictionHard: pure but for time. */
import type { Threshold } from '../config/configuration.ts';
import type { Amount, Availability } from './machine.ts';

export type Pressure = 'MemoryPressure' | 'DiskPressure' | 'PIDPressure';

/** What each signal measures and which condition it makes. */
const signals: Record<
  string,
  { readonly pressure: Pressure; readonly of: (a: Availability) => Amount }
> = {
  'memory.available': { pressure: 'MemoryPressure', of: (a) => a.memory },
  'nodefs.available': { pressure: 'DiskPressure', of: (a) => a.nodefs },
  'nodefs.inodesFree': { pressure: 'DiskPressure', of: (a) => a.nodefsInodes },
  // Images lie on the same file system unless the runtime says otherwise.
  'imagefs.available': { pressure: 'DiskPressure', of: (a) => a.nodefs },
  'imagefs.inodesFree': { pressure: 'DiskPressure', of: (a) => a.nodefsInodes },
  'pid.available': { pressure: 'PIDPressure', of: (a) => a.pids },
};

/** The amount a threshold stands for. */
export function thresholdAmount(threshold: Threshold, capacity: number): number {
  return 'bytes' in threshold ? threshold.bytes : threshold.share * capacity;
}

/** A signal that is below its threshold. */
export interface Breach {
  readonly signal: string;
  readonly pressure: Pressure;
  readonly available: number;
  readonly threshold: number;
}

/** All signals below their thresholds. File systems without inodes of their own do not count. */
export function breaches(
  thresholds: Readonly<Record<string, Threshold>>,
  now: Availability,
): Breach[] {
  const out: Breach[] = [];
  for (const [signal, threshold] of Object.entries(thresholds)) {
    const known = signals[signal];
    if (known === undefined) continue;
    const { available, capacity } = known.of(now);
    const amount = thresholdAmount(threshold, capacity);
    if (capacity > 0 && available < amount) {
      out.push({ signal, pressure: known.pressure, available, threshold: amount });
    }
  }
  return out;
}

/** Keeps a condition up for a while after its cause has gone, so that it does not flap. */
export class PressureMemory {
  private readonly holdMs: number;
  private readonly lastSeen = new Map<Pressure, number>();

  constructor(holdMs: number) {
    this.holdMs = holdMs;
  }

  /** The pressures that hold now. */
  update(found: readonly Breach[], nowMs: number): Set<Pressure> {
    for (const { pressure } of found) this.lastSeen.set(pressure, nowMs);
    const out = new Set<Pressure>();
    for (const [pressure, at] of this.lastSeen) {
      if (nowMs - at < this.holdMs || at === nowMs) out.add(pressure);
    }
    return out;
  }
}
