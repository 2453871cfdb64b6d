/**
 * The floor of the benchmark: Node's own https server with fixed bodies of the sizes that the API
 * server's answers have. What it costs, no API server on it can cost less.
 *
 *   node hack/bench-floor.ts PORT CERTIFICATE KEY '{"get_pod":3100,...}'
 */
import { readFileSync } from 'node:fs';
import { createServer } from 'node:https';

const [port, cert, key, sizes] = process.argv.slice(2) as [string, string, string, string];
const bodies = new Map(
  Object.entries(JSON.parse(sizes) as Record<string, number>).map(([row, size]) => [
    row,
    Buffer.alloc(size, 'x'),
  ]),
);
const small = Buffer.from('{"metadata":{"name":"x"}}');

/** The row of the load generator that a request belongs to. */
function rowOf(url: string): string {
  if (url.includes('labelSelector=')) return 'list_selector_1pct';
  if (url.includes('fieldSelector=')) return 'list_by_node';
  if (url.includes('limit=500')) return 'list_limit500';
  if (url.endsWith('resourceVersion=0')) return 'list_all_pods';
  return url.endsWith('/pods') ? 'list_consistent' : 'get_pod';
}

createServer({ cert: readFileSync(cert), key: readFileSync(key) }, (request, response) => {
  request.resume();
  const table = request.headers.accept?.includes('as=Table') ?? false;
  const row = table ? 'list_table' : rowOf(request.url ?? '');
  const body = request.method === 'GET' ? (bodies.get(row) ?? small) : small;
  response.writeHead(request.method === 'POST' ? 201 : 200, {
    'Content-Type': 'application/json',
    'Content-Length': body.length,
  });
  response.end(body);
}).listen(Number(port), '127.0.0.1');
