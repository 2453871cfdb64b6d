/** The pod network's remains: bridge, configuration, leases, rules of the host port plugin. */
import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { removePodNetwork } from '../../kubelet/network/pod-network.ts';
import { splitRule } from './forwarding.ts';
import type { Layout } from './layout.ts';
import { inPath } from './preflight.ts';

/** Takes it all away; pods must be gone. The configuration is written again at the next start. */
export async function removePodNetworkOf(layout: Layout): Promise<void> {
  await removePodNetwork({
    confDir: layout.netConf,
    binDir: '',
    ipamDir: join(layout.kubelet, 'cni', 'ipam'),
    mtu: 0,
  });
  for (const tool of ['iptables', 'ip6tables']) if (inPath(tool)) removeHostPortChains(tool);
}

/** The portmap plugin leaves its chains in the nat table; those of other nodes are not empty. */
function removeHostPortChains(tool: string): void {
  const run = (...args: string[]) =>
    execFileSync(tool, ['-w', '-t', 'nat', ...args], {
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
    });
  let rules: string[];
  try {
    rules = run('-S').split('\n');
  } catch {
    // No such table: nothing to remove.
    return;
  }
  for (const command of hostPortRemovals(rules)) run(...command);
}

const hostPortChains = ['CNI-HOSTPORT-DNAT', 'CNI-HOSTPORT-SETMARK', 'CNI-HOSTPORT-MASQ'];

/** From `iptables -S`: what removes the chains; nothing while a pod's own chain is left. */
export function hostPortRemovals(rules: readonly string[]): string[][] {
  if (rules.some((rule) => rule.startsWith('-N CNI-DN-'))) return [];
  const present = hostPortChains.filter((chain) => rules.includes(`-N ${chain}`));
  const jumps = rules
    .filter((rule) => rule.startsWith('-A ') && present.some((c) => rule.endsWith(`-j ${c}`)))
    .map((rule) => ['-D', ...splitRule(rule).slice(1)]);
  return [
    ...jumps,
    ...present.map((chain) => ['-F', chain]),
    ...present.map((chain) => ['-X', chain]),
  ];
}
