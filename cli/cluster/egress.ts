/**
 * The way out for pods: an nftables table of its own that gives their packets to other machines
 * this machine's address. Its name is the cluster's.
 */
import { execFileSync } from 'node:child_process';
import type { ClusterSettings } from './layout.ts';

const table = 'k8ts-egress';

/** The table as nft reads it; loading it again replaces it. */
export function egressRules(podCidr: string): string {
  const family = podCidr.includes(':') ? 'ip6' : 'ip';
  return `table ${family} ${table}
delete table ${family} ${table}
table ${family} ${table} {
  chain postrouting {
    type nat hook postrouting priority srcnat; policy accept;
    ${family} saddr ${podCidr} ${family} daddr != ${podCidr} fib daddr type != local masquerade
  }
}
`;
}

export function addEgress(settings: ClusterSettings): void {
  execFileSync('nft', ['-f', '-'], { input: egressRules(settings.podCidr) });
}

export function removeEgress(): void {
  for (const family of ['ip', 'ip6']) {
    const script = `table ${family} ${table}\ndelete table ${family} ${table}\n`;
    execFileSync('nft', ['-f', '-'], { input: script });
  }
}
