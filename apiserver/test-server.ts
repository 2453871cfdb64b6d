/** A whole API server for tests: in this process, on the embedded store, on a port of its own. */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import type { IncomingHttpHeaders } from 'node:http';
import { request as httpsRequest } from 'node:https';
import type { AddressInfo } from 'node:net';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { run } from './main.ts';
import { type ApiServerOptions, defaultOptions } from './options.ts';

export interface TestAnswer {
  readonly code: number;
  readonly headers: IncomingHttpHeaders;
  readonly text: string;
  /** The text as JSON. */
  json<T = Record<string, unknown>>(): T;
}

export interface TestRequest {
  readonly method?: string;
  readonly token?: string;
  /** Values of one name stand in a list. */
  readonly headers?: Readonly<Record<string, string | readonly string[]>>;
  readonly body?: unknown;
  /** Client certificate, PEM. */
  readonly cert?: string;
  readonly key?: string;
}

export interface TestServer extends AsyncDisposable {
  readonly url: string;
  readonly dataDir: string;
  ask(path: string, request?: TestRequest): Promise<TestAnswer>;
}

/** The token of a user in `system:masters`. */
export const adminToken = 'admin-token';

/** Starts a server; `dispose` ends it and removes what it stored. */
export async function startTestServer(
  options: (dataDir: string) => Partial<ApiServerOptions>,
): Promise<TestServer> {
  const dataDir = mkdtempSync(join(tmpdir(), 'k8ts-apiserver-test-'));
  const stop = new AbortController();
  try {
    const server = await run(
      {
        ...defaultOptions,
        logLevel: 'silent',
        bindAddress: '127.0.0.1',
        dataDir,
        securePort: await freePort(),
        ...options(dataDir),
      },
      stop.signal,
    );
    const ca = readFileSync(join(dataDir, 'ca.crt'), 'utf8');
    return {
      url: server.url,
      dataDir,
      ask: (path, request = {}) => ask(new URL(path, server.url), ca, request),
      async [Symbol.asyncDispose]() {
        stop.abort();
        await server.ended;
        rmSync(dataDir, { recursive: true, force: true });
      },
    };
  } catch (e) {
    rmSync(dataDir, { recursive: true, force: true });
    throw e;
  }
}

function ask(url: URL, ca: string, r: TestRequest): Promise<TestAnswer> {
  const body = r.body === undefined ? undefined : JSON.stringify(r.body);
  const { promise, resolve, reject } = Promise.withResolvers<TestAnswer>();
  const headers: Record<string, string | string[]> = {
    ...(r.token === undefined ? {} : { Authorization: `Bearer ${r.token}` }),
    ...(body === undefined
      ? {}
      : { 'Content-Type': 'application/json', 'Content-Length': String(Buffer.byteLength(body)) }),
  };
  for (const [name, value] of Object.entries(r.headers ?? {})) {
    headers[name] = typeof value === 'string' ? value : [...value];
  }
  const request = httpsRequest(
    url,
    {
      method: r.method ?? (body === undefined ? 'GET' : 'POST'),
      ca,
      headers,
      // Each request shows its own certificate, or none.
      agent: false,
      ...(r.cert === undefined ? {} : { cert: r.cert }),
      ...(r.key === undefined ? {} : { key: r.key }),
    },
    (response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.once('error', reject);
      response.once('end', () => {
        const text = Buffer.concat(chunks).toString('utf8');
        resolve({
          code: response.statusCode ?? 0,
          headers: response.headers,
          text,
          json: <T>() => JSON.parse(text) as T,
        });
      });
    },
  );
  request.once('error', reject);
  request.end(body);
  return promise;
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}
