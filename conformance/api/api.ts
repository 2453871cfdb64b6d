/** A plain HTTPS client of a server under test: what goes out and comes in is not interpreted. */
import type { IncomingHttpHeaders, IncomingMessage } from 'node:http';
import { Agent, request } from 'node:https';

export interface ApiOptions {
  readonly port: number;
  readonly token: string;
}

export interface Answer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
}

export interface SendOptions {
  readonly headers?: Readonly<Record<string, string>>;
  /** Sent as it is when it is bytes or text, as JSON otherwise. */
  readonly body?: unknown;
  /** Give up after this time. Default 30 seconds. */
  readonly timeoutMs?: number;
}

/** What clients read of any object. */
export interface ApiObject {
  kind?: string;
  apiVersion?: string;
  metadata: {
    name: string;
    namespace?: string;
    uid?: string;
    resourceVersion: string;
    continue?: string;
    remainingItemCount?: number;
    labels?: Record<string, string>;
    annotations?: Record<string, string>;
  };
  data?: Record<string, string>;
  items?: ApiObject[];
  code?: number;
  reason?: string;
  message?: string;
}

export class Api {
  readonly #options: ApiOptions;
  readonly #agent = new Agent({ keepAlive: true, maxSockets: 64, rejectUnauthorized: false });

  constructor(options: ApiOptions) {
    this.#options = options;
  }

  /** Sends a request and reads the whole answer; rejects when the connection fails. */
  async send(method: string, path: string, options: SendOptions = {}): Promise<Answer> {
    const { body } = options;
    const raw = body === undefined || typeof body === 'string' || Buffer.isBuffer(body);
    const bytes = raw ? body : JSON.stringify(body);
    const response = await this.open(method, path, {
      ...options,
      body: bytes,
      headers: {
        ...(raw ? {} : { 'content-type': 'application/json' }),
        ...options.headers,
      },
    });
    const chunks: Buffer[] = [];
    for await (const chunk of response) chunks.push(chunk as Buffer);
    return {
      status: response.statusCode ?? 0,
      headers: response.headers,
      body: Buffer.concat(chunks),
    };
  }

  /** Sends a JSON request; returns the status and the object answered. */
  async call(
    method: string,
    path: string,
    body?: unknown,
    headers: Readonly<Record<string, string>> = {},
  ): Promise<{ status: number; object: ApiObject }> {
    const answer = await this.send(method, path, { body, headers });
    return { status: answer.status, object: JSON.parse(answer.body.toString()) as ApiObject };
  }

  /** Sends a request; the answer's body is still to be read. `fresh`: on a connection of its own. */
  open(
    method: string,
    path: string,
    options: SendOptions & { fresh?: boolean } = {},
  ): Promise<IncomingMessage> {
    return new Promise((resolve, reject) => {
      const req = request({
        host: '127.0.0.1',
        port: this.#options.port,
        method,
        path,
        agent: options.fresh === true ? false : this.#agent,
        rejectUnauthorized: false,
        headers: {
          authorization: `Bearer ${this.#options.token}`,
          // Node does not announce the body of a DELETE by itself.
          ...(options.body === undefined
            ? {}
            : { 'content-length': Buffer.byteLength(options.body as string | Buffer) }),
          ...options.headers,
        },
        timeout: options.timeoutMs ?? 30_000,
      });
      req.once('response', (response) => {
        // A connection that breaks later ends the body.
        response.on('error', () => {});
        resolve(response);
      });
      req.on('error', reject);
      req.once('timeout', () => req.destroy(new Error(`no answer to ${method} ${path}`)));
      req.end(options.body);
    });
  }

  /** Sends a request on a connection of its own and breaks it off after `ms`. */
  abort(method: string, path: string, body: unknown, ms: number): Promise<void> {
    return new Promise((resolve) => {
      const req = request({
        host: '127.0.0.1',
        port: this.#options.port,
        method,
        path,
        agent: false,
        rejectUnauthorized: false,
        headers: {
          authorization: `Bearer ${this.#options.token}`,
          ...(body === undefined ? {} : { 'content-type': 'application/json' }),
        },
      });
      req.on('error', () => {});
      req.on('response', (response) => response.on('error', () => {}).resume());
      req.once('close', () => resolve());
      req.once('socket', (socket) =>
        socket.once('secureConnect', () => {
          if (body === undefined) req.end();
          // Half of what is announced.
          else req.setHeader('content-length', '1000').end(JSON.stringify(body));
          setTimeout(() => req.destroy(), ms);
        }),
      );
    });
  }

  close(): void {
    this.#agent.destroy();
  }
}
