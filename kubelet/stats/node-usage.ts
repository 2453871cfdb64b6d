/** How much the whole node uses. */
import { readFile, statfs } from 'node:fs/promises';

export interface NodeUsage {
  /** Of all processors, since the start. */
  readonly cpuNanoseconds: number;
  readonly memoryTotalBytes: number;
  readonly memoryAvailableBytes: number;
  readonly memoryUsageBytes: number;
  readonly memoryRssBytes: number;
  readonly disk: DiskUsage;
  readonly processes: number;
  readonly maxPids: number;
  readonly bootTimeMs: number;
}

export interface DiskUsage {
  readonly capacityBytes: number;
  readonly availableBytes: number;
  readonly usedBytes: number;
  readonly inodes: number;
  readonly inodesFree: number;
}

/** The kernel counts CPU time in hundredths of a second. */
const nanosecondsPerTick = 1e7;

export async function diskUsage(path: string): Promise<DiskUsage> {
  const s = await statfs(path);
  return {
    capacityBytes: s.blocks * s.bsize,
    availableBytes: s.bavail * s.bsize,
    usedBytes: (s.blocks - s.bfree) * s.bsize,
    inodes: s.files,
    inodesFree: s.ffree,
  };
}

export async function nodeUsage(rootDir: string): Promise<NodeUsage> {
  const [stat, meminfo, loadavg, pidMax, disk] = await Promise.all([
    readFile('/proc/stat', 'utf8'),
    readFile('/proc/meminfo', 'utf8'),
    readFile('/proc/loadavg', 'utf8'),
    readFile('/proc/sys/kernel/pid_max', 'utf8'),
    diskUsage(rootDir),
  ]);
  const [user, nice, system, , , irq, softirq, steal] = (/^cpu +(.*)$/m.exec(stat)?.[1] ?? '')
    .split(' ')
    .map(Number);
  const ticks = [user, nice, system, irq, softirq, steal].reduce(
    (sum: number, n) => sum + (n ?? 0),
    0,
  );
  const memory = (name: string): number =>
    Number(new RegExp(`^${name}: +(\\d+)`, 'm').exec(meminfo)?.[1] ?? 0) * 1024;
  return {
    cpuNanoseconds: ticks * nanosecondsPerTick,
    memoryTotalBytes: memory('MemTotal'),
    memoryAvailableBytes: memory('MemAvailable'),
    memoryUsageBytes: memory('MemTotal') - memory('MemFree'),
    memoryRssBytes: memory('AnonPages'),
    disk,
    processes: Number(/\d+\/(\d+)/.exec(loadavg)?.[1] ?? 0),
    maxPids: Number(pidMax),
    bootTimeMs: Number(/^btime (\d+)$/m.exec(stat)?.[1] ?? 0) * 1000,
  };
}
