/**
 * Sets up the node's pod network for the runtime's CNI plugins: forwarding, the bridge, and the
 * configuration file, which is written last since it makes the node ready.
 */
import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { bridgeName, cniConfig, configFile } from './cni-config.ts';

/** What is done to the machine. */
export interface NetworkHost {
  run(file: string, args: readonly string[]): Promise<unknown>;
  /** `path` below /proc/sys. */
  setSysctl(path: string, value: string): Promise<void>;
}

const thisHost: NetworkHost = {
  run: promisify(execFile),
  async setSysctl(path, value) {
    const file = join('/proc/sys', path);
    if (!existsSync(file)) return;
    if ((await readFile(file, 'utf8')).trim() !== value) await writeFile(file, value);
  },
};

export interface PodNetworkOptions {
  readonly confDir: string;
  readonly binDir: string;
  readonly ipamDir: string;
  /** 0: what the default is. */
  readonly mtu: number;
}

/** Leaves room for a tunnel's headers on an ordinary network. */
const defaultMtu = 1400;
const requiredPlugins = ['bridge', 'host-local', 'portmap', 'loopback'];

/** Kernel settings a bridged pod network needs; those a kernel does not have are skipped. */
const sysctls: readonly (readonly [path: string, value: string])[] = [
  ['net/ipv4/ip_forward', '1'],
  ['net/ipv6/conf/all/forwarding', '1'],
  // Packets between pods of one bridge pass the service rules too.
  ['net/bridge/bridge-nf-call-iptables', '1'],
  ['net/bridge/bridge-nf-call-ip6tables', '1'],
];

/** The bridge before the first pod: a failed first ADD would leave it with a passing address. */
async function makeBridge(mtu: number, host: NetworkHost): Promise<void> {
  try {
    await host.run('ip', ['link', 'add', bridgeName, 'type', 'bridge']);
  } catch (error) {
    // /sys shows the interfaces of the namespace it was mounted in: only ip knows for sure.
    if (!String(error).includes('File exists')) throw error;
  }
  await host.run('ip', ['link', 'set', bridgeName, 'mtu', String(mtu), 'up']);
}

/** Makes everything ready for pods of these CIDRs; again with others it changes over. */
export async function setUpPodNetwork(
  options: PodNetworkOptions,
  podCidrs: readonly string[],
  host: NetworkHost = thisHost,
): Promise<void> {
  const { confDir, binDir, ipamDir } = options;
  const missing = requiredPlugins.filter((p) => !existsSync(join(binDir, p)));
  if (missing.length > 0) {
    throw new Error(`CNI plugins are missing in ${binDir}: ${missing.join(', ')}`);
  }
  const mtu = options.mtu || defaultMtu;
  for (const [name, value] of sysctls) await host.setSysctl(name, value);
  await makeBridge(mtu, host);
  const bandwidth = existsSync(join(binDir, 'bandwidth'));
  const text = cniConfig({ podCidrs, mtu, ipamDir, bandwidth });
  const path = join(confDir, configFile);
  const before = existsSync(path) ? await readFile(path, 'utf8') : text;
  if (before === text && existsSync(path)) return;
  // The bridge plugin adds no second address: the one of the old range goes.
  if (before !== text) await host.run('ip', ['addr', 'flush', 'dev', bridgeName]);
  await mkdir(confDir, { recursive: true });
  await mkdir(ipamDir, { recursive: true });
  // The folder is watched: the file must be whole the moment it is there.
  await writeFile(`${path}.new`, text);
  await rename(`${path}.new`, path);
}

/** Takes away what was set up; pods must be gone. */
export async function removePodNetwork(
  options: PodNetworkOptions,
  host: NetworkHost = thisHost,
): Promise<void> {
  await rm(join(options.confDir, configFile), { force: true });
  await rm(options.ipamDir, { recursive: true, force: true });
  try {
    await host.run('ip', ['link', 'del', bridgeName]);
  } catch (error) {
    if (!String(error).includes('Cannot find device')) throw error;
  }
}
