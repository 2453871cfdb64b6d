/** Fetches what an issuer publishes: small JSON documents over HTTPS. */
import { Agent, request } from 'node:https';

export interface IssuerClientOptions {
  /** PEM; undefined: the authorities of the system. */
  readonly ca?: string;
  readonly timeoutMs?: number;
}

const limitBytes = 1024 * 1024;
const defaultTimeoutMs = 30_000;
const maxRedirects = 5;

export class IssuerClient {
  readonly #agent: Agent;
  readonly #timeoutMs: number;

  constructor({ ca, timeoutMs = defaultTimeoutMs }: IssuerClientOptions) {
    this.#timeoutMs = timeoutMs;
    this.#agent = new Agent({ keepAlive: true, ...(ca === undefined ? {} : { ca }) });
  }

  /** The body of a 200. Throws an Error that names the address. */
  get(url: string, token = ''): Promise<string> {
    return this.#get(new URL(url), token, maxRedirects);
  }

  /** Closes idle connections. */
  close(): void {
    this.#agent.destroy();
  }

  async #get(url: URL, token: string, redirects: number): Promise<string> {
    const { promise, resolve, reject } = Promise.withResolvers<string | URL>();
    const fail = (e: Error) =>
      reject(new Error(`Get ${JSON.stringify(url.href)}: ${e.message}`, { cause: e }));
    if (url.protocol !== 'https:') throw new Error(`Get ${JSON.stringify(url.href)}: not https`);
    const options = {
      agent: this.#agent,
      signal: AbortSignal.timeout(this.#timeoutMs),
      headers: {
        Accept: 'application/json, */*',
        ...(token === '' ? {} : { Authorization: `Bearer ${token}` }),
      },
    };
    const sent = request(url, options, (response) => {
      const { statusCode = 0 } = response;
      const { location } = response.headers;
      if (statusCode >= 300 && statusCode < 400 && location !== undefined && redirects > 0) {
        response.resume();
        if (URL.canParse(location, url)) resolve(new URL(location, url));
        else fail(new Error('a redirect to nowhere'));
        return;
      }
      const chunks: Buffer[] = [];
      let size = 0;
      response.once('error', fail);
      response.on('data', (chunk: Buffer) => {
        size += chunk.length;
        if (size > limitBytes) response.destroy(new Error('the answer is too large'));
        else chunks.push(chunk);
      });
      response.once('end', () => {
        const text = Buffer.concat(chunks).toString('utf8');
        if (statusCode === 200) resolve(text);
        else fail(new Error(`${statusCode}: ${text.slice(0, 200)}`));
      });
    });
    sent.once('error', fail);
    sent.end();
    const answer = await promise;
    if (typeof answer === 'string') return answer;
    // The token is for the first address alone.
    return this.#get(answer, answer.origin === url.origin ? token : '', redirects - 1);
  }
}
