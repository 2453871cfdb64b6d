/** The cluster under test: started by `k8ts up` on a machine, used through kubectl and helm. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Background, type CommandOptions, type CommandResult, eventually } from './command.ts';
import type { Machine } from './machine.ts';
import type { Tools } from './tools.ts';

export interface ClusterOptions {
  readonly machine: Machine;
  readonly dataDir: string;
  readonly images: string;
  readonly tools: Tools;
  /** Home of kubectl and helm: their caches stay out of the user's. */
  readonly home: string;
}

const startLimitMs = 120_000;

export class Cluster {
  readonly machine: Machine;
  readonly dataDir: string;
  readonly tools: Tools;
  private readonly options: ClusterOptions;
  private supervisor: Background | undefined;

  constructor(options: ClusterOptions) {
    this.options = options;
    this.machine = options.machine;
    this.dataDir = options.dataDir;
    this.tools = options.tools;
  }

  get kubeconfig(): string {
    return join(this.dataDir, 'kubeconfig/admin.conf');
  }

  /** Starts and waits until it says that it runs; returns what it wrote. */
  async up(...flags: string[]): Promise<string> {
    const { dataDir, images } = this.options;
    const argv = ['cli/k8ts', 'up', '--data-dir', dataDir, '--images', images, ...flags];
    this.supervisor = this.machine.background(argv);
    await this.supervisor.until(/The cluster runs/, startLimitMs);
    return this.supervisor.output();
  }

  /** What the supervisor wrote. */
  said(): string {
    return this.supervisor?.output() ?? '';
  }

  /** Resolves when the supervisor has said so. */
  async says(pattern: RegExp, timeoutMs?: number): Promise<void> {
    await this.supervisor?.until(pattern, timeoutMs);
  }

  down(): Promise<string> {
    return this.machine.run(['cli/k8ts', 'down', '--data-dir', this.dataDir]);
  }

  /** Ctrl-C at the terminal of the supervisor. */
  async interrupt(): Promise<void> {
    await this.machine.run(['kill', '-INT', await this.pidOf('supervisor')]);
    await this.supervisor?.until(/stopped/);
  }

  /** Of a process, as the machine numbers it. */
  async pidOf(name: string): Promise<string> {
    return readFileSync(join(this.dataDir, 'run', `${name}.pid`), 'utf8').trim();
  }

  /** kill -9; `again` waits until another has taken its place. */
  async kill(name: string, again = true): Promise<void> {
    const pid = await this.pidOf(name);
    await this.machine.run(['kill', '-9', pid]);
    if (!again) return;
    await eventually(async () => {
      if ((await this.pidOf(name)) === pid) throw new Error(`${name} was not started again`);
    });
  }

  /** A kubectl for a namespace: of version `client` if told; `env` as `NAME=value`. */
  kubectl(namespace: string, client = this.tools.kubectl, env: readonly string[] = []): Kubectl {
    const { home } = this.options;
    const program = ['env', `HOME=${home}`, `KUBECONFIG=${this.kubeconfig}`, ...env, client];
    return new Kubectl(this.machine, [...program, '--namespace', namespace]);
  }

  helm(namespace: string, ...args: string[]): Promise<string> {
    const { home, machine } = { home: this.options.home, machine: this.machine };
    const env = [`HOME=${home}`, `KUBECONFIG=${this.kubeconfig}`];
    const argv = ['env', '-C', home, ...env, this.tools.helm, '--namespace', namespace, ...args];
    return machine.run(argv, { timeoutMs: 120_000 });
  }

  /** The runtime's own view: `ctr` in the namespace of pods. */
  ctr(...args: string[]): Promise<string> {
    const socket = join(this.dataDir, 'containerd/containerd.sock');
    return this.machine.run(['ctr', '-a', socket, '-n', 'k8s.io', ...args]);
  }
}

/** kubectl with a kubeconfig and a namespace. */
export class Kubectl {
  private readonly machine: Machine;
  private readonly program: readonly string[];

  constructor(machine: Machine, program: readonly string[]) {
    this.machine = machine;
    this.program = program;
  }

  /** Runs; throws when it fails. */
  run(args: readonly string[], options?: CommandOptions): Promise<string> {
    return this.machine.run([...this.program, ...args], options);
  }

  tryRun(args: readonly string[], options?: CommandOptions): Promise<CommandResult> {
    return this.machine.tryRun([...this.program, ...args], options);
  }

  background(...args: string[]): Background {
    return this.machine.background([...this.program, ...args]);
  }

  /** The same with a line to read, again and again. */
  backgroundTold(line: string, ...args: string[]): Background {
    const program = [...this.program, ...args].map(quote).join(' ');
    const lines = `while echo ${quote(line)}; do sleep 0.3; done`;
    return this.machine.background(['bash', '-c', `exec ${program} < <(${lines})`]);
  }

  /** With a terminal of 33 lines of 111 characters; `input` is typed. */
  terminal(args: readonly string[], input: string): Promise<string> {
    const line = [...this.program, ...args].map(quote).join(' ');
    // A terminal whose input ended at once would end the shell before it has answered.
    const typed = `(sleep 0.5; printf %s ${quote(input)}; sleep 1) | script -qec ${quote(`stty rows 33 cols 111; ${line}`)} /dev/null`;
    return this.machine.sh(typed);
  }

  apply(manifest: string, ...flags: string[]): Promise<string> {
    return this.run(['apply', ...flags, '-f', '-'], { input: manifest });
  }

  /** A field, by JSONPath. */
  async field(what: string, path: string): Promise<string> {
    return (await this.run(['get', ...what.split(' '), '-o', `jsonpath=${path}`])).trim();
  }
}

const quote = (text: string): string => `'${text.replaceAll("'", `'\\''`)}'`;
