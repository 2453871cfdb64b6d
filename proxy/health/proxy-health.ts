/** Whether the proxy keeps up with changes, and its /healthz, /livez and /metrics ports. */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Clock } from '../../machinery/meta/clock.ts';
import type { Node } from '../../machinery/schema/wire.ts';

/** A change not carried out for this long makes the proxy unhealthy. */
const limitMs = 2 * 60_000;
/** The cluster autoscaler is about to remove a node with this taint. */
const toBeDeletedTaint = 'ToBeDeletedByClusterAutoscaler';

export class ProxyHealth {
  readonly #clock: Clock;
  #updatedMs: number;
  #pendingSinceMs: number | undefined;

  constructor(clock: Clock) {
    this.#clock = clock;
    this.#updatedMs = clock.now();
  }

  /** A change waits to be carried out. */
  queued(): void {
    this.#pendingSinceMs ??= this.#clock.now();
  }

  /** All changes are carried out. */
  updated(): void {
    this.#pendingSinceMs = undefined;
    this.#updatedMs = this.#clock.now();
  }

  get healthy(): boolean {
    return this.#pendingSinceMs === undefined || this.#clock.now() - this.#pendingSinceMs < limitMs;
  }

  /** The answer of /healthz (with the node) and of /livez (without). */
  report(node?: { readonly now: Node | undefined }): { code: number; body: object } {
    const eligible = node === undefined ? undefined : isEligible(node.now);
    const healthy = this.healthy && eligible !== false;
    const now = this.#clock.now();
    return {
      code: healthy ? 200 : 503,
      body: {
        lastUpdated: new Date(healthy ? now : this.#updatedMs).toISOString(),
        currentTime: new Date(now).toISOString(),
        ...(eligible === undefined ? {} : { nodeEligible: eligible }),
        healthy,
      },
    };
  }
}

function isEligible(node: Node | undefined): boolean {
  if (node === undefined || node.metadata?.deletionTimestamp !== undefined) return false;
  return !node.spec?.taints?.some((taint) => taint.key === toBeDeletedTaint);
}

/** What a path answers to who asks so. */
export type Page = (request: Pick<IncomingMessage, 'headers'>) => {
  code: number;
  type: string;
  body: string | Promise<string>;
  headers?: Readonly<Record<string, string>>;
};

/** A plain HTTP port with a few pages; rejects when the port is taken. */
export async function servePages(
  host: string,
  port: number,
  pages: Readonly<Record<string, Page>>,
): Promise<AsyncDisposable & { readonly port: number }> {
  const server = createServer((request, response) => {
    const path = new URL(request.url ?? '/', 'http://localhost').pathname;
    void answer(request, response, Object.hasOwn(pages, path) ? pages[path] : undefined);
  });
  server.requestTimeout = 30_000;
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, host, resolve);
  });
  return {
    port: (server.address() as AddressInfo).port,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise<void>((resolve) => server.close(() => resolve()));
    },
  };
}

async function answer(
  request: IncomingMessage,
  response: ServerResponse,
  page: Page | undefined,
): Promise<void> {
  const nosniff = { 'X-Content-Type-Options': 'nosniff' };
  if (page === undefined) {
    response.writeHead(404, nosniff).end('404 page not found\n');
    return;
  }
  try {
    const { code, type, body, headers } = page(request);
    const text = await body;
    response.writeHead(code, { 'Content-Type': type, ...nosniff, ...headers }).end(text);
  } catch {
    response.writeHead(500, nosniff).end('Internal Server Error\n');
  }
}
