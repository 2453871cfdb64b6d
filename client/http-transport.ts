/** One HTTP(S) connection pool to the API server: sends a request, hands back the response. */
import { readFile } from 'node:fs/promises';
import http from 'node:http';
import https from 'node:https';
import { serviceUnavailable } from '../machinery/meta/status-error.ts';
import type { ClientConfig } from './kubeconfig.ts';

export interface TransportRequest {
  readonly method: string;
  /** Path and query. */
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string;
  readonly signal?: AbortSignal | undefined;
  /** Without a byte for so long, the connection counts as dead. 0: no limit. */
  readonly idleTimeoutMs: number;
}

/** Where the token of each request comes from. */
export interface Bearer {
  token(): Promise<string>;
  /** The server answered 401 to it: the next one must be another. */
  refused(): void;
}

/** A server that vanishes without a word is noticed after this and ten probes a second apart. */
const keepAliveAfterMs = 15_000;
const tokenRefreshMs = 60_000;

export class HttpTransport {
  private readonly base: URL;
  private readonly secure: boolean;
  private config: ClientConfig;
  private agent: http.Agent;
  private token: { text: string; readAt: number } | undefined;
  private readonly now: () => number;
  private readonly bearer: Bearer | undefined;
  /** For those who act as somebody else: without our certificate, which would win over a token. */
  private others: HttpTransport | undefined;

  constructor(config: ClientConfig, now: () => number, bearer?: Bearer, agent?: http.Agent) {
    this.base = new URL(config.server);
    this.secure = this.base.protocol === 'https:';
    this.config = config;
    this.now = now;
    this.bearer = bearer;
    this.agent = agent ?? this.makeAgent();
  }

  /** The same server for another caller. All of them share connections; ours is not shown. */
  actingAs(bearer: Bearer): HttpTransport {
    const { cert: _, key: __, token: ___, tokenFile: ____, ...config } = this.config;
    this.others ??= new HttpTransport(config, this.now);
    return new HttpTransport(config, this.now, bearer, this.others.agent);
  }

  /** Told that the server answered 401; whether another try may fare better. */
  refused(): boolean {
    this.bearer?.refused();
    return this.bearer !== undefined;
  }

  /** New connections use these credentials; running requests end on the old ones. */
  setCredentials(credentials: Pick<ClientConfig, 'cert' | 'key' | 'token' | 'ca'>): void {
    this.config = { ...this.config, ...credentials };
    this.agent = this.makeAgent();
  }

  /** Closes idle connections; running requests must be aborted by their signals. */
  close(): void {
    this.agent.destroy();
    this.others?.close();
  }

  /** Resolves with the response once its headers are here; the caller reads or destroys it. */
  async send(request: TransportRequest): Promise<http.IncomingMessage> {
    request.signal?.throwIfAborted();
    const token = await this.bearerToken();
    const prefix = this.base.pathname.replace(/\/$/, '');
    const options: https.RequestOptions = {
      agent: this.agent,
      host: this.base.hostname.replace(/^\[|\]$/g, ''),
      port: this.base.port || (this.secure ? 443 : 80),
      method: request.method,
      path: prefix + request.path,
      headers: {
        ...request.headers,
        ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
        ...(request.body === undefined
          ? {}
          : { 'content-length': String(Buffer.byteLength(request.body)) }),
      },
    };
    return new Promise((resolve, reject) => {
      const req = (this.secure ? https : http).request(options);
      const abort = (): void => {
        req.destroy(abortError(request.signal));
      };
      request.signal?.addEventListener('abort', abort, { once: true });
      req.once('close', () => request.signal?.removeEventListener('abort', abort));
      req.on('error', reject);
      req.on('response', resolve);
      if (request.idleTimeoutMs > 0) {
        req.setTimeout(request.idleTimeoutMs, () => {
          req.destroy(serviceUnavailable('the server does not answer'));
        });
      }
      req.end(request.body);
    });
  }

  private makeAgent(): http.Agent {
    const { ca, cert, key } = this.config;
    const options: https.AgentOptions = {
      keepAlive: true,
      keepAliveMsecs: keepAliveAfterMs,
      // A burst of binds or status writes finds its connections again: a handshake costs more CPU than
      // ten requests.
      maxFreeSockets: 32,
      ...(ca === undefined ? {} : { ca }),
      ...(cert === undefined ? {} : { cert }),
      ...(key === undefined ? {} : { key }),
      ...(this.config.insecureSkipTlsVerify === true ? { rejectUnauthorized: false } : {}),
      ...(this.config.tlsServerName === undefined ? {} : { servername: this.config.tlsServerName }),
    };
    return this.secure ? new https.Agent(options) : new http.Agent(options);
  }

  private async bearerToken(): Promise<string | undefined> {
    if (this.bearer !== undefined) return this.bearer.token();
    const { tokenFile } = this.config;
    if (tokenFile === undefined) return this.config.token;
    if (this.token === undefined || this.now() - this.token.readAt >= tokenRefreshMs) {
      this.token = { text: (await readFile(tokenFile, 'utf8')).trim(), readAt: this.now() };
    }
    return this.token.text;
  }
}

function abortError(signal: AbortSignal | undefined): Error {
  const reason: unknown = signal?.reason;
  return reason instanceof Error ? reason : new DOMException('aborted', 'AbortError');
}
