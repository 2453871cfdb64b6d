/**
 * One JSON document posted to a server, and its answer, as client-go does it: redirections are
 * followed, a server that says when to come again is asked again.
 */
import type { IncomingMessage } from 'node:http';
import { request as httpsRequest } from 'node:https';
import { promisify } from 'node:util';
import { endsOf, type TlsAgent } from './tls-agent.ts';
import { exchangeError, TransportError, withUrl } from './transport-error.ts';

/** A server, with the connections to it. */
export interface Endpoint {
  /** Where requests go to; what texts show. */
  readonly url: string;
  readonly agent: TlsAgent;
  /** Sent with each request. */
  readonly userAgent: string;
  /** The value of an Authorization header. */
  authorization?(): string;
}

export interface Answer {
  readonly code: number;
  readonly contentType: string | undefined;
  readonly body: Buffer;
}

const maxAnswerBytes = 16 * 1024 * 1024;
const maxRedirects = 10;
const maxRetries = 10;

/**
 * Posts to `url`; resolves with whatever answer came. Throws TransportError with Go's text; after `signal`
 * has aborted, with the text of its reason (an Error).
 */
export async function post(
  endpoint: Endpoint,
  url: string,
  body: string,
  signal: AbortSignal,
): Promise<Answer> {
  const wrapped = (e: unknown) => {
    const why = signal.aborted ? (signal.reason as Error).message : (e as Error).message;
    return new TransportError(withUrl('POST', url, why), { cause: e });
  };
  for (let retries = 0; ; retries++) {
    let response: IncomingMessage;
    try {
      response = await follow(endpoint, url, body, signal);
    } catch (e) {
      throw wrapped(e);
    }
    const answer = await read(response, signal);
    const waitSeconds = retryAfter(response);
    if (waitSeconds === undefined || retries === maxRetries) return answer;
    try {
      await pause(waitSeconds * 1000, signal);
    } catch (e) {
      throw wrapped(e);
    }
  }
}

/** The answer behind redirections. */
async function follow(
  endpoint: Endpoint,
  first: string,
  body: string,
  signal: AbortSignal,
): Promise<IncomingMessage> {
  let url = new URL(first);
  let sent: string | undefined = body;
  for (let redirects = 0; ; redirects++) {
    const response = await exchange(endpoint, url, sent, signal);
    const code = response.statusCode ?? 0;
    const to = response.headers.location;
    if (to === undefined || ![301, 302, 303, 307, 308].includes(code)) return response;
    response.resume();
    if (redirects === maxRedirects) throw new TransportError('stopped after 10 redirects');
    const next = new URL(to, url);
    if (next.host !== url.host) {
      throw new TransportError(`redirect to another server, ${next.host}, is not followed`);
    }
    url = next;
    if (code < 307) sent = undefined;
  }
}

/** One request; a connection that the server had closed meanwhile is replaced. */
async function exchange(
  endpoint: Endpoint,
  url: URL,
  body: string | undefined,
  signal: AbortSignal,
): Promise<IncomingMessage> {
  for (let attempt = 1; ; attempt++) {
    signal.throwIfAborted();
    const { promise, resolve, reject } = Promise.withResolvers<IncomingMessage>();
    const request = httpsRequest(url, {
      method: body === undefined ? 'GET' : 'POST',
      agent: endpoint.agent,
      signal,
      headers: {
        'User-Agent': endpoint.userAgent,
        Accept: 'application/json, */*',
        'Accept-Encoding': 'gzip',
        ...(body === undefined
          ? {}
          : { 'Content-Type': 'application/json', 'Content-Length': Buffer.byteLength(body) }),
        ...(endpoint.authorization === undefined
          ? {}
          : { Authorization: endpoint.authorization() }),
      },
    });
    let ends: string | undefined;
    request.once('socket', (socket) => {
      ends = endsOf(socket);
    });
    request.once('response', resolve);
    request.on('error', reject);
    request.end(body);
    // A request that has no connection yet does not tell of its end.
    const stop = () => reject(signal.reason);
    signal.addEventListener('abort', stop, { once: true });
    try {
      return await promise;
    } catch (e) {
      if (e instanceof TransportError || signal.aborted) throw e;
      const { code } = e as NodeJS.ErrnoException;
      const stale = request.reusedSocket && (code === 'ECONNRESET' || code === 'EPIPE');
      if (!stale || attempt > maxRetries) throw exchangeError(e as NodeJS.ErrnoException, ends);
    } finally {
      signal.removeEventListener('abort', stop);
    }
  }
}

async function read(response: IncomingMessage, signal: AbortSignal): Promise<Answer> {
  const chunks: Buffer[] = [];
  let size = 0;
  try {
    for await (const chunk of response as AsyncIterable<Buffer>) {
      size += chunk.length;
      if (size > maxAnswerBytes) throw new TransportError('the answer is too large');
      chunks.push(chunk);
    }
    const raw = Buffer.concat(chunks);
    const zipped = response.headers['content-encoding'] === 'gzip' && raw.length > 0;
    const body = zipped ? await unzipped(raw) : raw;
    return { code: response.statusCode ?? 0, contentType: response.headers['content-type'], body };
  } catch (e) {
    throw new TransportError(
      `unexpected error when reading response body. Please retry. Original error: ${brokenOff(e, signal)}`,
      { cause: e },
    );
  }
}

async function unzipped(raw: Buffer): Promise<Buffer> {
  // Loaded by those whom a webhook answers so: few do.
  const { gunzip } = await import('node:zlib');
  return promisify(gunzip)(raw, { maxOutputLength: maxAnswerBytes });
}

function brokenOff(e: unknown, signal: AbortSignal): string {
  if (signal.aborted) return (signal.reason as Error).message;
  const { code, message } = e as NodeJS.ErrnoException;
  return code === 'ECONNRESET' ? 'unexpected EOF' : message;
}

/** After how many seconds a server wants to be asked again. */
function retryAfter({ statusCode = 0, headers }: IncomingMessage): number | undefined {
  const text = headers['retry-after'];
  if (text === undefined || !(statusCode === 429 || statusCode >= 500)) return undefined;
  return /^\d+$/.test(text) ? Number(text) : undefined;
}

function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    if (signal.aborted) {
      reject(signal.reason);
      return;
    }
    const stop = () => {
      clearTimeout(timer);
      reject(signal.reason);
    };
    const timer = setTimeout(() => {
      signal.removeEventListener('abort', stop);
      resolve();
    }, ms);
    signal.addEventListener('abort', stop, { once: true });
  });
}
