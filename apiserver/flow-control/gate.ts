/** The seam between the request chain and what limits how many requests are served at once. */
import type { UserInfo } from '../registry/resource.ts';
import { PlainError } from '../server/plain-error.ts';
import type { RequestInfo } from '../server/request-info.ts';

/** What limits look at. */
export interface GatedRequest {
  readonly info: RequestInfo;
  readonly user: UserInfo;
  readonly query: URLSearchParams;
  /** How long it may take, from its arrival; undefined: as long as it wants. */
  readonly timeoutMs: number | undefined;
  /** The client does not wait any more. */
  readonly gone: boolean;
  /** Calls back when the client has gone; the returned function forgets about it. */
  onGone(run: () => void): () => void;
}

/** The right to be served. */
export interface Ticket {
  /** Headers of the answer. */
  readonly headers: Readonly<Record<string, string>> | undefined;
  /** A watch has shown what there was: it goes on without its seats. */
  started(): void;
  /** The request has been answered. Called exactly once. */
  done(): void;
}

export interface Gate {
  /**
   * Lets a request in, now or after it has waited; undefined: it is not counted at all. Throws or
   * rejects with TooManyRequestsError.
   */
  enter(request: GatedRequest): Ticket | Promise<Ticket> | undefined;
}

/** Answered with 429 and the text of the real server, which is no Status. */
export class TooManyRequestsError extends PlainError {
  readonly retryAfterSeconds: number;
  readonly headers: Readonly<Record<string, string>> | undefined;

  constructor(retryAfterSeconds: number, headers?: Readonly<Record<string, string>>) {
    super(429, 'Too many requests, please try again later.');
    this.retryAfterSeconds = retryAfterSeconds;
    this.headers = headers;
  }
}

const longSubresources = new Set(['attach', 'exec', 'proxy', 'log', 'portforward']);

/** Streams, which last as long as their client likes. */
export function isLongRunning(info: RequestInfo): boolean {
  if (info.verb === 'watch' || info.verb === 'proxy') return true;
  if (info.isResource) return longSubresources.has(info.subresource);
  return info.path.startsWith('/debug/pprof/');
}
