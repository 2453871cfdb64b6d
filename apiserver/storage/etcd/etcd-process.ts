/** Runs an etcd of its own for a test or a measurement, on loopback with a folder of its own. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** PEM files: etcd then serves TLS and asks its clients for certificates. */
export interface EtcdProcessTls {
  readonly ca: string;
  readonly cert: string;
  readonly key: string;
}

/** An etcd that can be killed and started again on its data. */
export class EtcdProcess implements AsyncDisposable {
  readonly server: string;
  readonly #folder: string;
  readonly #peer: string;
  readonly #tls: string[] = [];
  #child: ChildProcess | undefined;

  /** Starts one on free ports; rejects with a clear message when there is no etcd. */
  static async start(tls?: EtcdProcessTls): Promise<EtcdProcess> {
    const folder = await mkdtemp(join(tmpdir(), 'k8ts-etcd-'));
    const [client, peer] = await freePorts(2);
    const etcd = new EtcdProcess(folder, client!, peer!, tls);
    try {
      await etcd.restart();
      return etcd;
    } catch (error) {
      await rm(folder, { recursive: true });
      throw error;
    }
  }

  private constructor(
    folder: string,
    clientPort: number,
    peerPort: number,
    tls: EtcdProcessTls | undefined,
  ) {
    this.#folder = folder;
    this.server = `${tls === undefined ? 'http' : 'https'}://127.0.0.1:${clientPort}`;
    if (tls !== undefined) {
      this.#tls = ['--cert-file', tls.cert, '--key-file', tls.key];
      this.#tls.push('--client-cert-auth', '--trusted-ca-file', tls.ca);
    }
    this.#peer = `http://127.0.0.1:${peerPort}`;
  }

  /** Starts it (again) and waits until it serves. */
  async restart(): Promise<void> {
    const child = spawn(
      'etcd',
      [
        ...['--data-dir', join(this.#folder, 'data')],
        ...['--listen-client-urls', this.server, '--advertise-client-urls', this.server],
        ...['--listen-peer-urls', this.#peer, '--initial-advertise-peer-urls', this.#peer],
        ...['--initial-cluster', `default=${this.#peer}`, '--logger', 'zap'],
        // Elects itself at once rather than after a second.
        ...['--heartbeat-interval', '10', '--election-timeout', '100'],
        ...this.#tls,
      ],
      { stdio: ['ignore', 'ignore', 'pipe'] },
    );
    this.#child = child;
    const kill = () => child.kill('SIGKILL');
    process.once('exit', kill);
    child.once('exit', () => process.off('exit', kill));
    let log = '';
    await new Promise<void>((resolve, reject) => {
      child.once('error', (error) => {
        const hint = 'install etcd (etcd-server), or set K8TS_SKIP_ETCD=1 to do without';
        reject(new Error(`etcd cannot be started (${error.message}): ${hint}`));
      });
      child.once('exit', () => reject(new Error(`etcd has ended: ${log.slice(-2000)}`)));
      child.stderr.on('data', (text: Buffer) => {
        if (log.length < 100_000) log += text;
        if (/serving client (traffic|requests)/.test(log)) resolve();
      });
    });
  }

  /** Ends it at once, as a crash does. */
  async kill(): Promise<void> {
    const child = this.#child;
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return;
    const exited = once(child, 'exit');
    child.kill('SIGKILL');
    await exited;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.kill();
    await rm(this.#folder, { recursive: true });
  }
}

async function freePorts(count: number): Promise<number[]> {
  const servers = Array.from({ length: count }, () => createServer().listen(0, '127.0.0.1'));
  const ports = await Promise.all(
    servers.map(async (server) => {
      await once(server, 'listening');
      const address = server.address();
      return typeof address === 'object' ? (address?.port ?? 0) : 0;
    }),
  );
  await Promise.all(servers.map((server) => new Promise((closed) => server.close(closed))));
  return ports;
}
