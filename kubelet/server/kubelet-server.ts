/** The kubelet's HTTPS server: who may ask, what for, and who answers. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import { createServer, type Server } from 'node:https';
import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { errorFields, type Log } from '../../client/log.ts';
import type { OwnPages } from '../../client/own-pages.ts';
import type { PodStatus } from '../../machinery/schema/wire.ts';
import { portOf } from '../../machinery/streaming/port-forward-spdy.ts';
import { refuse, UpgradeRefused } from '../../machinery/streaming/upgrade.ts';
import { errorText } from '../cri/cri-error.ts';
import type { Runtime } from '../cri/runtime.ts';
import { findContainer, type NodePod } from '../pods/pod.ts';
import { latestContainer } from '../pods/pod-state.ts';
import type { PodWorker } from '../pods/worker.ts';
import type { Authentication } from './authentication.ts';
import { type Authorization, accessOf } from './authorization.ts';
import { serveLogs } from './container-logs.ts';
import { streamFlags } from './exec-params.ts';
import { answerHealth, type HealthChecks } from './health.ts';
import { sendJson, sendText } from './http-answer.ts';
import { stream } from './streaming/streaming.ts';
import { secureOptions, type TlsOptions } from './tls-options.ts';

export interface KubeletServerOptions {
  readonly log: Log;
  readonly runtime: Runtime;
  readonly authentication: Authentication;
  readonly authorization: Authorization;
  /** Logs, exec, attach, port-forward. */
  readonly debuggingHandlers: boolean;
  readonly idleMs: number;
  /** Pods by name; the worker knows what runs. */
  readonly find: (namespace: string, name: string, uid?: string) => PodWorker | undefined;
  readonly pods: () => readonly NodePod[];
  readonly statusOf: (uid: string) => PodStatus | undefined;
  /** What else the kubelet tells of itself. */
  readonly pages: OwnPages;
  /** The present configuration, as `/configz` shows it. */
  readonly configz: () => unknown;
  readonly checks: HealthChecks;
  /** Texts in the Prometheus format, by path below `/metrics`. */
  readonly metrics: Readonly<Record<string, () => Promise<string>>>;
  readonly statsSummary: (onlyCpuAndMemory: boolean) => Promise<unknown>;
}

const maxBodyBytes = 64 * 1024;

export class KubeletServer {
  private readonly options: KubeletServerOptions;
  private readonly connections = new Set<Socket>();
  private server: Server | undefined;

  constructor(options: KubeletServerOptions) {
    this.options = options;
  }

  /** Listens until `close`. */
  listen(tls: TlsOptions, host: string, port: number): Promise<void> {
    const server = createServer(secureOptions(tls), (req, res) => {
      void this.answer(req, res);
    });
    server.on('upgrade', (req, socket, head) => {
      void this.upgrade(req, socket, head);
    });
    // A connection that breaks during the handshake is nobody's concern.
    server.on('tlsClientError', () => undefined);
    server.on('connection', (socket: Socket) => {
      this.connections.add(socket);
      socket.once('close', () => this.connections.delete(socket));
    });
    this.server = server;
    return new Promise((resolve, reject) => {
      server.once('error', reject);
      server.listen(port, host, () => {
        server.removeListener('error', reject);
        resolve();
      });
    });
  }

  /** New connections see the new certificates. */
  renew(tls: TlsOptions): void {
    this.server?.setSecureContext(secureOptions(tls));
  }

  /** Stops listening and breaks what is open, streams too: those are no longer the server's. */
  close(): void {
    this.server?.close();
    for (const socket of this.connections) socket.destroy();
  }

  /** Undefined: go on. */
  private async refusal(
    req: IncomingMessage,
    path: string,
  ): Promise<{ status: number; text: string } | undefined> {
    const { authentication, authorization, log } = this.options;
    try {
      const user = await authentication.user(req);
      if (user === undefined) return { status: 401, text: 'Unauthorized' };
      const text = await authorization.refusal(user, accessOf(req.method ?? '', path));
      return text === undefined ? undefined : { status: 403, text };
    } catch (error) {
      log.warn(errorFields(error), 'access not checked');
      const text = `Authorization error (${(error as Error).message})`;
      return { status: 500, text };
    }
  }

  private async answer(req: IncomingMessage, res: ServerResponse): Promise<void> {
    const url = new URL(req.url ?? '/', 'https://kubelet');
    const refusal = await this.refusal(req, url.pathname);
    if (refusal !== undefined) {
      sendText(res, refusal.status, refusal.text);
      return;
    }
    try {
      await this.route(req, res, url);
    } catch (error) {
      this.options.log.error({ ...errorFields(error), path: url.pathname }, 'request failed');
      if (!res.headersSent) sendText(res, 500, (error as Error).message);
      else res.destroy();
    }
  }

  private async route(req: IncomingMessage, res: ServerResponse, url: URL): Promise<void> {
    const { options } = this;
    const [, first = '', ...rest] = url.pathname.replace(/\/$/, '').split('/');
    switch (first) {
      case 'healthz':
        return answerHealth(res, options.checks, rest[0], options.pages.slis);
      case 'pods':
        return sendJson(res, this.podList(options.pods()));
      case 'runningpods':
        return sendJson(res, this.podList(options.pods().filter((p) => this.runs(p))));
      case 'configz':
        return sendJson(res, options.configz());
      case 'flagz':
      case 'statusz':
        if (rest.length > 0) break;
        return this.ownPage(req, res, `/${first}`);
      case 'metrics': {
        if (rest.join('/') === 'slis') return this.ownPage(req, res, '/metrics/slis');
        const render = options.metrics[rest.join('/')];
        if (render === undefined) break;
        res.setHeader('content-type', 'text/plain; version=0.0.4; charset=utf-8');
        res.end(await render());
        return;
      }
      case 'stats':
        if (rest[0] !== 'summary') break;
        return sendJson(
          res,
          await options.statsSummary(url.searchParams.get('only_cpu_and_memory') === 'true'),
        );
      case 'containerLogs':
        if (!options.debuggingHandlers) break;
        return this.logs(req, res, url, rest);
      case 'run':
        if (!options.debuggingHandlers || req.method !== 'POST') break;
        return this.runCommand(req, res, url, rest);
      case 'exec':
      case 'attach':
      case 'portForward':
        if (!options.debuggingHandlers) break;
        return sendText(res, 400, 'unable to upgrade: missing upgrade headers in request');
    }
    sendText(res, 404, '404: Page Not Found\n');
  }

  private ownPage({ headers }: IncomingMessage, res: ServerResponse, path: string): void {
    const page = this.options.pages.answer(path, headers.accept, headers['user-agent'])!;
    res.writeHead(page.code, page.headers).end(page.body);
  }

  private podList(pods: readonly NodePod[]): unknown {
    const items = pods.map((pod) => ({
      ...pod,
      status: this.options.statusOf(pod.metadata.uid) ?? pod.status ?? {},
    }));
    return { kind: 'PodList', apiVersion: 'v1', metadata: {}, items };
  }

  private runs(pod: NodePod): boolean {
    const { name, namespace, uid } = pod.metadata;
    const worker = this.options.find(namespace, name, uid);
    return worker?.observed.containers.some((c) => c.state === 'running') ?? false;
  }

  private logs(
    req: IncomingMessage,
    res: ServerResponse,
    url: URL,
    [namespace = '', name = '', container = '']: string[],
  ): Promise<void> | void {
    const worker = this.options.find(namespace, name);
    if (worker === undefined) {
      sendText(res, 404, `pod ${JSON.stringify(name)} does not exist`);
      return;
    }
    const { pod } = worker;
    const status = this.options.statusOf(worker.uid) ?? pod.status ?? {};
    const { runtime } = this.options;
    const query = url.searchParams;
    return serveLogs({ req, res, query, pod, status, container, runtime });
  }

  /** `/run/NAMESPACE/POD[/UID]/CONTAINER` with `cmd`. */
  private async runCommand(
    req: IncomingMessage,
    res: ServerResponse,
    url: URL,
    parts: string[],
  ): Promise<void> {
    const body = new URLSearchParams(await readBody(req));
    const command = (body.get('cmd') ?? url.searchParams.get('cmd') ?? '').split(' ');
    const target = this.containerOf(parts);
    if (typeof target === 'string') {
      sendText(res, 404, target);
      return;
    }
    try {
      const { stdout, stderr, exitCode } = await this.options.runtime.call('ExecSync', {
        containerId: target.id,
        cmd: command,
      });
      const output = Buffer.concat([stdout, stderr]).toString();
      if (exitCode === 0) sendText(res, 200, output);
      else sendText(res, 500, `command '${command.join(' ')}' exited with ${exitCode}: ${output}`);
    } catch (error) {
      sendText(res, 500, errorText(error));
    }
  }

  /** The running container that a path names, or what is wrong. */
  private containerOf(parts: readonly string[]): { id: string; pod: NodePod } | string {
    const [namespace = '', name = ''] = parts;
    const uid = parts.length > 3 ? parts[2] : undefined;
    const container = parts.at(-1) ?? '';
    const worker = this.options.find(namespace, name, uid);
    if (worker === undefined) return `pod does not exist`;
    if (findContainer(worker.pod, container) === undefined) {
      return `container not found (${JSON.stringify(container)})`;
    }
    const seen = latestContainer(worker.observed, container);
    if (seen?.state !== 'running') return `container not found (${JSON.stringify(container)})`;
    return { id: seen.id, pod: worker.pod };
  }

  private async upgrade(req: IncomingMessage, socket: Duplex, head: Buffer): Promise<void> {
    socket.on('error', () => socket.destroy());
    const url = new URL(req.url ?? '/', 'https://kubelet');
    const refusal = await this.refusal(req, url.pathname);
    if (refusal !== undefined) {
      refuse(socket, refusal.status, refusal.text);
      return;
    }
    const [, kind = '', ...parts] = url.pathname.replace(/\/$/, '').split('/');
    if (!this.options.debuggingHandlers) {
      refuse(socket, 404, '404: Page Not Found\n');
      return;
    }
    if (kind !== 'exec' && kind !== 'attach' && kind !== 'portForward') {
      refuse(socket, 404, '404: Page Not Found\n');
      return;
    }
    const query = url.searchParams;
    const asked = [...query.getAll('port'), ...query.getAll('ports')]
      .flatMap((p) => p.split(','))
      .map((text) => ({ text, port: portOf(text) }));
    const bad = asked.find(({ port }) => port === undefined);
    if (bad !== undefined) {
      refuse(socket, 400, `unable to parse ${JSON.stringify(bad.text)} as a port`);
      return;
    }
    const ports = asked.map(({ port }) => port!);
    await stream({
      req,
      socket,
      head,
      kind,
      ports,
      flags: streamFlags(query),
      idleMs: this.options.idleMs,
      url: (port) => this.runtimeUrl(kind, parts, query, port === undefined ? ports : [port]),
    });
  }

  /** Throws UpgradeRefused for what is not there. */
  private async runtimeUrl(
    kind: 'exec' | 'attach' | 'portForward',
    parts: readonly string[],
    query: URLSearchParams,
    ports: readonly number[],
  ): Promise<string> {
    const { runtime } = this.options;
    const refusal = (status: number, text: string) => new UpgradeRefused(status, {}, text);
    try {
      if (kind === 'portForward') {
        const [namespace = '', name = '', uid] = parts;
        const sandbox = this.options.find(namespace, name, uid)?.observed.sandboxes[0];
        if (sandbox === undefined) throw refusal(404, 'pod does not exist');
        return (await runtime.call('PortForward', { podSandboxId: sandbox.id, port: ports })).url;
      }
      const target = this.containerOf(parts);
      if (typeof target === 'string') throw refusal(404, target);
      const { stdin, stdout, stderr, tty } = streamFlags(query);
      if (!stdin && !stdout && !stderr) {
        throw refusal(400, 'you must specify at least 1 of stdin, stdout, stderr');
      }
      const streams = { containerId: target.id, stdin, stdout, stderr, tty };
      if (kind === 'attach') return (await runtime.call('Attach', streams)).url;
      const cmd = query.getAll('command');
      return (await runtime.call('Exec', { ...streams, cmd })).url;
    } catch (error) {
      if (error instanceof UpgradeRefused) throw error;
      throw refusal(500, errorText(error));
    }
  }
}

async function readBody(req: IncomingMessage): Promise<string> {
  const parts: Buffer[] = [];
  let size = 0;
  for await (const part of req as AsyncIterable<Buffer>) {
    size += part.length;
    if (size > maxBodyBytes) throw new Error('request body is too large');
    parts.push(part);
  }
  return Buffer.concat(parts).toString();
}
