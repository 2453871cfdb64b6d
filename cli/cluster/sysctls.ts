/**
 * Kernel settings that a node changes (kubelet, service proxy, CNI plugins): remembered before the
 * node starts, put back when it has gone.
 */
import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Layout } from './layout.ts';

/** Below /proc/sys. Those of devices go with the devices. */
const changed: readonly string[] = [
  'net/ipv4/ip_forward',
  'net/ipv6/conf/all/forwarding',
  'net/bridge/bridge-nf-call-iptables',
  'net/bridge/bridge-nf-call-ip6tables',
  'net/ipv4/conf/all/route_localnet',
  'vm/overcommit_memory',
  'vm/panic_on_oom',
  'kernel/panic',
  'kernel/panic_on_oops',
  'kernel/keys/root_maxkeys',
  'kernel/keys/root_maxbytes',
];

/** Writes down what holds now, unless an earlier start that was killed did so already. */
export function rememberSysctls(layout: Layout, root = '/proc/sys'): void {
  if (existsSync(layout.sysctls)) return;
  const values: Record<string, string> = {};
  for (const name of changed) {
    const value = read(join(root, name));
    if (value !== undefined) values[name] = value;
  }
  writeFileSync(layout.sysctls, `${JSON.stringify(values, null, 2)}\n`);
}

/** Puts back what differs. */
export function restoreSysctls(layout: Layout, root = '/proc/sys'): void {
  if (!existsSync(layout.sysctls)) return;
  const values = JSON.parse(readFileSync(layout.sysctls, 'utf8')) as Record<string, string>;
  const failed: string[] = [];
  for (const [name, value] of Object.entries(values)) {
    const now = read(join(root, name));
    if (now === undefined || now === value) continue;
    try {
      writeFileSync(join(root, name), value);
    } catch {
      failed.push(`${name.replaceAll('/', '.')}=${value}`);
    }
  }
  rmSync(layout.sysctls);
  if (failed.length > 0) throw new Error(`could not set back ${failed.join(', ')}`);
}

function read(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8').trim();
  } catch {
    // This kernel does not have it.
    return undefined;
  }
}
