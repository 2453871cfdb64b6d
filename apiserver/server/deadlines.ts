/**
 * How long a request may take until it has been answered and its answer been read. Streams last as
 * long as their clients like.
 */
import type { ServerResponse } from 'node:http';
import { badRequest, StatusError } from '../../machinery/meta/status-error.ts';
import { parseDuration } from '../../machinery/meta/times.ts';
import { isLongRunning } from '../flow-control/gate.ts';
import type { ApiRequest } from './api-request.ts';

interface Entry {
  readonly request: ApiRequest;
  readonly response: ServerResponse;
  readonly untilMs: number;
}

/** How late a request may be found to be overdue, at the most. */
const maxSweepMs = 500;
const ignore = () => {};

export class Deadlines {
  readonly #limitMs: number;
  readonly #watchMs: number;
  /** Requests with the common limit: those that came first are over first. */
  readonly #entries = new Set<Entry>();
  #sweeping = false;

  /**
   * Watches that name no time last `watchMs`, or up to twice as long; 0: as long as their clients
   * like.
   */
  constructor(limitMs: number, watchMs = 0) {
    this.#limitMs = limitMs;
    this.#watchMs = watchMs;
  }

  /**
   * Watches over a request until the returned function is called: one that takes too long gets 504,
   * or is broken off when its answer has begun. Throws 400 for a `timeout` that cannot be read.
   */
  begin(request: ApiRequest, response: ServerResponse): () => void {
    if (isLongRunning(request.info)) {
      request.watchMs = this.#watchMs;
      return ignore;
    }
    const timeoutMs = this.#timeout(request);
    request.timeoutMs = timeoutMs;
    const entry = { request, response, untilMs: performance.now() + timeoutMs };
    if (timeoutMs < this.#limitMs) {
      const timer = setTimeout(expire, timeoutMs, entry);
      return () => clearTimeout(timer);
    }
    this.#entries.add(entry);
    if (!this.#sweeping) this.#arm();
    return () => void this.#entries.delete(entry);
  }

  #timeout({ queryText, query }: ApiRequest): number {
    if (!queryText.includes('timeout=')) return this.#limitMs;
    const text = query.get('timeout') ?? '';
    if (text === '') return this.#limitMs;
    try {
      const asked = parseDuration(text);
      return asked > 0 ? Math.min(asked, this.#limitMs) : this.#limitMs;
    } catch (e) {
      const why = e instanceof Error ? e.message : String(e);
      throw badRequest(`invalid timeout specified in the request URL - ${why}`);
    }
  }

  /** One timer for all, and none while nothing is to be watched over. */
  #arm(): void {
    this.#sweeping = this.#entries.size > 0;
    const sweepMs = Math.min(maxSweepMs, this.#limitMs);
    if (this.#sweeping) setTimeout(() => this.#sweep(), sweepMs).unref();
  }

  #sweep(): void {
    const now = performance.now();
    for (const entry of this.#entries) {
      if (entry.untilMs > now) break;
      this.#entries.delete(entry);
      expire(entry);
    }
    this.#arm();
  }
}

function expire({ request, response }: Entry): void {
  if (request.overdue || response.writableFinished || response.destroyed) return;
  request.overdue = true;
  if (response.headersSent) {
    response.destroy();
    return;
  }
  // As the real server writes it here: past its encoders, so without kind and content type.
  const { kind: _kind, apiVersion: _version, ...status } = late.toStatus();
  response.writeHead(late.code, {
    'Audit-Id': request.auditId,
    'Cache-Control': 'no-cache, private',
    'Content-Type': 'text/plain; charset=utf-8',
    // A body that has not come yet would be taken for the next request.
    ...(request.raw.complete ? {} : { Connection: 'close' }),
  });
  response.end(`${JSON.stringify(status)}\n`);
}

const late = new StatusError(
  'Timeout',
  'Timeout: request did not complete within the allotted timeout',
  {},
);
