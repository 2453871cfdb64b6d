/** The machine that the cluster runs on: namespaces of its own, see sandbox.sh. */
import { readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Layout } from '../../cli/cluster/layout.ts';
import { type Background, background, type CommandOptions, run, tryRun } from './command.ts';

export const root = fileURLToPath(new URL('../..', import.meta.url));
const script = fileURLToPath(new URL('./sandbox.sh', import.meta.url));

/** What a machine has, to compare before and after. */
export type Inventory = Readonly<Record<string, readonly string[]>>;

const kernelSettings = [
  'net.ipv4.ip_forward',
  'net.ipv6.conf.all.forwarding',
  'net.bridge.bridge-nf-call-iptables',
  'net.bridge.bridge-nf-call-ip6tables',
  'net.ipv4.conf.all.route_localnet',
];

export class Machine {
  readonly address: string;
  private readonly enter: readonly string[];

  private constructor(pid: string, address: string) {
    this.address = address;
    const namespaces = ['--net', '--mount', '--uts', '--pid'];
    // nsenter stays in front of what it started: that ends when nsenter does.
    const end = ['setpriv', '--pdeathsig', 'TERM'];
    this.enter = ['nsenter', '-t', pid, ...namespaces, '--', ...end, 'env', '-C', root];
  }

  /** Makes one; `folder` is for its own files. */
  static async create(folder: string, name: string, address: string): Promise<Machine> {
    await run([script, 'up', folder, name, `${address}/24`]);
    const outer = readFileSync(join(folder, 'sandbox.pid'), 'utf8').trim();
    return new Machine((await run(['pgrep', '-P', outer])).trim(), address);
  }

  /** A command line as it has to be written to run there. */
  inside(argv: readonly string[]): string[] {
    return [...this.enter, ...argv];
  }

  run(argv: readonly string[], options?: CommandOptions): Promise<string> {
    return run(this.inside(argv), options);
  }

  tryRun(argv: readonly string[], options?: CommandOptions) {
    return tryRun(this.inside(argv), options);
  }

  background(argv: readonly string[]): Background {
    return background(this.inside(argv));
  }

  sh(text: string): Promise<string> {
    return this.run(['bash', '-c', text]);
  }

  /** The body of a page; throws unless it is there within `timeoutMs`. */
  fetch(url: string, timeoutMs = 3000): Promise<string> {
    const program = `fetch(process.argv[1], { signal: AbortSignal.timeout(${timeoutMs}) })
      .then(async (r) => { if (!r.ok) throw new Error(r.status); console.log(await r.text()); })
      .catch((e) => { console.error(e.cause?.message ?? e.message); process.exit(1); })`;
    return this.run([process.execPath, '-e', program, url]);
  }

  /** Everything that a cluster could leave behind. */
  async inventory(dataDir: string): Promise<Inventory> {
    const group = basename(new Layout(dataDir).cgroup);
    const lines = async (text: string) =>
      (await this.sh(text)).split('\n').filter((line) => line !== '');
    return {
      // Those that look, and kernel threads' names, are of no interest.
      processes: (await lines('ps -eo args')).filter((l) => !/^(ps|bash -c ps|COMMAND)/.test(l)),
      mounts: await lines("awk '{print $5}' /proc/self/mountinfo"),
      devices: await lines("ip -o link | awk '{print $2}'"),
      routes: await lines('ip route; ip -6 route'),
      rules: await lines('nft list ruleset'),
      namespaces: await lines("lsns -n -o TYPE,PID | sort | awk '{print $1}' | uniq -c"),
      // Control groups are those of the whole machine: other clusters may come and go beside this.
      cgroups: await lines(
        `ls -d /sys/fs/cgroup/${group} /sys/fs/cgroup/*/${group} 2>/dev/null || true`,
      ),
      sockets: await lines('find /run/containerd /var/lib/cni -type f -o -type s'),
      run: await lines(`ls ${dataDir}/run 2>/dev/null | grep -v settings.json || true`),
      settings: await lines(`sysctl ${kernelSettings.join(' ')} 2>/dev/null || true`),
    };
  }
}

/** What the second has and the first has not, and the other way round; empty when nothing. */
export function differences(before: Inventory, after: Inventory): string[] {
  return Object.keys(before).flatMap((what) => {
    const [a, b] = [before[what] ?? [], after[what] ?? []];
    return [
      ...b.filter((line) => !a.includes(line)).map((line) => `${what}: left behind: ${line}`),
      ...a.filter((line) => !b.includes(line)).map((line) => `${what}: gone: ${line}`),
    ];
  });
}
