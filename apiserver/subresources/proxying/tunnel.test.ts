import assert from 'node:assert/strict';
import type { IncomingMessage } from 'node:http';
import { connect, type Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { StatusError } from '../../../machinery/meta/status-error.ts';
import { callFor, Servers } from './test-call.ts';
import { tunnel } from './tunnel.ts';

const accepted =
  'HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: SPDY/3.1\r\nX-Own: 1\r\n\r\n';

/** A front that tunnels everything to a backend; what went wrong is in `problems`. */
async function front(servers: Servers, backendPort: number) {
  const problems: unknown[] = [];
  const port = await servers.listen(
    () => {},
    (request, socket, head) => {
      const call = callFor(request, '');
      tunnel(call, servers.backend(backendPort), '/exec/a', socket, head).catch((e: unknown) => {
        problems.push(e);
        socket.end();
      });
    },
  );
  return { port, problems };
}

const ask = [
  'POST /x HTTP/1.1',
  'Host: api',
  'Connection: Upgrade',
  'Upgrade: SPDY/3.1',
  'Authorization: Bearer secret',
  'X-Stream-Protocol-Version: v4.channel.k8s.io',
  '',
  '',
].join('\r\n');

/** Sends, and gives what comes until the connection ends or `until` is seen. */
function talk(port: number, text: string, until?: string): Promise<{ got: string; end: Socket }> {
  return new Promise((resolve, reject) => {
    const socket = connect(port, '127.0.0.1', () => socket.write(text));
    let got = '';
    socket.on('data', (chunk) => {
      got += chunk.toString('latin1');
      if (until !== undefined && got.includes(until)) resolve({ got, end: socket });
    });
    socket.on('error', reject);
    socket.on('close', () => resolve({ got, end: socket }));
  });
}

describe('tunnel', () => {
  it('joins client and backend, bytes that came early included', async () => {
    await using servers = new Servers();
    let seen: IncomingMessage | undefined;
    const backend = await servers.listen(
      () => {},
      (request, socket: Duplex, head) => {
        seen = request;
        socket.write(`${accepted}early;`);
        if (head.length > 0) socket.write(head);
        socket.pipe(socket);
      },
    );
    const { port } = await front(servers, backend);
    const { got, end } = await talk(port, `${ask}ping`, 'ping');
    end.destroy();
    assert.equal(got, `${accepted}early;ping`);
    assert.equal(seen?.url, '/exec/a');
    assert.equal(seen?.method, 'POST');
    assert.equal(seen?.headers.upgrade, 'SPDY/3.1');
    assert.equal(seen?.headers['x-stream-protocol-version'], 'v4.channel.k8s.io');
    assert.equal(seen?.headers.authorization, undefined);
    assert.equal(seen?.headers['x-forwarded-for'], '127.0.0.1');
  });

  it('ends the client when the backend ends, after its last bytes', async () => {
    await using servers = new Servers();
    const backend = await servers.listen(
      () => {},
      (_request, socket) => socket.end(`${accepted}bye`),
    );
    const { port } = await front(servers, backend);
    const { got } = await talk(port, ask);
    assert.equal(got, `${accepted}bye`);
  });

  it('ends the backend when the client goes away', async () => {
    await using servers = new Servers();
    const gone = Promise.withResolvers<void>();
    const backend = await servers.listen(
      () => {},
      (_request, socket) => {
        socket.write(accepted);
        socket.resume();
        socket.once('end', gone.resolve);
        socket.on('error', () => {});
      },
    );
    const { port } = await front(servers, backend);
    const { end } = await talk(port, ask, '\r\n\r\n');
    end.destroy();
    await gone.promise;
  });

  it('passes a refusal on and closes: the next request must not reach the backend', async () => {
    await using servers = new Servers();
    let requests = 0;
    const backend = await servers.listen((_request, response) => {
      requests++;
      response.writeHead(403, { 'Content-Type': 'text/plain' }).end('no');
    });
    const { port } = await front(servers, backend);
    const { got } = await talk(port, `${ask}GET /pods HTTP/1.1\r\nHost: kubelet\r\n\r\n`);
    assert.match(got, /^HTTP\/1\.1 403 Forbidden\r\n/);
    assert.match(got, /Connection: close\r\n\r\n/);
    assert.match(got, /no/);
    assert.equal(requests, 1);
  });

  it('refuses when the backend answers neither way, or is not there', async () => {
    await using servers = new Servers();
    const backend = await servers.listen((_request, response) => response.writeHead(200).end());
    const first = await front(servers, backend);
    await talk(first.port, ask);
    assert(first.problems[0] instanceof StatusError);
    assert.equal(first.problems[0].message, 'invalid upgrade response: status code 200');
    const second = await front(servers, 1);
    await talk(second.port, ask);
    assert.equal(
      (second.problems[0] as Error).message,
      'error dialing backend: dial tcp 127.0.0.1:1: connect: connection refused',
    );
  });
});
