/** Runs an API server of its own for a test: a real process on loopback, which can be killed. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { type AddressInfo, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Api } from './api.ts';
import { Inspector } from './inspector.ts';

const program = fileURLToPath(new URL('../../cli/k8ts', import.meta.url));
/** A server that needs longer to start is broken. */
const startLimitMs = 60_000;

export interface ApiProcessOptions {
  /** `http://127.0.0.1:2379`; the embedded store unless given. */
  readonly etcd?: string;
  /** Makes `inspector` work. */
  readonly inspect?: boolean;
  /** Lines of the token file beside the administrator's. */
  readonly tokens?: readonly string[];
  /** Further flags. */
  readonly flags?: readonly string[];
}

/** An API server with a folder of its own; the token of `api` is an administrator's. */
export class ApiProcess implements AsyncDisposable {
  readonly folder: string;
  readonly port: number;
  readonly api: Api;
  readonly #options: ApiProcessOptions;
  #child: ChildProcess | undefined;
  #log = '';
  #inspector: Inspector | undefined;

  /** Starts one and waits until it is ready. */
  static async start(options: ApiProcessOptions = {}): Promise<ApiProcess> {
    const server = new ApiProcess(options, await freePort());
    try {
      await server.restart();
      return server;
    } catch (error) {
      await server[Symbol.asyncDispose]();
      throw error;
    }
  }

  private constructor(options: ApiProcessOptions, port: number) {
    this.#options = options;
    this.port = port;
    this.folder = mkdtempSync(join(tmpdir(), 'k8ts-api-'));
    const tokens = ['test,admin,1,"system:masters"', ...(options.tokens ?? [])];
    writeFileSync(join(this.folder, 'tokens'), `${tokens.join('\n')}\n`);
    this.api = new Api({ port, token: 'test' });
  }

  /** Where the embedded store stands. */
  get dataDir(): string {
    return join(this.folder, 'data');
  }

  /** What it has written to its standard error and output, the last part. */
  get log(): string {
    return this.#log;
  }

  /** Whether the process lives. */
  get alive(): boolean {
    return this.#child?.exitCode === null && this.#child.signalCode === null;
  }

  /** The processor's time that it has used, in milliseconds: other than a clock's, its own. */
  get cpuMs(): number {
    // Behind the name, which may hold anything: user and system time in hundredths of a second.
    const fields = readFileSync(`/proc/${this.#child!.pid}/stat`, 'utf8').split(') ').at(-1)!;
    const [user, system] = fields.split(' ').slice(11, 13).map(Number);
    return (user! + system!) * 10;
  }

  /** Starts it (again) on its data and waits until it is ready. */
  async restart(): Promise<void> {
    const { etcd, inspect, flags = [] } = this.#options;
    const child = spawn(
      program,
      [
        'apiserver',
        `--data-dir=${this.dataDir}`,
        `--secure-port=${this.port}`,
        '--bind-address=127.0.0.1',
        `--token-auth-file=${join(this.folder, 'tokens')}`,
        '--service-cluster-ip-range=10.0.0.0/16',
        '--log-level=warn',
        ...(etcd === undefined ? [] : [`--etcd-servers=${etcd}`]),
        ...flags,
      ],
      {
        stdio: ['ignore', 'pipe', 'pipe'],
        env: {
          ...process.env,
          ...(inspect === true ? { NODE_OPTIONS: '--inspect=127.0.0.1:0' } : {}),
        },
      },
    );
    this.#child = child;
    const kill = () => child.kill('SIGKILL');
    process.once('exit', kill);
    child.once('exit', () => process.off('exit', kill));
    const keep = (text: Buffer) => {
      this.#log = (this.#log + text.toString()).slice(-100_000);
    };
    child.stdout.on('data', keep);
    child.stderr.on('data', keep);
    await this.#ready();
    if (inspect !== true) return;
    const addresses = this.#log.match(/ws:\/\/\S+/g);
    this.#inspector = await Inspector.connect(addresses!.at(-1)!);
  }

  /** Ends it at once, as a crash does. */
  async kill(): Promise<void> {
    await this.signal('SIGKILL');
  }

  /** Sends a signal and waits until the process has ended. */
  async signal(name: 'SIGKILL' | 'SIGTERM'): Promise<void> {
    this.#inspector?.close();
    this.#inspector = undefined;
    const child = this.#child;
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return;
    const exited = once(child, 'exit');
    child.kill(name);
    await exited;
  }

  /** Stands still, or goes on. */
  pause(still: boolean): void {
    this.#child?.kill(still ? 'SIGSTOP' : 'SIGCONT');
  }

  /** Looks into the process, when `inspect` was asked for. */
  get inspector(): Inspector {
    return this.#inspector!;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.api.close();
    await this.kill();
    rmSync(this.folder, { recursive: true, force: true });
  }

  async #ready(): Promise<void> {
    const until = Date.now() + startLimitMs;
    while (Date.now() < until) {
      if (!this.alive) throw new Error(`the API server ended at start: ${this.#log}`);
      const answer = await this.api.send('GET', '/readyz').catch(() => undefined);
      if (answer?.status === 200) return;
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    throw new Error(`the API server did not become ready: ${this.#log}`);
  }
}

/** A port of loopback that nobody listens on. */
export function freePort(): Promise<number> {
  return new Promise((resolve) => {
    const probe = createServer().listen(0, '127.0.0.1', () => {
      const { port } = probe.address() as AddressInfo;
      probe.close(() => resolve(port));
    });
  });
}
