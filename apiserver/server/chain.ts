/**
 * The request chain, in the order it runs: panic guard, request info, authentication,
 * impersonation, priority and fairness, authorization, then the resource or one of the server's own
 * paths.
 */
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Logger } from 'pino';
import { ForeignStatusError } from '../../machinery/meta/foreign-status.ts';
import { StatusError, unauthorized } from '../../machinery/meta/status-error.ts';
import type { Authorizer } from '../auth/authorizer.ts';
import { type Gate, type Ticket, TooManyRequestsError } from '../flow-control/gate.ts';
import type { RequestMetrics } from '../metrics/requests.ts';
import { ApiRequest } from './api-request.ts';
import {
  type ApiResponse,
  asStatusError,
  type BodyResponse,
  errorResponse,
  send,
} from './api-response.ts';
import { endAudit } from './audit-request.ts';
import { authorize } from './authorize.ts';
import type { Deadlines } from './deadlines.ts';
import { errorAnswer } from './error-answer.ts';
import { type Identification, identify } from './identify.ts';
import { PlainError } from './plain-error.ts';

export interface ChainOptions {
  readonly identification: Identification;
  readonly authorizer: Authorizer;
  readonly deadlines: Deadlines;
  /** Limits how many requests are served at once. */
  readonly gate: Gate;
  readonly log: Logger;
  /** Answers a resource request. */
  resources(request: ApiRequest): Promise<ApiResponse>;
  /** Answers every other path. */
  paths(request: ApiRequest): Promise<ApiResponse>;
  readonly metrics: RequestMetrics;
}

export type Chain = (request: IncomingMessage, response: ServerResponse) => Promise<void>;

export function createChain(options: ChainOptions): Chain {
  return async (raw, response) => {
    const startedMs = performance.now();
    let request: ApiRequest;
    try {
      request = new ApiRequest(raw, response);
    } catch (e) {
      const { code, body } = errorResponse(asStatusError(e));
      response.writeHead(code, { 'Content-Type': 'application/json' }).end(body);
      return;
    }
    options.metrics.began(request);
    let failure: unknown;
    let ticket: Ticket | undefined;
    let inTime: (() => void) | undefined;
    try {
      inTime = options.deadlines.begin(request, response);
      await identify(request, options.identification);
      const entered = options.gate.enter(request);
      ticket = entered instanceof Promise ? await entered : entered;
      request.answerHeaders = ticket?.headers;
      request.started = ticket?.started;
      await authorize(request, options.authorizer, options.identification.metrics);
      const answer = await (request.info.isResource
        ? options.resources(request)
        : options.paths(request));
      if (!request.overdue) await send(request, response, answer);
    } catch (e) {
      failure = isUnexpected(e) ? e : undefined;
      try {
        if (!request.overdue) await fail(request, response, e, options.log);
      } catch (err) {
        // Not even the error could be sent: the client gets nothing, the others go on.
        options.log.error({ err, path: request.path }, 'no answer could be sent');
        response.destroy();
      }
    }
    if (request.audit !== undefined) {
      await endAudit(request, response.headersSent ? response.statusCode : 0, failure);
    }
    options.metrics.ended(request, response.statusCode, (performance.now() - startedMs) / 1000);
    whenRead(response, () => {
      inTime?.();
      ticket?.done();
    });
  };
}

/** So much of an answer may be on its way without counting as work that is not done. */
const unreadBytes = 64 * 1024;

/** Large answers stay in memory until their client has read them: for so long they count. */
function whenRead(response: ServerResponse, run: () => void): void {
  const read = response.writableLength < unreadBytes || response.destroyed;
  if (read) run();
  else response.once('close', run);
}

/** Whether it is the server's own fault. */
function isUnexpected(e: unknown): boolean {
  return !(e instanceof StatusError || e instanceof PlainError) && asStatusError(e).code === 500;
}

async function fail(
  request: ApiRequest,
  response: ServerResponse,
  e: unknown,
  log: Logger,
): Promise<void> {
  if (e instanceof TooManyRequestsError) {
    request.answerHeaders = e.headers;
    await send(request, response, tooMany(e));
    return;
  }
  const error = asStatusError(e);
  if (!(e instanceof StatusError)) {
    log.error({ err: e, method: request.method, path: request.path }, 'request failed');
  }
  if (response.headersSent) {
    response.destroy();
    return;
  }
  // A body that was not read would be taken for the next request.
  if (!request.raw.complete) {
    response.setHeader('Connection', 'close');
    request.raw.resume();
  }
  if (e instanceof PlainError) {
    await send(request, response, plainAnswer(e));
    return;
  }
  // Why somebody is not known is nobody's business; what webhooks say is.
  const hidden = error.code === 401 && !(error instanceof ForeignStatusError);
  await send(request, response, errorAnswer(request, hidden ? unauthorized() : error));
}

function tooMany(e: TooManyRequestsError): ApiResponse {
  const plain = plainAnswer(e);
  return { ...plain, headers: { ...plain.headers, 'Retry-After': String(e.retryAfterSeconds) } };
}

function plainAnswer({ code, message }: PlainError): BodyResponse {
  const headers = { 'X-Content-Type-Options': 'nosniff' };
  return { code, contentType: 'text/plain; charset=utf-8', body: `${message}\n`, headers };
}
