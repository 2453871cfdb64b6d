/** What an HTTP answer becomes: its text, the chunks of a stream, a StatusError. */
import type { IncomingMessage } from 'node:http';
import { StatusError, type StatusReason } from '../machinery/meta/status-error.ts';

const bodyLimitBytes = 1024 * 1024 * 1024;

/** For answers that carry no Status: a proxy's, a panic's. */
const reasons: Readonly<Record<number, StatusReason>> = {
  400: 'BadRequest',
  401: 'Unauthorized',
  403: 'Forbidden',
  404: 'NotFound',
  405: 'MethodNotAllowed',
  409: 'Conflict',
  410: 'Gone',
  429: 'TooManyRequests',
  500: 'InternalError',
  503: 'ServiceUnavailable',
  504: 'Timeout',
};

/** The body's chunks as they come; a connection that breaks is the end of the stream. */
export async function* chunksOf(response: IncomingMessage): AsyncIterable<Buffer> {
  const chunks = response[Symbol.asyncIterator]() as AsyncIterator<Buffer>;
  try {
    for (;;) {
      let next: IteratorResult<Buffer>;
      try {
        next = await chunks.next();
      } catch {
        return;
      }
      if (next.done === true) return;
      yield next.value;
    }
  } finally {
    response.destroy();
  }
}

/** The whole body. Throws when the connection breaks or the body is beyond all reason. */
export async function readText(response: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of response) {
    chunks.push(chunk as Buffer);
    size += (chunk as Buffer).length;
    if (size > bodyLimitBytes) {
      response.destroy();
      throw new Error(`the answer is longer than ${bodyLimitBytes} bytes`);
    }
  }
  return Buffer.concat(chunks).toString('utf8');
}

/** The error of an answer: its Status when it has one, else the code and the text. */
export function errorOf(code: number, text: string, method: string, path: string): StatusError {
  try {
    const status = StatusError.from(JSON.parse(text));
    if (status !== undefined) return status;
  } catch {
    // Not JSON: a proxy's or a panic's answer.
  }
  const message = `${method} ${path.split('?')[0]}: ${code}: ${text.slice(0, 300).trim()}`;
  return new StatusError(reasons[code] ?? '', message, undefined, code);
}

/** The connection broke; whether the server saw the request is not known. */
export function isReset(e: unknown): boolean {
  const code = (e as { code?: unknown } | null)?.code;
  return code === 'ECONNRESET' || code === 'EPIPE';
}
