/** The /etc/hosts that the kubelet writes for the containers of a pod: pure text. */
import type { NodePod } from '../pods/pod.ts';
import type { PodHostname } from './hostname.ts';

const header = '# Kubernetes-managed hosts file.\n';
const hostNetworkHeader = '# Kubernetes-managed hosts file (host network).\n';
const fixed = [
  '127.0.0.1\tlocalhost',
  '::1\tlocalhost ip6-localhost ip6-loopback',
  'fe00::0\tip6-localnet',
  'fe00::0\tip6-mcastprefix',
  'fe00::1\tip6-allnodes',
  'fe00::2\tip6-allrouters',
].join('\n');

type HostAliases = NonNullable<NodePod['spec']['hostAliases']>;

function aliasLines(aliases: HostAliases): string {
  if (aliases.length === 0) return '';
  const lines = aliases.map((a) => `${a.ip}\t${(a.hostnames ?? []).join('\t')}\n`);
  return `\n# Entries added by HostAliases.\n${lines.join('')}`;
}

/** For a pod with addresses of its own. */
export function podHosts(ips: readonly string[], name: PodHostname, aliases: HostAliases): string {
  const { hostname, domain } = name;
  const names = domain === '' ? hostname : `${hostname}.${domain}\t${hostname}`;
  const own = ips.map((ip) => `${ip}\t${names}\n`).join('');
  return `${header}${fixed}\n${own}${aliasLines(aliases)}`;
}

/** For a pod on the host's network: the host's file and the aliases. */
export function hostNetworkHosts(nodeHosts: string, aliases: HostAliases): string {
  return `${hostNetworkHeader}${nodeHosts}${aliasLines(aliases)}`;
}
