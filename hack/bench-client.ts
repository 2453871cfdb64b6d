/** Requests of the benchmarks to an API server on this machine, on connections that stay. */
import { Agent, type RequestOptions, request } from 'node:https';
import { token } from './bench-server.ts';

/** How many requests are under way at once. */
const connections = 32;

const agent = new Agent({ keepAlive: true, maxSockets: connections });

/** What was opened for the benchmark and is still open. */
const watches = new Set<{ destroy(): void }>();

/** The body of the answer; throws for one that is an error. */
export function call(
  port: number,
  method: string,
  path: string,
  body?: object,
  type = 'application/json',
): Promise<string> {
  return new Promise((resolve, reject) => {
    const headers = body === undefined ? {} : { 'Content-Type': type };
    const req = request({ agent, ...options(port, method, path, headers) }, (response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.on('error', reject);
      response.on('end', () => {
        const text = Buffer.concat(chunks).toString();
        if (response.statusCode! < 300) resolve(text);
        else reject(new Error(`${method} ${path}: ${response.statusCode} ${text}`));
      });
    });
    req.on('error', reject);
    req.end(body === undefined ? undefined : JSON.stringify(body));
  });
}

/** Starts a watch on a connection of its own; resolves with its milliseconds when it has begun. */
export function watch(port: number, path: string): Promise<number> {
  const started = performance.now();
  return new Promise((resolve, reject) => {
    const req = request({ agent: false, ...options(port, 'GET', path, {}) }, (response) => {
      resolve(performance.now() - started);
      response.on('error', () => {});
      response.resume();
    });
    watches.add(req);
    req.on('error', reject);
    req.end();
  });
}

/** Ends all watches. */
export function endWatches(): void {
  for (const req of watches) req.destroy();
  watches.clear();
}

/** Ends all connections. */
export function disconnect(): void {
  endWatches();
  agent.destroy();
}

/** As many workers as there are connections. */
export function together(work: () => Promise<void>): Promise<unknown> {
  return Promise.all(Array.from({ length: connections }, work));
}

function options(
  port: number,
  method: string,
  path: string,
  headers: Record<string, string>,
): RequestOptions {
  return {
    port,
    method,
    path,
    rejectUnauthorized: false,
    headers: { Authorization: `Bearer ${token}`, Accept: 'application/json', ...headers },
  };
}
