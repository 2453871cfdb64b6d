/**
 * The way out for pods: an nftables table of its own that gives their packets to other machines
 * this machine's address; and the way through a firewall that forwards nothing, as Docker's does.
 */
import { execFileSync } from 'node:child_process';
import type { ClusterSettings } from './layout.ts';
import { inPath } from './preflight.ts';

const table = 'k8ts-egress';
const chain = 'FORWARD';
/** By this the rules in somebody else's chain are known again. */
const comment = 'k8ts pods';

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

/** Lets packets of pods out and through. */
export function addForwarding({ podCidr }: ClusterSettings): void {
  execFileSync('nft', ['-f', '-'], { input: egressRules(podCidr) });
  const tool = podCidr.includes(':') ? 'ip6tables' : 'iptables';
  const rules = listForward(tool);
  if (!rules.includes(`-P ${chain} DROP`)) return;
  removeOurs(tool, rules);
  for (const end of ['-s', '-d']) {
    iptables(
      tool,
      '-I',
      chain,
      end,
      podCidr,
      '-m',
      'comment',
      '--comment',
      comment,
      '-j',
      'ACCEPT',
    );
  }
}

/** Takes back what was added. */
export function removeForwarding(): void {
  for (const family of ['ip', 'ip6']) {
    const script = `table ${family} ${table}\ndelete table ${family} ${table}\n`;
    execFileSync('nft', ['-f', '-'], { input: script });
  }
  for (const tool of ['iptables', 'ip6tables']) removeOurs(tool, listForward(tool));
}

function removeOurs(tool: string, rules: readonly string[]): void {
  for (const rule of ownRules(rules)) iptables(tool, ...rule);
}

/** From `iptables -S`: what removes this cluster's rules. */
export function ownRules(rules: readonly string[]): string[][] {
  return rules
    .filter((rule) => rule.startsWith(`-A ${chain} `) && rule.includes(`--comment "${comment}"`))
    .map((rule) => ['-D', ...splitRule(rule).slice(1)]);
}

/** Words of a rule; those with spaces are in quotes. */
export function splitRule(rule: string): string[] {
  return (rule.match(/"[^"]*"|\S+/g) ?? []).map((word) => word.replace(/^"|"$/g, ''));
}

/** Empty where there is no iptables, or nobody uses it. */
function listForward(tool: string): string[] {
  if (!inPath(tool)) return [];
  try {
    return iptables(tool, '-S', chain).split('\n');
  } catch {
    // A kernel without the tables has no rules in them.
    return [];
  }
}

function iptables(tool: string, ...args: string[]): string {
  return execFileSync(tool, ['-w', ...args], {
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'ignore'],
  });
}
