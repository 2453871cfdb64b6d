/**
 * Connections that are taken over: the client's upgrade is asked of the backend, and when that
 * agrees the two are joined, bytes as they are, with back pressure and without a buffer of our own.
 */
import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import { StatusError } from '../../../machinery/meta/status-error.ts';
import { protocolRefusals } from '../../../machinery/streaming/upgrade.ts';
import type { SubresourceCall } from '../../registry/subresource.ts';
import { type Backend, openRequest } from './backend.ts';
import { dialProblem } from './dial-problem.ts';
import { answerHeaders, requestHeaders } from './headers.ts';

/** How long an answer that is no upgrade may take to pass. */
const answerTimeoutMs = 10_000;

/** Serves the client in another way after the backend's refusal; rejects when there is none. */
export type OtherWay = () => Promise<void>;

/**
 * Resolves when the two are joined or the backend's refusal has been passed on. Throws a
 * StatusError when nothing has been sent: the backend is not there, or answers neither.
 * `otherwise` is tried first when the refusal may be about the protocol.
 */
export async function tunnel(
  call: SubresourceCall,
  backend: Backend,
  path: string,
  client: Duplex,
  head: Buffer,
  otherwise?: OtherWay,
): Promise<void> {
  const request = openRequest(backend, call.method, path, requestHeaders(call.request, true), true);
  const gone = () => request.destroy();
  client.once('close', gone);
  try {
    await new Promise<void>((resolve, reject) => {
      request.once('error', (e) => {
        const why = dialProblem(e, backend.host, backend.port);
        reject(new StatusError('', `error dialing backend: ${why}`));
      });
      request.once('upgrade', (answer, socket, early) => {
        join(client, head, answer, socket, early);
        resolve();
      });
      request.once('response', (answer) => {
        const code = answer.statusCode ?? 0;
        if (code < 400) {
          answer.destroy();
          reject(new StatusError('', `invalid upgrade response: status code ${code}`));
          return;
        }
        if (otherwise === undefined || !protocolRefusals.has(code)) {
          passOn(client, answer);
          resolve();
          return;
        }
        client.off('close', gone);
        otherwise().then(
          () => {
            answer.destroy();
            resolve();
          },
          () => {
            passOn(client, answer);
            resolve();
          },
        );
      });
      request.end();
    });
  } finally {
    client.off('close', gone);
  }
}

function join(
  client: Duplex,
  head: Buffer,
  answer: IncomingMessage,
  backend: Duplex,
  early: Buffer,
): void {
  client.write(rawHead(answer));
  if (early.length > 0) client.write(early);
  if (head.length > 0) backend.write(head);
  for (const socket of [client, backend]) {
    if ('setNoDelay' in socket) (socket as unknown as TcpSocket).setNoDelay(true);
    if ('setTimeout' in socket) (socket as unknown as TcpSocket).setTimeout(0);
    if ('setKeepAlive' in socket) (socket as unknown as TcpSocket).setKeepAlive(true, 30_000);
  }
  backend.on('error', () => client.destroy());
  client.on('error', () => backend.destroy());
  // Once one side has ended the other is closed too, after what was sent last.
  client.once('end', () => backend.end(() => backend.destroy()));
  backend.once('end', () => client.end(() => client.destroy()));
  backend.once('close', () => client.end(() => client.destroy()));
  client.once('close', () => backend.destroy());
  client.pipe(backend);
  backend.pipe(client);
}

interface TcpSocket {
  setNoDelay(on: boolean): void;
  setTimeout(ms: number): void;
  setKeepAlive(on: boolean, afterMs: number): void;
}

/** Status line and headers as the backend sent them. */
function rawHead(answer: IncomingMessage): string {
  const lines = [`HTTP/1.1 ${answer.statusCode} ${answer.statusMessage}`];
  const { rawHeaders } = answer;
  for (let i = 0; i < rawHeaders.length; i += 2)
    lines.push(`${rawHeaders[i]}: ${rawHeaders[i + 1]}`);
  return `${lines.join('\r\n')}\r\n\r\n`;
}

/**
 * An answer that refuses. The connection ends with it: were it kept, the client's next request
 * would reach the backend with our authority.
 */
function passOn(client: Duplex, answer: IncomingMessage): void {
  const lines = [`HTTP/1.1 ${answer.statusCode} ${answer.statusMessage}`];
  for (const [name, values] of Object.entries(answerHeaders(answer))) {
    for (const v of [values].flat()) lines.push(`${name}: ${v}`);
  }
  client.write(`${lines.join('\r\n')}\r\nConnection: close\r\n\r\n`);
  const timer = setTimeout(() => client.destroy(), answerTimeoutMs);
  client.once('close', () => {
    clearTimeout(timer);
    answer.destroy();
  });
  answer.on('error', () => client.destroy());
  answer.pipe(client);
}
