/**
 * What a node changes on the machine without owning it (by the kubelet, the service proxy, CNI
 * plugins): remembered before the node starts, put back when it has gone.
 */
import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Layout } from './layout.ts';

/** Kernel settings, below /proc/sys. Those of devices go with the devices. */
const settings: readonly string[] = [
  'net/ipv4/ip_forward',
  'net/ipv6/conf/all/forwarding',
  'net/bridge/bridge-nf-call-iptables',
  'net/bridge/bridge-nf-call-ip6tables',
  'net/ipv4/conf/all/route_localnet',
];

/** Kernel modules that a node needs; many kernels have them built in. */
const modules: readonly (readonly [name: string, present: () => boolean])[] = [
  ['overlay', () => /\toverlay$/m.test(read('/proc/filesystems') ?? '')],
  // Packets between pods on one bridge have to pass the service rules.
  ['br_netfilter', () => existsSync('/proc/sys/net/bridge')],
];

/** Tables that the host port plugin makes iptables make. */
const iptablesTables: readonly string[] = ['ip nat', 'ip6 nat'];

interface MachineState {
  readonly settings: Readonly<Record<string, string>>;
  /** Those of `iptablesTables` that were there. */
  readonly tables: readonly string[];
  /** Those of `modules` that had to be loaded. */
  readonly loaded: readonly string[];
}

/**
 * Loads kernel modules and writes down what holds now, unless an earlier start that was killed did
 * so already.
 */
export function rememberMachine(layout: Layout, root = '/proc/sys'): void {
  const loaded = loadModules();
  if (existsSync(layout.machineState)) return;
  const state: MachineState = {
    loaded,
    settings: Object.fromEntries(
      settings.flatMap((name) => {
        const value = read(join(root, name));
        return value === undefined ? [] : [[name, value]];
      }),
    ),
    tables: presentTables(),
  };
  writeFileSync(layout.machineState, `${JSON.stringify(state, null, 2)}\n`);
}

/** Puts back what differs. */
export function restoreMachine(layout: Layout, root = '/proc/sys'): void {
  if (!existsSync(layout.machineState)) return;
  const before = JSON.parse(readFileSync(layout.machineState, 'utf8')) as MachineState;
  for (const table of presentTables()) {
    if (!before.tables.includes(table) && isEmpty(nft('-j', 'list', 'table', table))) {
      nft('delete', 'table', table);
    }
  }
  const failed: string[] = [];
  for (const [name, value] of Object.entries(before.settings)) {
    const now = read(join(root, name));
    if (now === undefined || now === value) continue;
    try {
      writeFileSync(join(root, name), value);
    } catch {
      failed.push(`${name.replaceAll('/', '.')}=${value}`);
    }
  }
  for (const name of before.loaded) tryCommand('modprobe', '-r', name);
  if (failed.length > 0) throw new Error(`could not set back ${failed.join(', ')}`);
  rmSync(layout.machineState);
}

function loadModules(): string[] {
  const missing = modules.filter(([, present]) => !present()).map(([name]) => name);
  return missing.filter((name) => tryCommand('modprobe', name));
}

/** False where the tool is missing or fails; what needs its work says so more clearly. */
function tryCommand(program: string, ...args: string[]): boolean {
  try {
    execFileSync(program, args, { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}

function presentTables(): string[] {
  const present = nft('list', 'tables').split('\n');
  return iptablesTables.filter((table) => present.includes(`table ${table}`));
}

/** True when a table, as `nft -j` lists it, has only its hooks: nobody uses it. */
export function isEmpty(json: string): boolean {
  const { nftables } = JSON.parse(json) as { nftables: Record<string, Record<string, unknown>>[] };
  return nftables.every(
    (item) =>
      item['metainfo'] !== undefined ||
      item['table'] !== undefined ||
      item['chain']?.['hook'] !== undefined,
  );
}

function nft(...args: string[]): string {
  return execFileSync('nft', args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] });
}

function read(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8').trim();
  } catch {
    // This kernel does not have it.
    return undefined;
  }
}
