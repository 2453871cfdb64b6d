/**
 * Passing a request on to a node, a pod or a service, body and answer streamed: what the three
 * proxies share.
 */
import type { IncomingMessage } from 'node:http';
import { posix } from 'node:path';
import { Readable } from 'node:stream';
import { quote } from '../../../machinery/meta/field-error.ts';
import {
  badRequest,
  internalError,
  serviceUnavailable,
} from '../../../machinery/meta/status-error.ts';
import type {
  Subresource,
  SubresourceAnswer,
  SubresourceCall,
} from '../../registry/subresource.ts';
import { addressOf, type Backend, openRequest } from './backend.ts';
import { dialProblem } from './dial-problem.ts';
import { escapePath, unescapePath, urlProblem } from './go-paths.ts';
import { answerHeaders, requestHeaders } from './headers.ts';
import { htmlPage } from './html-page.ts';
import { type LinkContext, rewriteLink } from './link-rewriter.ts';
import { tunnel } from './tunnel.ts';

export interface ProxyOptions {
  readonly resource: 'nodes' | 'pods' | 'services';
  readonly kind: string;
  /** Finds the backend that a call is for. Throws StatusError. */
  locate(call: SubresourceCall): Promise<Backend>;
}

/** `proxy` under a resource: any method, any path behind it, and upgrades. */
export function proxySubresource(options: ProxyOptions): Subresource {
  return {
    resource: options.resource,
    name: 'proxy',
    verbs: ['create', 'delete', 'get', 'patch', 'update'],
    kind: options.kind,
    below: true,
    connects: ['GET', 'POST', 'PUT', 'PATCH', 'DELETE', 'HEAD', 'OPTIONS'],
    async handle(call) {
      const backend = await options.locate(call);
      const path = backendPath(call);
      if (path === '' && (call.method === 'GET' || call.method === 'HEAD')) {
        return toFolder(call);
      }
      return forward(call, backend, path);
    },
    async upgrade(call, socket, head) {
      const backend = await options.locate(call);
      await tunnel(call, backend, `${backendPath(call) || '/'}${queryOf(call)}`, socket, head);
    },
  };
}

/** `name`, `name:port` or `scheme:name:port`. Throws 400. */
export function parseProxyName(
  id: string,
  what: string,
): { readonly scheme: '' | 'http' | 'https'; readonly name: string; readonly port: string } {
  const parts = id.split(':');
  const [scheme, name, port] = parts.length === 3 ? parts : ['', ...parts];
  if (parts.length > 3 || !name || !['', 'http', 'https'].includes(scheme!)) {
    throw badRequest(`invalid ${what} request ${JSON.stringify(id)}`);
  }
  return { scheme: scheme as '' | 'http' | 'https', name, port: port ?? '' };
}

/** The escaped path that goes to the backend; '' for `…/proxy` without a slash behind it. */
export function backendPath(call: SubresourceCall): string {
  const slash = urlPath(call).endsWith('/');
  if (call.rest === '') return slash ? '/' : '';
  const path = posix.normalize(call.rest);
  return escapePath(slash && !path.endsWith('/') ? `${path}/` : path);
}

function urlPath(call: SubresourceCall): string {
  return (call.request.url ?? '').split('?', 1)[0]!;
}

function queryOf(call: SubresourceCall): string {
  const url = call.request.url ?? '';
  const mark = url.indexOf('?');
  return mark < 0 || mark === url.length - 1 ? '' : url.slice(mark);
}

/** The path of the proxy itself, unescaped: without what was passed on, where that ends it. */
function prefixOf(call: SubresourceCall, path: string): string {
  const own = unescapePath(urlPath(call)) ?? urlPath(call);
  const passed = unescapePath(path) ?? path;
  return own.endsWith(passed) ? own.slice(0, own.length - passed.length) : own;
}

/** Relative links of a page need the slash. */
function toFolder(call: SubresourceCall): SubresourceAnswer {
  const headers = { Location: `${urlPath(call)}/${queryOf(call)}` };
  return { code: 301, headers, stream: Readable.from([]) };
}

function forward(
  call: SubresourceCall,
  backend: Backend,
  path: string,
): Promise<SubresourceAnswer> {
  const sent = path || '/';
  const prefix = prefixOf(call, path);
  const links: LinkContext = {
    prefix,
    host: call.request.headers.host ?? '',
    backendHost: addressOf(backend),
  };
  const headers = requestHeaders(call.request, false);
  headers.push('X-Forwarded-Uri', posix.join(prefix, sent));
  // Without it Node writes the body of a GET or DELETE bare: the backend would take it for the next
  // request on a connection that is trusted.
  if (call.request.headers['transfer-encoding'] !== undefined) {
    headers.push('Transfer-Encoding', 'chunked');
  }
  const { promise, resolve, reject } = Promise.withResolvers<SubresourceAnswer>();
  const request = openRequest(backend, call.method, `${sent}${queryOf(call)}`, headers);
  const stop = () => request.destroy();
  call.signal.addEventListener('abort', stop, { once: true });
  request.once('close', () => call.signal.removeEventListener('abort', stop));
  request.once('error', (e) => {
    const why = dialProblem(e, backend.host, backend.port);
    reject(serviceUnavailable(`error trying to reach service: ${why}`));
  });
  request.once('response', (answer) => {
    answerOf(call, answer, links).then(resolve, reject);
  });
  call.request.once('error', stop);
  call.request.pipe(request);
  return promise;
}

/** Which origins may read the API's answers is not for a backend to say. */
function withoutCors(headers: Record<string, string | string[]>): typeof headers {
  const cors = /^access-control-allow-(credentials|headers|methods|origin)$/i;
  return Object.fromEntries(Object.entries(headers).filter(([name]) => !cors.test(name)));
}

async function answerOf(
  call: SubresourceCall,
  answer: IncomingMessage,
  links: LinkContext,
): Promise<SubresourceAnswer> {
  const code = answer.statusCode ?? 502;
  const headers = withoutCors(answerHeaders(answer));
  const { location } = answer.headers;
  if (location !== undefined && location !== '') {
    for (const name of Object.keys(headers)) {
      if (name.toLowerCase() === 'location') delete headers[name];
    }
    const problem = urlProblem(location);
    if (problem !== undefined) {
      answer.destroy();
      const why = `parse ${quote(location)}: ${problem}`;
      throw internalError(`error trying to parse Location header: ${why}`);
    }
    headers['Location'] = rewriteLink(location, links);
    return { code, headers, stream: answer };
  }
  const type = (answer.headers['content-type'] ?? '').split(';')[0]!.trim();
  if (type !== 'text/html' || call.method === 'HEAD') return { code, headers, stream: answer };
  return { code, ...(await htmlPage(answer, headers, links)) };
}
