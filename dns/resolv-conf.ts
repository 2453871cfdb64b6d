/** The node's resolver settings: which servers to ask for names outside the cluster. */
import { isIP } from 'node:net';

/** A server to ask. */
export interface Upstream {
  readonly address: string;
  readonly port: number;
}

/** The libc asks no more than three; neither do we. */
const limitUpstreams = 3;

/** The servers a resolv.conf names; those in `own` are this very server and are left out. */
export function parseResolvConf(text: string, own: ReadonlySet<string>): Upstream[] {
  const upstreams: Upstream[] = [];
  for (const line of text.split('\n')) {
    const [word, address] = line.trim().split(/\s+/);
    if (word !== 'nameserver' || address === undefined) continue;
    // A zone (`fe80::1%eth0`) belongs to the address.
    if (isIP(address.split('%', 1)[0]!) === 0 || own.has(address)) continue;
    upstreams.push({ address, port: 53 });
  }
  return upstreams.slice(0, limitUpstreams);
}

/** `address`, `address:port` or `[address]:port`; throws when it is neither. */
export function parseUpstream(text: string): Upstream {
  if (isIP(text) !== 0) return { address: text, port: 53 };
  const match = /^\[?([^\]]+)\]?:(\d+)$/.exec(text);
  const port = Number(match?.[2]);
  if (match === null || isIP(match[1]!) === 0 || port < 1 || port > 65_535) {
    throw new Error(`not an address of a DNS server: ${text}`);
  }
  return { address: match[1]!, port };
}
