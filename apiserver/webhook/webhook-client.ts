/** Calls of webhooks: one JSON document there, one back. */
import { Agent as HttpAgent, request as httpRequest, type RequestOptions } from 'node:http';
import { Agent as HttpsAgent, request as httpsRequest } from 'node:https';
import type { WebhookConfig } from './webhook-config.ts';

/** A call that failed. */
export class WebhookError extends Error {
  /** The HTTP status; 0 when no answer came. */
  readonly code: number;
  /** Whether it may work a little later. */
  readonly transient: boolean;

  constructor(message: string, code: number, transient: boolean, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
    this.transient = transient;
  }
}

/** How often a call is made, and how long the waits between are. */
export interface Retries {
  /** Calls in all. */
  readonly attempts: number;
  readonly firstWaitMs: number;
  readonly factor: number;
  /** Part of a wait that is left to chance on top. */
  readonly jitter: number;
}

/** What the real server does where nothing else is set. */
export const defaultRetries: Retries = {
  attempts: 5,
  firstWaitMs: 500,
  factor: 1.5,
  jitter: 0.2,
};

const maxAnswerBytes = 3 * 1024 * 1024;
const transientCodes = new Set([429, 500, 504]);

export class WebhookClient {
  readonly #config: WebhookConfig;
  readonly #timeoutMs: number;
  readonly #agent: HttpAgent | HttpsAgent;
  readonly #wait: (ms: number) => Promise<void>;

  /** `timeoutMs`: of one call. */
  constructor(config: WebhookConfig, timeoutMs = 30_000, wait = sleep) {
    this.#config = config;
    this.#timeoutMs = timeoutMs;
    this.#wait = wait;
    const { ca, cert, key, insecure, serverName } = config;
    this.#agent =
      config.url.protocol === 'http:'
        ? new HttpAgent({ keepAlive: true })
        : new HttpsAgent({
            keepAlive: true,
            rejectUnauthorized: !insecure,
            ...(ca === undefined ? {} : { ca }),
            ...(cert === undefined || key === undefined ? {} : { cert, key }),
            ...(serverName === undefined ? {} : { servername: serverName }),
          });
  }

  /**
   * Posts a JSON text; the answer's JSON value, undefined for an empty body. Repeats calls that
   * `repeats` says so of. Throws WebhookError.
   */
  async post(
    body: string,
    retries: Retries,
    repeats: (e: WebhookError) => boolean = (e) => e.transient,
  ): Promise<unknown> {
    let waitMs = retries.firstWaitMs;
    for (let attempt = 1; ; attempt++) {
      try {
        return await this.#call(body);
      } catch (e) {
        const error = e instanceof WebhookError ? e : new WebhookError(String(e), 0, false);
        if (attempt >= retries.attempts || !repeats(error)) throw error;
      }
      await this.#wait(waitMs * (1 + Math.random() * retries.jitter));
      waitMs *= retries.factor;
    }
  }

  /** Closes idle connections. */
  close(): void {
    this.#agent.destroy();
  }

  #call(body: string): Promise<unknown> {
    const { url, authorization } = this.#config;
    const options: RequestOptions = {
      method: 'POST',
      agent: this.#agent,
      signal: AbortSignal.timeout(this.#timeoutMs),
      headers: {
        'Content-Type': 'application/json',
        'Content-Length': Buffer.byteLength(body),
        Accept: 'application/json, */*',
        ...(authorization === undefined ? {} : { Authorization: authorization() }),
      },
    };
    const { promise, resolve, reject } = Promise.withResolvers<unknown>();
    const fail = (e: NodeJS.ErrnoException) => {
      const why = e.name === 'TimeoutError' || e.code === 'ABORT_ERR' ? 'timed out' : e.message;
      const text = `Post ${JSON.stringify(url.href)}: ${why}`;
      reject(new WebhookError(text, 0, e.code === 'ECONNRESET', { cause: e }));
    };
    const send = url.protocol === 'http:' ? httpRequest : httpsRequest;
    const request = send(url, options, (response) => {
      const chunks: Buffer[] = [];
      let size = 0;
      response.once('error', fail);
      response.on('data', (chunk: Buffer) => {
        size += chunk.length;
        if (size > maxAnswerBytes) response.destroy(new Error('the answer is too large'));
        else chunks.push(chunk);
      });
      response.once('end', () => {
        const code = response.statusCode ?? 0;
        const later = transientCodes.has(code) || response.headers['retry-after'] !== undefined;
        try {
          resolve(valueOfAnswer(code, Buffer.concat(chunks).toString('utf8'), later));
        } catch (e) {
          reject(e);
        }
      });
    });
    request.once('error', fail);
    request.end(body);
    return promise;
  }
}

function valueOfAnswer(code: number, text: string, transient: boolean): unknown {
  if (code < 200 || code > 206) {
    throw new WebhookError(messageOf(text) ?? `the webhook answered ${code}`, code, transient);
  }
  if (text.trim() === '') return undefined;
  try {
    return JSON.parse(text);
  } catch (e) {
    throw new WebhookError('the webhook answered with something else than JSON', code, false, {
      cause: e,
    });
  }
}

/** Of an answer that is a Status. */
function messageOf(text: string): string | undefined {
  try {
    const { kind, message } = JSON.parse(text) as { kind?: unknown; message?: unknown };
    return kind === 'Status' && typeof message === 'string' ? message : undefined;
  } catch {
    return undefined;
  }
}

function sleep(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms).unref());
}
