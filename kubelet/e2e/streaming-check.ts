/**
 * Checks exec and port-forward of a running kubelet by hand:
 *   streaming-check.ts https://NODE:10250 NAMESPACE/POD/CONTAINER CLIENT.crt CLIENT.key
 */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { request } from 'node:https';
import type { Socket } from 'node:net';
import { WebSocket } from 'ws';
import { SpdySession } from '../../machinery/streaming/spdy-session.ts';

const [base = '', target = '', certFile = '', keyFile = ''] = process.argv.slice(2);
const tls = { cert: readFileSync(certFile), key: readFileSync(keyFile), rejectUnauthorized: false };

interface Outcome {
  stdout: string;
  stderr: string;
  status: { status?: string; details?: { causes?: { reason: string; message: string }[] } };
}

/** `input` is sent and then standard input is closed. */
function execWebSocket(protocol: string, command: string[], input?: Buffer): Promise<Outcome> {
  const query = new URLSearchParams(command.map((c) => ['command', c]));
  for (const name of ['output', 'error', ...(input ? ['input'] : [])]) query.set(name, '1');
  const ws = new WebSocket(
    `${base.replace('https', 'wss')}/exec/${target}?${query}`,
    protocol,
    tls,
  );
  const out: Record<number, Buffer[]> = { 1: [], 2: [], 3: [] };
  return new Promise((resolve, reject) => {
    ws.on('open', () => {
      if (!input) return;
      for (let at = 0; at < input.length; at += 60_000) {
        ws.send(Buffer.concat([Buffer.from([0]), input.subarray(at, at + 60_000)]));
      }
      ws.send(Buffer.from([255, 0]));
    });
    ws.on('message', (data: Buffer) => out[data[0]!]?.push(data.subarray(1)));
    ws.on('error', reject);
    ws.on('close', () => {
      const text = (n: number): string => Buffer.concat(out[n]!).toString();
      resolve({ stdout: text(1), stderr: text(2), status: JSON.parse(text(3) || '{}') });
    });
  });
}

function upgrade(path: string, protocol: string): Promise<SpdySession> {
  return new Promise((resolve, reject) => {
    const req = request(`${base}${path}`, {
      ...tls,
      method: 'POST',
      agent: false,
      headers: {
        connection: 'Upgrade',
        upgrade: 'SPDY/3.1',
        'x-stream-protocol-version': protocol,
      },
    });
    req.on('upgrade', (_, socket, head) => resolve(new SpdySession(socket as Socket, head)));
    req.on('response', (res) => reject(new Error(`status ${res.statusCode}`)));
    req.on('error', reject);
    req.end();
  });
}

async function execSpdy(command: string[], input: Buffer): Promise<string> {
  const query = new URLSearchParams(command.map((c) => ['command', c]));
  for (const name of ['output', 'error', 'input']) query.set(name, '1');
  const session = await upgrade(`/exec/${target}?${query}`, 'v4.channel.k8s.io');
  session.open({ streamtype: 'error' });
  const stdin = session.open({ streamtype: 'stdin' });
  const stdout = session.open({ streamtype: 'stdout' });
  session.open({ streamtype: 'stderr' });
  const parts: Buffer[] = [];
  return new Promise((resolve) => {
    stdout.onData = (data) => void parts.push(data);
    session.onClose = () => resolve(Buffer.concat(parts).toString());
    session.send(stdin, input);
    session.end(stdin);
  });
}

const v5 = 'v5.channel.k8s.io';
let outcome = await execWebSocket(v5, ['sh', '-c', 'echo out; echo err >&2; exit 3']);
assert.equal(outcome.stdout, 'out\n');
assert.equal(outcome.stderr, 'err\n');
assert.deepEqual(outcome.status.details?.causes, [{ reason: 'ExitCode', message: '3' }]);
console.log('ok: exec over WebSocket v5, exit status');

const megabytes = Buffer.alloc(3_000_000, 'abcdefghi\n');
outcome = await execWebSocket(v5, ['md5sum'], megabytes);
assert.match(outcome.stdout, /^[0-9a-f]{32}/);
assert.equal(outcome.status.status, 'Success');
console.log('ok: half-close of standard input', outcome.stdout.trim());
outcome = await execWebSocket(v5, ['cat'], megabytes);
assert.equal(outcome.stdout.length, megabytes.length);
console.log('ok: three megabytes there and back');

const outcome4 = await execWebSocket('v4.channel.k8s.io', ['echo', 'four']);
assert.equal(outcome4.stdout, 'four\n');
console.log('ok: exec over WebSocket v4, tunnelled');

assert.equal(await execSpdy(['cat'], Buffer.from('over spdy\n')), 'over spdy\n');
console.log('ok: exec over SPDY, tunnelled');
