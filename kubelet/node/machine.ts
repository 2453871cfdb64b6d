/** Facts about the machine: what it is, what it has, what of it is free. */
import { readdirSync, readFileSync } from 'node:fs';
import { readFile, statfs } from 'node:fs/promises';
import { availableParallelism, networkInterfaces, release } from 'node:os';

export interface MachineFacts {
  readonly cpus: number;
  readonly memoryBytes: number;
  readonly swapBytes: number;
  readonly machineId: string;
  readonly systemUuid: string;
  readonly bootId: string;
  readonly kernelVersion: string;
  readonly osImage: string;
  /** As Go names it: amd64, arm64. */
  readonly architecture: string;
  /** By size name (`2Mi`): pages times size. */
  readonly hugepageBytes: Readonly<Record<string, number>>;
  readonly appArmor: boolean;
}

/** What is free now, of the kinds that eviction looks at; undefined where it is not known. */
export interface Availability {
  readonly memory: Amount;
  readonly nodefs: Amount;
  readonly nodefsInodes: Amount;
  readonly pids: Amount;
}

export interface Amount {
  readonly available: number;
  readonly capacity: number;
}

const architectures: Record<string, string> = { x64: 'amd64', arm64: 'arm64', ia32: '386' };

function firstLine(...paths: string[]): string {
  for (const path of paths) {
    try {
      const line = readFileSync(path, 'utf8').trim();
      if (line !== '') return line;
    } catch {
      // Not on this machine: the next one.
    }
  }
  return '';
}

function memInfo(text: string): Map<string, number> {
  const out = new Map<string, number>();
  for (const line of text.split('\n')) {
    const m = /^(\w+):\s+(\d+) kB/.exec(line);
    if (m !== null) out.set(m[1]!, Number(m[2]) * 1024);
  }
  return out;
}

function osImage(): string {
  const text = firstLine('/etc/os-release', '/usr/lib/os-release');
  return /^PRETTY_NAME="?([^"\n]*)"?$/m.exec(text)?.[1] ?? 'Linux';
}

function hugepages(): Record<string, number> {
  const out: Record<string, number> = {};
  const root = '/sys/kernel/mm/hugepages';
  let names: string[] = [];
  try {
    names = readdirSync(root);
  } catch {
    return out;
  }
  for (const name of names) {
    const kb = Number(/^hugepages-(\d+)kB$/.exec(name)?.[1]);
    if (!kb) continue;
    const size = kb >= 2 ** 20 ? `${kb / 2 ** 20}Gi` : kb >= 1024 ? `${kb / 1024}Mi` : `${kb}Ki`;
    out[size] = Number(firstLine(`${root}/${name}/nr_hugepages`)) * kb * 1024;
  }
  return out;
}

/** Reads what does not change while the machine runs. */
export function machineFacts(): MachineFacts {
  const memory = memInfo(readFileSync('/proc/meminfo', 'utf8'));
  const machineId = firstLine('/etc/machine-id', '/var/lib/dbus/machine-id');
  return {
    cpus: availableParallelism(),
    memoryBytes: memory.get('MemTotal') ?? 0,
    swapBytes: memory.get('SwapTotal') ?? 0,
    machineId,
    systemUuid: firstLine('/sys/class/dmi/id/product_uuid') || machineId,
    bootId: firstLine('/proc/sys/kernel/random/boot_id'),
    kernelVersion: release(),
    osImage: osImage(),
    architecture: architectures[process.arch] ?? process.arch,
    hugepageBytes: hugepages(),
    appArmor: firstLine('/sys/module/apparmor/parameters/enabled') === 'Y',
  };
}

/** Reads what is free now; `rootDir` is on the file system that pods write to. */
export async function availability(rootDir: string): Promise<Availability> {
  const [meminfo, disk, loadavg, pidMax] = await Promise.all([
    readFile('/proc/meminfo', 'utf8'),
    statfs(rootDir),
    readFile('/proc/loadavg', 'utf8'),
    readFile('/proc/sys/kernel/pid_max', 'utf8'),
  ]);
  const memory = memInfo(meminfo);
  const processes = Number(/\d+\/(\d+)/.exec(loadavg)?.[1] ?? 0);
  const maxPids = Number(pidMax);
  return {
    memory: {
      available: memory.get('MemAvailable') ?? 0,
      capacity: memory.get('MemTotal') ?? 0,
    },
    nodefs: { available: disk.bavail * disk.bsize, capacity: disk.blocks * disk.bsize },
    nodefsInodes: { available: disk.ffree, capacity: disk.files },
    pids: { available: maxPids - processes, capacity: maxPids },
  };
}

/** The size of the file system that pods write to. */
export async function diskCapacity(rootDir: string): Promise<number> {
  const disk = await statfs(rootDir);
  return disk.blocks * disk.bsize;
}

/**
 * The machine's own address: that of the interface of the default route, else the first one that
 * is not local. Undefined when it has none.
 */
export function ownAddress(): string | undefined {
  const interfaces = networkInterfaces();
  const usable = (name: string): string | undefined =>
    interfaces[name]?.find((a) => a.family === 'IPv4' && !a.internal)?.address;
  const routes = firstLine('/proc/net/route').split('\n').slice(1);
  for (const route of routes) {
    const [name = '', destination] = route.split('\t');
    const address = destination === '00000000' ? usable(name) : undefined;
    if (address !== undefined) return address;
  }
  for (const name of Object.keys(interfaces)) {
    const address = usable(name);
    if (address !== undefined) return address;
  }
  return undefined;
}
