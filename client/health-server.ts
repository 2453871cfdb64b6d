/**
 * The own port of a component: health for everybody, metrics and other pages for who may read them.
 * Callers prove themselves with a bearer token that the API server reviews, as with the real
 * components.
 */
import { createServer, type RequestListener } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import type { Clock } from '../machinery/meta/clock.ts';
import type { HealthSlis } from '../machinery/pages/health-slis.ts';
import type { Client } from './client.ts';
import type { OwnPages } from './own-pages.ts';
import { subjectAccessReviews, tokenReviews } from './resources.ts';

/** A check of /healthz: undefined when fine, else what is wrong. */
export type HealthCheck = () => string | undefined;

export interface HealthServerOptions {
  readonly host: string;
  readonly port: number;
  /** PEM; left out: plain HTTP. */
  readonly tls?: { readonly cert: string; readonly key: string };
  /** Reviews callers of all but health. */
  readonly client: Client;
  readonly clock: Clock;
  readonly checks: Readonly<Record<string, HealthCheck>>;
  readonly metrics: () => Promise<string>;
  /** What else the component tells of itself. */
  readonly pages: OwnPages;
}

/** Serves until disposed; `port` is the one really taken. */
export interface HealthServer extends AsyncDisposable {
  readonly port: number;
}

const healthPaths = new Set(['/healthz', '/livez', '/readyz']);
const rememberMs = 10_000;
const limitRemembered = 100;

/** Starts listening; rejects when the port is taken. */
export async function startHealthServer(options: HealthServerOptions): Promise<HealthServer> {
  const listener = requestListener(options);
  const server =
    options.tls === undefined
      ? createServer(listener)
      : createTlsServer({ cert: options.tls.cert, key: options.tls.key }, listener);
  server.requestTimeout = 30_000;
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(options.port, options.host, resolve);
  });
  return {
    port: (server.address() as AddressInfo).port,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise<void>((resolve) => server.close(() => resolve()));
    },
  };
}

function requestListener(options: HealthServerOptions): RequestListener {
  const mayRead = reviewer(options);
  return (request, response) => {
    const url = new URL(request.url ?? '/', 'http://localhost');
    const answer = (code: number, text: string, type = 'text/plain; charset=utf-8') => {
      response.writeHead(code, { 'Content-Type': type, 'X-Content-Type-Options': 'nosniff' });
      response.end(request.method === 'HEAD' ? undefined : text);
    };
    if (request.method !== 'GET' && request.method !== 'HEAD') {
      answer(405, 'Method Not Allowed\n');
      return;
    }
    if (healthPaths.has(url.pathname)) {
      const verbose = url.searchParams.has('verbose');
      const { ok, text } = report(options.checks, verbose, url.pathname, options.pages.slis);
      answer(ok ? 200 : 500, text);
      return;
    }
    const { accept, 'user-agent': agent, authorization } = request.headers;
    const page = options.pages.answer(url.pathname, accept, agent);
    if (page === undefined && url.pathname !== '/metrics') {
      answer(404, '404 page not found\n');
      return;
    }
    void mayRead(authorization, url.pathname)
      .then(async (code) => {
        if (code !== 200) answer(code, code === 401 ? 'Unauthorized\n' : 'Forbidden\n');
        else if (page === undefined) {
          answer(200, await options.metrics(), 'text/plain; version=0.0.4; charset=utf-8');
        } else {
          response.writeHead(page.code, page.headers);
          response.end(request.method === 'HEAD' ? undefined : page.body);
        }
      })
      .catch(() => answer(500, 'Internal Server Error\n'));
  };
}

/** The text of a health page, as /healthz words it; `slis` is told how each check came out. */
export function report(
  checks: Readonly<Record<string, HealthCheck>>,
  verbose: boolean,
  path: string,
  slis: Pick<HealthSlis, 'observe'>,
): { ok: boolean; text: string } {
  const lines: string[] = [];
  let ok = true;
  for (const [name, check] of Object.entries(checks)) {
    const problem = check();
    if (problem !== undefined) ok = false;
    slis.observe(name, path.slice(1), problem === undefined);
    lines.push(problem === undefined ? `[+]${name} ok` : `[-]${name} failed: reason withheld`);
  }
  const page = path.slice(1);
  if (ok && !verbose) return { ok, text: 'ok' };
  lines.push(ok ? `${page} check passed` : `${page} check failed`, '');
  return { ok, text: lines.join('\n') };
}

type Review = (authorization: string | undefined, path: string) => Promise<200 | 401 | 403>;

/** Asks the API server who calls and whether they may; answers are kept for a moment. */
function reviewer({ client, clock }: HealthServerOptions): Review {
  const remembered = new Map<string, { code: 200 | 401 | 403; untilMs: number }>();
  return async (authorization, path) => {
    const token = /^Bearer (.+)$/.exec(authorization ?? '')?.[1];
    if (token === undefined) return 401;
    const asked = `${path} ${token}`;
    const known = remembered.get(asked);
    if (known !== undefined && known.untilMs > clock.now()) return known.code;
    const code = await review(client, token, path);
    if (remembered.size >= limitRemembered) remembered.clear();
    remembered.set(asked, { code, untilMs: clock.now() + rememberMs });
    return code;
  };
}

async function review(client: Client, token: string, path: string): Promise<200 | 401 | 403> {
  const who = await client.create(tokenReviews, { spec: { token } });
  const user = who.status?.user;
  if (who.status?.authenticated !== true || user === undefined) return 401;
  const may = await client.create(subjectAccessReviews, {
    spec: {
      user: user.username ?? '',
      groups: user.groups ?? [],
      nonResourceAttributes: { path, verb: 'get' },
    },
  });
  return may.status?.allowed === true ? 200 : 403;
}
