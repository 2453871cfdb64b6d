/**
 * Control groups as directories: version 1 with its hierarchies, version 2 with one. Paths are
 * relative to the mount, with a leading slash (`/kubepods/burstable/pod…`).
 */
import { existsSync, readdirSync, readFileSync, statfsSync } from 'node:fs';
import { mkdir, readdir, readFile, rmdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { weightOfShares } from './cpu-shares.ts';

/** Limits to set; what is left out stays as it is. -1 lifts a limit. */
export interface CgroupLimits {
  readonly cpuShares?: number | undefined;
  readonly cpuQuotaUs?: number | undefined;
  readonly cpuPeriodUs?: number | undefined;
  readonly memoryBytes?: number | undefined;
  readonly pids?: number | undefined;
}

/** Counters of one group; undefined where the kernel has none. */
export interface CgroupUsage {
  readonly cpuNanoseconds: number | undefined;
  readonly memoryBytes: number | undefined;
  /** Without page cache that can be dropped. */
  readonly workingSetBytes: number | undefined;
  readonly rssBytes: number | undefined;
}

export interface CgroupFs {
  readonly version: 1 | 2;
  /** Makes the group in every hierarchy, with its parents, and sets the limits. */
  ensure(path: string, limits: CgroupLimits): Promise<void>;
  /** Sets limits of a group that exists. */
  set(path: string, limits: CgroupLimits): Promise<void>;
  exists(path: string): boolean;
  /** Removes the group and what is below it everywhere; kills processes left in it. */
  remove(path: string): Promise<void>;
  /** Names of groups directly below, in any hierarchy. */
  children(path: string): Promise<string[]>;
  usage(path: string): Promise<CgroupUsage>;
}

/** statfs type of cgroup2 (linux/magic.h). */
const cgroup2Magic = 0x63677270;

/** The version in use: 2 when the mount itself is cgroup2. */
export function cgroupVersion(mount = '/sys/fs/cgroup'): 1 | 2 {
  return statfsSync(mount).type === cgroup2Magic ? 2 : 1;
}

/** The file system for the machine's version. */
export function openCgroupFs(mount = '/sys/fs/cgroup'): CgroupFs {
  return cgroupVersion(mount) === 2 ? new CgroupV2(mount) : new CgroupV1(mount);
}

function code(error: unknown): string | undefined {
  return (error as NodeJS.ErrnoException).code;
}

async function readNumber(path: string): Promise<number | undefined> {
  try {
    const n = Number((await readFile(path, 'utf8')).trim());
    return Number.isFinite(n) ? n : undefined;
  } catch {
    return undefined;
  }
}

async function readFields(path: string): Promise<Map<string, number>> {
  try {
    const lines = (await readFile(path, 'utf8')).trim().split('\n');
    return new Map(lines.map((l) => [l.split(' ')[0]!, Number(l.split(' ')[1])]));
  } catch {
    return new Map();
  }
}

/** How often a group that is busy is tried again, and how long in between. */
const removeAttempts = 20;
const removePauseMs = 50;

async function removeTree(dir: string): Promise<void> {
  let entries: string[];
  try {
    entries = (await readdir(dir, { withFileTypes: true }))
      .filter((e) => e.isDirectory())
      .map((e) => e.name);
  } catch (error) {
    if (code(error) === 'ENOENT') return;
    throw error;
  }
  for (const name of entries) await removeTree(join(dir, name));
  for (let attempt = 1; ; attempt++) {
    try {
      await rmdir(dir);
      return;
    } catch (error) {
      if (code(error) === 'ENOENT') return;
      if (code(error) !== 'EBUSY' || attempt === removeAttempts) throw error;
      killAll(dir);
      await new Promise((resolve) => setTimeout(resolve, removePauseMs));
    }
  }
}

function killAll(dir: string): void {
  const pids = readFileSync(join(dir, 'cgroup.procs'), 'utf8').split('\n').filter(Boolean);
  for (const pid of pids) {
    try {
      process.kill(Number(pid), 'SIGKILL');
    } catch {
      // It ended by itself.
    }
  }
}

async function subdirectories(dir: string): Promise<string[]> {
  try {
    const entries = await readdir(dir, { withFileTypes: true });
    return entries.filter((e) => e.isDirectory()).map((e) => e.name);
  } catch (error) {
    if (code(error) === 'ENOENT') return [];
    throw error;
  }
}

/** Folders of the mount that are hierarchies with a controller (or systemd's own). */
class CgroupV1 implements CgroupFs {
  readonly version = 1;
  private readonly mount: string;
  private readonly hierarchies: readonly string[];

  constructor(mount: string) {
    this.mount = mount;
    // Links such as cpu,cpuacct lead to the same hierarchy: one name each is enough.
    this.hierarchies = readdirSync(mount, { withFileTypes: true })
      .filter((e) => e.isDirectory() && e.name !== 'unified')
      .filter((e) => existsSync(join(mount, e.name, 'cgroup.procs')))
      .map((e) => e.name);
  }

  private dir(hierarchy: string, path: string): string {
    return join(this.mount, hierarchy, path);
  }

  private find(controller: string, path: string): string | undefined {
    const hierarchy = this.hierarchies.find((h) => h.split(',').includes(controller));
    return hierarchy === undefined ? undefined : this.dir(hierarchy, path);
  }

  async ensure(path: string, limits: CgroupLimits): Promise<void> {
    await Promise.all(
      this.hierarchies.map(async (h) => {
        await mkdir(this.dir(h, path), { recursive: true });
        if (h.split(',').includes('cpuset')) await this.inheritCpuset(this.dir(h, path));
      }),
    );
    await this.set(path, limits);
  }

  /** A cpuset without CPUs takes no process: empty ones get those of their parent. */
  private async inheritCpuset(dir: string): Promise<void> {
    for (const file of ['cpuset.cpus', 'cpuset.mems']) {
      const own = (await readFile(join(dir, file), 'utf8')).trim();
      if (own !== '') continue;
      const parent = dirname(dir);
      if ((await readFile(join(parent, file), 'utf8')).trim() === '') {
        await this.inheritCpuset(parent);
      }
      await writeFile(join(dir, file), await readFile(join(parent, file), 'utf8'));
    }
  }

  async set(path: string, limits: CgroupLimits): Promise<void> {
    const cpu = this.find('cpu', path);
    const memory = this.find('memory', path);
    const pids = this.find('pids', path);
    const write = async (dir: string | undefined, file: string, value?: number): Promise<void> => {
      if (dir === undefined || value === undefined) return;
      if (!existsSync(join(dir, file))) return;
      await writeFile(join(dir, file), String(value));
    };
    await write(cpu, 'cpu.shares', limits.cpuShares);
    await write(cpu, 'cpu.cfs_period_us', limits.cpuPeriodUs);
    await write(cpu, 'cpu.cfs_quota_us', limits.cpuQuotaUs);
    await write(memory, 'memory.limit_in_bytes', limits.memoryBytes);
    await write(pids, 'pids.max', limits.pids);
  }

  exists(path: string): boolean {
    return this.hierarchies.every((h) => existsSync(this.dir(h, path)));
  }

  async remove(path: string): Promise<void> {
    // The runtime makes groups in the unified hierarchy too, where a machine has both versions.
    const all = [...this.hierarchies, 'unified'];
    await Promise.all(all.map((h) => removeTree(this.dir(h, path))));
  }

  async children(path: string): Promise<string[]> {
    const lists = await Promise.all(this.hierarchies.map((h) => subdirectories(this.dir(h, path))));
    return [...new Set(lists.flat())];
  }

  async usage(path: string): Promise<CgroupUsage> {
    const cpu = this.find('cpuacct', path) ?? '';
    const memory = this.find('memory', path) ?? '';
    const [cpuNanoseconds, memoryBytes, stat] = await Promise.all([
      readNumber(join(cpu, 'cpuacct.usage')),
      readNumber(join(memory, 'memory.usage_in_bytes')),
      readFields(join(memory, 'memory.stat')),
    ]);
    const inactive = stat.get('total_inactive_file') ?? 0;
    return {
      cpuNanoseconds,
      memoryBytes,
      workingSetBytes: memoryBytes === undefined ? undefined : Math.max(0, memoryBytes - inactive),
      rssBytes: stat.get('total_rss'),
    };
  }
}

class CgroupV2 implements CgroupFs {
  readonly version = 2;
  private readonly mount: string;

  constructor(mount: string) {
    this.mount = mount;
  }

  private dir(path: string): string {
    return join(this.mount, path);
  }

  async ensure(path: string, limits: CgroupLimits): Promise<void> {
    let at = '';
    for (const part of path.split('/').filter(Boolean)) {
      await this.delegate(at);
      at = `${at}/${part}`;
      await mkdir(this.dir(at), { recursive: true });
    }
    await this.delegate(at);
    await this.set(path, limits);
  }

  /** Gives the groups below every controller this one has. */
  private async delegate(path: string): Promise<void> {
    const dir = this.dir(path);
    const have = (await readFile(join(dir, 'cgroup.controllers'), 'utf8')).split(/\s+/);
    const on = new Set((await readFile(join(dir, 'cgroup.subtree_control'), 'utf8')).split(/\s+/));
    for (const controller of have.filter((c) => c !== '' && !on.has(c))) {
      try {
        await writeFile(join(dir, 'cgroup.subtree_control'), `+${controller}`);
      } catch (error) {
        // A controller that threads or another manager hold: groups below do without it.
        if (!['EBUSY', 'ENOTSUP', 'EINVAL', 'EOPNOTSUPP'].includes(code(error) ?? '')) throw error;
      }
    }
  }

  async set(path: string, limits: CgroupLimits): Promise<void> {
    const dir = this.dir(path);
    const write = async (file: string, value: string | undefined): Promise<void> => {
      if (value !== undefined && existsSync(join(dir, file)))
        await writeFile(join(dir, file), value);
    };
    const max = (n: number | undefined): string | undefined =>
      n === undefined ? undefined : n < 0 ? 'max' : String(n);
    const { cpuShares, cpuQuotaUs, cpuPeriodUs } = limits;
    const weight = cpuShares === undefined ? undefined : String(weightOfShares(cpuShares));
    await write('cpu.weight', weight);
    if (cpuQuotaUs !== undefined) {
      await write('cpu.max', `${max(cpuQuotaUs)} ${cpuPeriodUs ?? 100_000}`);
    }
    await write('memory.max', max(limits.memoryBytes));
    await write('pids.max', max(limits.pids));
  }

  exists(path: string): boolean {
    return existsSync(this.dir(path));
  }

  remove(path: string): Promise<void> {
    return removeTree(this.dir(path));
  }

  children(path: string): Promise<string[]> {
    return subdirectories(this.dir(path));
  }

  async usage(path: string): Promise<CgroupUsage> {
    const dir = this.dir(path);
    const [cpu, memoryBytes, stat] = await Promise.all([
      readFields(join(dir, 'cpu.stat')),
      readNumber(join(dir, 'memory.current')),
      readFields(join(dir, 'memory.stat')),
    ]);
    const usec = cpu.get('usage_usec');
    const inactive = stat.get('inactive_file') ?? 0;
    return {
      cpuNanoseconds: usec === undefined ? undefined : usec * 1000,
      memoryBytes,
      workingSetBytes: memoryBytes === undefined ? undefined : Math.max(0, memoryBytes - inactive),
      rssBytes: stat.get('anon'),
    };
  }
}
