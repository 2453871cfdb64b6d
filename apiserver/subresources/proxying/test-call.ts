/** For tests: a front server that makes subresource calls of its requests, and a backend. */
import { createServer, type IncomingMessage, type RequestListener, type Server } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { StatusError } from '../../../machinery/meta/status-error.ts';
import type { SubresourceAnswer, SubresourceCall } from '../../registry/subresource.ts';
import { type Backend, createTransport, type Transport } from './backend.ts';

/** A call as the chain would make it; `prefix` is what stands before the rest of the path. */
export function callFor(request: IncomingMessage, prefix: string): SubresourceCall {
  const [path = '', query = ''] = (request.url ?? '').split('?');
  const abort = new AbortController();
  request.socket.once('close', () => abort.abort());
  return {
    verb: 'get',
    method: request.method ?? 'GET',
    namespace: 'ns',
    name: 'p',
    rest: decodeURIComponent(path.slice(prefix.length)).replace(/\/$/, ''),
    query: new URLSearchParams(query),
    user: { name: 'alice', groups: [] },
    context: undefined as never,
    body: undefined,
    validate: () => Promise.resolve(),
    signal: abort.signal,
    request,
  };
}

/** Servers that end together. */
export class Servers implements AsyncDisposable {
  readonly #open: Server[] = [];
  readonly #transports: Transport[] = [];
  readonly #sockets = new Set<Socket>();

  /** Listens on a free port of loopback; the port. */
  async listen(
    listener: RequestListener,
    upgrade?: (request: IncomingMessage, socket: Duplex, head: Buffer) => void,
  ): Promise<number> {
    const server = createServer(listener);
    if (upgrade !== undefined) server.on('upgrade', upgrade);
    server.on('connection', (socket) => this.#sockets.add(socket));
    this.#open.push(server);
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    return (server.address() as AddressInfo).port;
  }

  backend(port: number): Backend {
    const transport = createTransport({});
    this.#transports.push(transport);
    return { protocol: 'http', host: '127.0.0.1', port: String(port), transport };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const t of this.#transports) t.plain.destroy();
    for (const s of this.#sockets) s.destroy();
    await Promise.all(this.#open.map((s) => new Promise((resolve) => s.close(resolve))));
  }
}

/** Answers with what a subresource's `handle` gives. */
export function answering(
  handle: (request: IncomingMessage) => Promise<SubresourceAnswer>,
): RequestListener {
  return (request, response) => {
    handle(request).then(
      (answer) => {
        if ('object' in answer) throw new Error('a stream was expected');
        response.writeHead(answer.code, answer.headers as Record<string, string | string[]>);
        answer.stream.pipe(response);
      },
      (e: unknown) => {
        const { code, message } = e instanceof StatusError ? e : { code: 500, message: String(e) };
        response.writeHead(code).end(message);
      },
    );
  };
}
