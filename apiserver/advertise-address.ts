/**
 * The address that the cluster reaches this server at when `--advertise-address` does not say: the
 * one it is bound to, else that of the interface with the default route.
 */
import { readFileSync } from 'node:fs';
import { type NetworkInterfaceInfo, networkInterfaces } from 'node:os';

type Interfaces = Readonly<Record<string, readonly NetworkInterfaceInfo[] | undefined>>;

const loopback = '127.0.0.1';

/** Looks at the machine; loopback, which nobody is told of, when it has no network. */
export function defaultAdvertiseAddress(bindAddress: string): string {
  return chooseAddress(bindAddress, networkInterfaces(), defaultRouteInterfaces(routes()));
}

/** What this machine reaches a server by that is bound to `bindAddress`, as it stands in a URL. */
export function reachableAddress(bindAddress: string): string {
  if (isUnspecified(bindAddress)) return loopback;
  return bindAddress.includes(':') ? `[${bindAddress}]` : bindAddress;
}

/** The pure part: `preferred` are names of interfaces, the best first. */
export function chooseAddress(
  bindAddress: string,
  interfaces: Interfaces,
  preferred: readonly string[],
): string {
  if (!isUnspecified(bindAddress) && !isLoopback(bindAddress)) return bindAddress;
  const names = [...new Set([...preferred, ...Object.keys(interfaces)])];
  for (const name of names) {
    const found = interfaces[name]?.find(
      (a) => a.family === 'IPv4' && !a.internal && !a.address.startsWith('169.254.'),
    );
    if (found !== undefined) return found.address;
  }
  return loopback;
}

/** Interfaces of default routes, in the form of /proc/net/route. */
export function defaultRouteInterfaces(table: string): string[] {
  return table
    .split('\n')
    .slice(1)
    .map((line) => line.split(/\s+/))
    .filter(([, destination, , , , , , mask]) => destination === '00000000' && mask === '00000000')
    .map(([name]) => name!);
}

function routes(): string {
  try {
    return readFileSync('/proc/net/route', 'utf8');
  } catch {
    // Not Linux, or no IPv4: any interface will do.
    return '';
  }
}

function isUnspecified(address: string): boolean {
  return address === '0.0.0.0' || address === '::' || address === '';
}

function isLoopback(address: string): boolean {
  return address.startsWith('127.') || address === '::1';
}
