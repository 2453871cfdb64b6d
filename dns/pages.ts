/** The plain HTTP ports for health, readiness and metrics. */
import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/** What a path answers. */
export type Page = () => { readonly code: number; readonly body: string | Promise<string> };

/** Serves on all addresses until disposed; rejects when the port is taken. */
export async function servePages(
  port: number,
  pages: Readonly<Record<string, Page>>,
): Promise<AsyncDisposable & { readonly port: number }> {
  const server = createServer((request, response) => {
    const path = new URL(request.url ?? '/', 'http://localhost').pathname;
    void answer(response, Object.hasOwn(pages, path) ? pages[path] : undefined);
  });
  server.requestTimeout = 30_000;
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, resolve);
  });
  return {
    port: (server.address() as AddressInfo).port,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise<void>((resolve) => server.close(() => resolve()));
    },
  };
}

async function answer(response: ServerResponse, page: Page | undefined): Promise<void> {
  const headers = { 'Content-Type': 'text/plain; charset=utf-8' };
  try {
    const { code, body } = page?.() ?? { code: 404, body: '404 page not found\n' };
    const text = await body;
    response.writeHead(code, headers).end(text);
  } catch {
    response.writeHead(500, headers).end('Internal Server Error\n');
  }
}
