/**
 * A client that asks for the same thing over many connections, as fast as it is answered. Run by
 * `flood.ts` in a process of its own; prints one line of JSON when it has ended.
 */
import { Agent, request } from 'node:https';
import { parseArgs } from 'node:util';

const { values } = parseArgs({
  options: {
    port: { type: 'string', default: '' },
    token: { type: 'string', default: '' },
    path: { type: 'string', default: '' },
    connections: { type: 'string', default: '1' },
    ms: { type: 'string', default: '1000' },
  },
});
const connections = Number(values.connections);
const agent = new Agent({ keepAlive: true, maxSockets: connections, rejectUnauthorized: false });
const codes: Record<string, number> = {};
const times: number[] = [];
let told = false;

function once(): Promise<void> {
  const startedMs = performance.now();
  return new Promise((resolve) => {
    const asked = request({
      host: '127.0.0.1',
      port: Number(values.port),
      path: values.path,
      agent,
      headers: { authorization: `Bearer ${values.token}` },
    });
    const count = (code: string) => {
      codes[code] = (codes[code] ?? 0) + 1;
      times.push(performance.now() - startedMs);
      // The flood has begun: connections stand.
      if (!told && times.length > connections) {
        told = true;
        console.log('begun');
      }
      resolve();
    };
    asked.on('response', (answer) => {
      answer.resume();
      answer.once('close', () => count(String(answer.statusCode)));
    });
    asked.once('error', () => count('error'));
    asked.end();
  });
}

const untilMs = performance.now() + Number(values.ms);
await Promise.all(
  Array.from({ length: connections }, async () => {
    while (performance.now() < untilMs) await once();
  }),
);
times.sort((a, b) => a - b);
console.log(JSON.stringify({ codes, medianMs: times[times.length >> 1] ?? 0 }));
process.exit(0);
