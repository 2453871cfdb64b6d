/**
 * The request chain, in the order it runs: panic guard, request info, authentication,
 * impersonation, authorization, then the resource or one of the server's own paths.
 */
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Logger } from 'pino';
import { StatusError, unauthorized } from '../../machinery/meta/status-error.ts';
import type { Authorizer } from '../auth/authorizer.ts';
import type { RequestMetrics } from '../metrics/requests.ts';
import { ApiRequest } from './api-request.ts';
import { type ApiResponse, asStatusError, errorResponse, send } from './api-response.ts';
import { authorize } from './authorize.ts';
import { type Identification, identify } from './identify.ts';
import { PlainError } from './plain-error.ts';

export interface ChainOptions {
  readonly identification: Identification;
  readonly authorizer: Authorizer;
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
    try {
      await identify(request, options.identification);
      await authorize(request, options.authorizer);
      const answer = await (request.info.isResource
        ? options.resources(request)
        : options.paths(request));
      await send(request, response, answer);
    } catch (e) {
      try {
        await fail(request, response, e, options.log);
      } catch (err) {
        // Not even the error could be sent: the client gets nothing, the others go on.
        options.log.error({ err, path: request.path }, 'no answer could be sent');
        response.destroy();
      }
    }
    options.metrics.ended(request, response.statusCode, (performance.now() - startedMs) / 1000);
  };
}

async function fail(
  request: ApiRequest,
  response: ServerResponse,
  e: unknown,
  log: Logger,
): Promise<void> {
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
  const { status } = error.code === 401 ? { status: unauthorized() } : { status: error };
  await send(request, response, errorResponse(status));
}

function plainAnswer({ code, message }: PlainError): ApiResponse {
  const headers = { 'X-Content-Type-Options': 'nosniff' };
  return { code, contentType: 'text/plain; charset=utf-8', body: `${message}\n`, headers };
}
