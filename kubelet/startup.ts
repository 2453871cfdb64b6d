/** What the kubelet finds out or waits for before its parts are made and started. */
import { existsSync, readFileSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { sleep } from '../client/abort.ts';
import { errorFields, type Log } from '../client/log.ts';
import { systemClock } from '../machinery/meta/clock.ts';
import { openCgroupFs } from './cgroups/cgroup-fs.ts';
import type { KubeletConfiguration } from './config/configuration.ts';
import type { KubeletIdentity } from './config/flags.ts';
import { type MachineFacts, ownAddress } from './node/machine.ts';
import type { NodeIdentity } from './node/node-status.ts';
import type { RuntimeState } from './node/runtime-state.ts';
import type { RuntimePod, RuntimeView } from './pods/runtime-view.ts';

/** Throws an Error when the configuration does not fit the machine. */
export function checkMachine(configuration: KubeletConfiguration, machine: MachineFacts): void {
  if (configuration.failSwapOn && machine.swapBytes > 0) {
    throw new Error(
      'running with swap on is not supported, please disable swap or set failSwapOn to false',
    );
  }
  if (configuration.failCgroupV1 && openCgroupFs().version === 1) {
    throw new Error('kubelet is configured to not run on a host using cgroup v1');
  }
}

/** Tells the kernel to spare this process; without privileges it stays as it is. */
export async function setOomScore(score: number, log: Log): Promise<void> {
  try {
    await writeFile('/proc/self/oom_score_adj', String(score));
  } catch (error) {
    log.debug(errorFields(error), 'own oom score not set: not privileged');
  }
}

/** How the node is named and reached. Throws an Error when it has no address. */
export function identityOf(
  identity: KubeletIdentity,
  { port }: KubeletConfiguration,
): NodeIdentity {
  const host = hostname().toLowerCase();
  const name = (identity.hostnameOverride || host).toLowerCase();
  let ips = identity.nodeIps.filter((ip) => ip !== '0.0.0.0' && ip !== '::');
  if (ips.length === 0) {
    const own = ownAddress();
    if (own === undefined) throw new Error(`can't get ip address of node ${name}: set --node-ip`);
    ips = [own];
  }
  return { name, hostname: name, ips, labels: identity.nodeLabels, port };
}

/** A file's text; undefined when it is not there. */
export function textOf(path: string): string | undefined {
  return path !== '' && existsSync(path) ? readFileSync(path, 'utf8') : undefined;
}

const connectRetryMs = 500;

/** Waits for the runtime to answer: it may start at the same time as the kubelet. */
export async function connectRuntime(
  state: RuntimeState,
  log: Log,
  signal: AbortSignal,
): Promise<void> {
  for (let said = false; !signal.aborted; said = true) {
    try {
      await state.identify();
      return;
    } catch (error) {
      if (!said) log.warn(errorFields(error), 'waiting for the container runtime');
      await sleep(systemClock, connectRetryMs, signal);
    }
  }
}

/** What runs already; empty when the signal aborts first. */
export async function listRuntime(
  view: RuntimeView,
  log: Log,
  signal: AbortSignal,
): Promise<ReadonlyMap<string, RuntimePod>> {
  while (!signal.aborted) {
    try {
      return await view.list();
    } catch (error) {
      log.warn(errorFields(error), 'runtime not listed');
      await sleep(systemClock, connectRetryMs, signal);
    }
  }
  return new Map();
}

/** Whether memory limits may be told of swap. */
export function hasSwapAccounting(version: 1 | 2): boolean {
  if (version === 1) return existsSync('/sys/fs/cgroup/memory/memory.memsw.limit_in_bytes');
  const own = /^0::(.*)$/m.exec(readFileSync('/proc/self/cgroup', 'utf8'))?.[1] ?? '';
  return existsSync(join('/sys/fs/cgroup', own, 'memory.swap.max'));
}
