/** Is this machine fit for a node? Each problem is one line with the way out. */
import { execFileSync } from 'node:child_process';
import { accessSync, constants, existsSync, readFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { release } from 'node:os';
import { delimiter, join } from 'node:path';
import type { ClusterSettings } from './layout.ts';

/** Where distributions put the CNI plugins. */
const cniFolders = ['/usr/lib/cni', '/opt/cni/bin', '/usr/libexec/cni'];
const oldestKernel = [4, 19] as const;
/** Where cluster DNS listens; its service has port 53. */
export const dnsPort = 10_053;

/** The folder that holds the plugins a node needs; undefined when there is none. */
export function cniFolder(): string | undefined {
  return cniFolders.find((dir) =>
    ['bridge', 'host-local', 'loopback', 'portmap'].every((p) => existsSync(join(dir, p))),
  );
}

/** Problems that keep a node from running here. */
export function nodeProblems(settings: ClusterSettings): string[] {
  const problems: string[] = [];
  if (process.getuid?.() !== 0) {
    problems.push('a node needs root: run as root, or run only the control plane with --no-node');
  }
  const packages: readonly (readonly [string, string])[] = [
    ['containerd', 'containerd'],
    ['ctr', 'containerd'],
    ['runc', 'runc'],
    ['nft', 'nftables'],
    ['ip', 'iproute2'],
    ['mount', 'mount'],
  ];
  const missing = [...new Set(packages.filter(([tool]) => !inPath(tool)).map(([, name]) => name))];
  if (cniFolder() === undefined) missing.push('containernetworking-plugins');
  if (missing.length > 0) {
    problems.push(
      `missing on this machine: ${missing.join(', ')}; install them with: apt-get install ${missing.join(' ')}`,
    );
  }
  const [major = 0, minor = 0] = release().split('.').map(Number);
  if (major < oldestKernel[0] || (major === oldestKernel[0] && minor < oldestKernel[1])) {
    problems.push(
      `kernel ${release()} is too old: containers need ${oldestKernel.join('.')} or newer`,
    );
  }
  if (!existsSync('/sys/fs/cgroup')) {
    problems.push('no cgroup file system at /sys/fs/cgroup: mount one (cgroup v1 or v2)');
  }
  if (settings.nodeIp.startsWith('127.')) {
    problems.push(
      'this machine has no address besides loopback, which pods cannot reach: give one with --node-ip',
    );
  }
  if (problems.length === 0 && !nftWorks()) {
    problems.push(
      'nft cannot list rules: this kernel lacks nf_tables, or root lacks CAP_NET_ADMIN',
    );
  }
  return problems;
}

interface Port {
  readonly port: number;
  readonly host: string;
  readonly of: string;
}

/** The ports of the cluster's processes. */
function portsOf(settings: ClusterSettings): Port[] {
  const local = '127.0.0.1';
  const control: Port[] = [
    { port: settings.securePort, host: '0.0.0.0', of: 'the API server' },
    { port: 10_257, host: local, of: 'the controller manager' },
    { port: 10_259, host: local, of: 'the scheduler' },
  ];
  if (settings.withoutNode) return control;
  return [
    ...control,
    { port: 10_250, host: '0.0.0.0', of: 'the node agent' },
    { port: 10_248, host: local, of: "the node agent's health page" },
    { port: 10_249, host: local, of: 'the service proxy' },
    { port: 10_256, host: local, of: "the service proxy's health page" },
    { port: dnsPort, host: settings.nodeIp, of: 'cluster DNS' },
  ];
}

/** A line for each port that something else listens on. */
export async function portProblems(settings: ClusterSettings): Promise<string[]> {
  const found = await Promise.all(
    portsOf(settings).map(async ({ port, host, of }) => {
      const code = await tryListening(port, host);
      if (code === undefined) return [];
      if (code === 'EADDRNOTAVAIL') {
        return [`this machine has no address ${host}: give one that it has with --node-ip`];
      }
      if (code !== 'EADDRINUSE') return [`cannot listen on port ${port} for ${of}: ${code}`];
      const wayOut =
        port === settings.securePort
          ? 'stop what listens there, or choose another with --secure-port'
          : 'stop what listens there (another cluster or kubelet on this machine?)';
      return [`port ${port} of ${of} is in use${ownerOf(port)}: ${wayOut}`];
    }),
  );
  return found.flat();
}

function tryListening(port: number, host: string): Promise<string | undefined> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', (error: NodeJS.ErrnoException) => resolve(error.code ?? error.message));
    server.listen(port, host, () => server.close(() => resolve(undefined)));
  });
}

function ownerOf(port: number): string {
  try {
    const out = execFileSync('ss', ['-Hltnp', `sport = :${port}`], { encoding: 'utf8' });
    const m = /\(\("([^"]+)",pid=(\d+)/.exec(out);
    return m === null ? '' : ` (by ${m[1]}, pid ${m[2]})`;
  } catch {
    // No such tool: the port alone has to do.
    return '';
  }
}

/** True when an executable of this name is found. */
export function inPath(tool: string): boolean {
  return `${process.env['PATH'] ?? ''}:/usr/sbin:/sbin`.split(delimiter).some((dir) => {
    try {
      accessSync(join(dir, tool), constants.X_OK);
      return true;
    } catch {
      return false;
    }
  });
}

function nftWorks(): boolean {
  try {
    execFileSync('nft', ['list', 'tables'], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}

/** True where an unprivileged process cannot lower oom_score_adj (no CAP_SYS_RESOURCE). */
export function oomScoreRestricted(): boolean {
  const m = /^CapEff:\s+([0-9a-f]+)/m.exec(readFileSync('/proc/self/status', 'utf8'));
  const sysResource = 1n << 24n;
  return m === null || (BigInt(`0x${m[1]}`) & sysResource) === 0n;
}
