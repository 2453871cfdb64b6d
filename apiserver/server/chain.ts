/**
 * The request chain, in the order it runs: panic guard, request info, authentication,
 * impersonation, authorization, then the resource or one of the server's own paths.
 */
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Logger } from 'pino';
import { forbidden, StatusError, unauthorized } from '../../machinery/meta/status-error.ts';
import type { Authenticator } from '../auth/authenticator.ts';
import type { AccessAttributes, Authorizer } from '../auth/authorizer.ts';
import { fieldRequirements, labelRequirements } from '../auth/selector-requirements.ts';
import { ApiRequest } from './api-request.ts';
import { type ApiResponse, asStatusError, errorResponse, send } from './api-response.ts';
import { authenticate } from './authenticate.ts';
import { impersonate } from './impersonate.ts';

export interface ChainOptions {
  readonly authenticators: readonly Authenticator[];
  readonly authorizer: Authorizer;
  readonly anonymous: boolean;
  readonly log: Logger;
  /** Answers a resource request. */
  resources(request: ApiRequest): Promise<ApiResponse>;
  /** Answers every other path. */
  paths(request: ApiRequest): Promise<ApiResponse>;
  /** Told of each finished request, for metrics and audit. */
  observe?(request: ApiRequest, code: number, startedMs: number): void;
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
    try {
      request.user = await authenticate(request, options.authenticators, options.anonymous);
      request.user = await impersonate(request, options.authorizer);
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
    options.observe?.(request, response.statusCode, startedMs);
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
  const { status } = error.code === 401 ? { status: unauthorized() } : { status: error };
  await send(request, response, errorResponse(status));
}

/** What a request asks for, as authorizers see it. */
export function attributesOf(request: ApiRequest): AccessAttributes {
  const { info, user } = request;
  return {
    user,
    verb: info.verb,
    resourceRequest: info.isResource,
    group: info.group,
    version: info.version,
    resource: info.resource,
    subresource: info.subresource,
    namespace: info.namespace,
    name: info.name,
    path: info.path,
    ...(request.queryText.includes('Selector=') ? selectorsOf(request) : {}),
  };
}

const selectingVerbs = ['list', 'watch', 'deletecollection'];

/** A selector can allow what would not be allowed without it: nodes list their own pods. */
function selectorsOf({
  info,
  query,
}: ApiRequest): Pick<AccessAttributes, 'fieldSelector' | 'labelSelector'> {
  if (!info.isResource || !selectingVerbs.includes(info.verb)) return {};
  const fieldSelector = fieldRequirements(query.get('fieldSelector') ?? '') ?? [];
  const labelSelector = labelRequirements(query.get('labelSelector') ?? '') ?? [];
  return {
    ...(fieldSelector.length > 0 ? { fieldSelector } : {}),
    ...(labelSelector.length > 0 ? { labelSelector } : {}),
  };
}

async function authorize(request: ApiRequest, authorizer: Authorizer): Promise<void> {
  const attributes = attributesOf(request);
  const asked = authorizer.authorize(attributes);
  const answer = asked instanceof Promise ? await asked : asked;
  if (answer.decision === 'allow') return;
  throw refusal(attributes, answer.reason);
}

/** 403 with the real server's text. */
export function refusal(a: AccessAttributes, reason: string): StatusError {
  const user = JSON.stringify(a.user.name);
  if (!a.resourceRequest) {
    const text = `User ${user} cannot ${a.verb} path ${JSON.stringify(a.path)}`;
    return forbidden({ group: '', resource: '' }, '', reason === '' ? text : `${text}: ${reason}`);
  }
  const resource = a.subresource === '' ? a.resource : `${a.resource}/${a.subresource}`;
  const where =
    a.namespace === '' ? 'at the cluster scope' : `in the namespace ${JSON.stringify(a.namespace)}`;
  const text = `User ${user} cannot ${a.verb} resource ${JSON.stringify(resource)} in API group ${JSON.stringify(a.group)} ${where}`;
  return forbidden(
    { group: a.group, resource: a.resource },
    a.name,
    reason === '' ? text : `${text}: ${reason}`,
  );
}
