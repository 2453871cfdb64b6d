/** What a handler returns, and how it goes out on the wire. */
import type { ServerResponse } from 'node:http';
import { promisify } from 'node:util';
import { gzip } from 'node:zlib';
import { badRequest, StatusError } from '../../machinery/meta/status-error.ts';
import { StoreUnavailableError, ValueTooLargeError } from '../storage/storage.ts';
import type { ApiRequest } from './api-request.ts';
import { SlicedBody, writeSliced } from './sliced-body.ts';
import { warningHeaders } from './warning-headers.ts';

export interface BodyResponse {
  readonly code: number;
  /** '': none is said. */
  readonly contentType: string;
  readonly body: Buffer | string | SlicedBody;
  readonly headers?: Readonly<Record<string, string>>;
}

/** An answer that writes itself: watches, logs, proxied streams. Resolves when it has ended. */
export interface StreamResponse {
  stream(response: ServerResponse): Promise<void>;
}

export type ApiResponse = BodyResponse | StreamResponse;

/** Bodies up to this size are not worth compressing (as in the real server). */
const gzipThresholdBytes = 128 * 1024;

/** A JSON body. */
export function json(code: number, value: unknown): BodyResponse {
  return { code, contentType: 'application/json', body: `${JSON.stringify(value)}\n` };
}

/** JSON as the real server writes what is not negotiated: its version, its paths. */
export function indentedJson(code: number, value: unknown): BodyResponse {
  return { code, contentType: 'application/json', body: JSON.stringify(value, null, 2) };
}

/** Lines of text that must not be taken for anything else. */
export const plainText = {
  contentType: 'text/plain; charset=utf-8',
  headers: { 'X-Content-Type-Options': 'nosniff' },
} as const;

/** For a path that nobody answers. */
export const pageNotFound: BodyResponse = {
  code: 404,
  ...plainText,
  body: '404 page not found\n',
};

const compress = promisify(gzip);

/** Sends a response; headers common to all answers are added here. */
export async function send(
  request: ApiRequest,
  response: ServerResponse,
  answer: ApiResponse,
): Promise<void> {
  if ('stream' in answer) {
    response.setHeader('Audit-Id', request.auditId);
    for (const w of warningHeaders(request.warnings)) response.appendHeader('Warning', w);
    for (const [name, value] of Object.entries(request.answerHeaders ?? {})) {
      response.setHeader(name, value);
    }
    request.audit?.followAnswer(response);
    await answer.stream(response);
    return;
  }
  let body = typeof answer.body === 'string' ? Buffer.from(answer.body) : answer.body;
  request.audit?.answered(answer.code, answer.contentType, () => inOnePiece(body));
  const headers: Record<string, string | string[]> = {
    'Audit-Id': request.auditId,
    'Cache-Control': 'no-cache, private',
    'Content-Type': answer.contentType,
    ...request.answerHeaders,
    ...answer.headers,
  };
  if (request.warnings !== undefined) headers['Warning'] = warningHeaders(request.warnings);
  const compressed = answer.headers?.['Content-Encoding'] !== undefined;
  if (!compressed && body.length > gzipThresholdBytes && wantsGzip(request)) {
    body = await compress(inOnePiece(body), { level: 1 });
    headers['Content-Encoding'] = 'gzip';
    const vary = headers['Vary'];
    headers['Vary'] = vary === undefined ? 'Accept-Encoding' : `${vary}, Accept-Encoding`;
  }
  if (answer.contentType === '') delete headers['Content-Type'];
  if (answer.code !== 304) headers['Content-Length'] = String(body.length);
  response.writeHead(answer.code, headers);
  if (request.method === 'HEAD') response.end();
  else if (body instanceof SlicedBody) await writeSliced(response, body);
  else response.end(body);
}

function inOnePiece(body: Buffer | SlicedBody): Buffer {
  return body instanceof SlicedBody ? body.joined() : body;
}

function wantsGzip(request: ApiRequest): boolean {
  const asked = request.header('accept-encoding');
  return asked?.split(',').some((token) => token.trim() === 'gzip') ?? false;
}

/** The answer for something thrown. What is no StatusError is logged by the caller. */
export function errorResponse(error: StatusError): BodyResponse {
  const retry = error.details?.retryAfterSeconds;
  return {
    ...json(error.code, error.toStatus()),
    ...(retry !== undefined && retry > 0 ? { headers: { 'Retry-After': String(retry) } } : {}),
  };
}

/** Anything thrown as a StatusError; foreign errors become a 500 that names no detail. */
export function asStatusError(e: unknown): StatusError {
  if (e instanceof StatusError) return e;
  if (e instanceof ValueTooLargeError) {
    return new StatusError('RequestEntityTooLarge', 'etcdserver: request is too large', {});
  }
  if (e instanceof StoreUnavailableError) {
    return new StatusError('ServiceUnavailable', 'the store did not answer in time; try again', {
      retryAfterSeconds: 1,
    });
  }
  // The values that come in are as deep as their codec allows; not every walk over them can be.
  if (e instanceof RangeError && /call stack/.test(e.message)) {
    return badRequest('the request is nested too deeply');
  }
  return new StatusError(
    'InternalError',
    'Internal error occurred: an unexpected error was logged by the server',
    { causes: [{ message: 'an unexpected error was logged by the server' }] },
    500,
    { cause: e },
  );
}
