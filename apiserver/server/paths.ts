/** The server's own paths: discovery, health, version, OpenAPI. */
import type { HealthSlis } from '../../machinery/pages/health-slis.ts';
import type { Catalog } from '../registry/catalog.ts';
import type { ApiRequest } from './api-request.ts';
import { type ApiResponse, indentedJson, pageNotFound } from './api-response.ts';
import { aggregated, apiGroup, apiGroupList, apiResourceList, apiVersions } from './discovery.ts';
import { checkTypes, discoveryAnswer, rootAnswer } from './discovery-answer.ts';
import { type HealthCheck, health } from './health.ts';
import { PlainError } from './plain-error.ts';
import { methodNotAllowed, unknownResource } from './resource-dispatch.ts';

export interface PathServices {
  readonly catalog: Catalog;
  readonly checks: Readonly<Record<'healthz' | 'livez' | 'readyz', readonly HealthCheck[]>>;
  /** How the checks come out. */
  readonly slis: HealthSlis;
  readonly version: object;
  /** host:port that clients are told. */
  readonly serverAddress: string;
  /** Further paths (metrics, OpenAPI, keys); undefined: not one of them. */
  more(request: ApiRequest): Promise<ApiResponse | undefined>;
}

/** Answers a request that is not about a resource. */
export async function servePath(request: ApiRequest, s: PathServices): Promise<ApiResponse> {
  const parts = request.path.split('/').filter((p) => p !== '');
  const [first = '', second = '', third = ''] = parts;
  switch (first) {
    case 'healthz':
    case 'livez':
    case 'readyz':
      if (request.path.endsWith('/')) return pageNotFound;
      return health(first, parts.slice(1).join('/'), request.query, s.checks[first], s.slis);
    case 'version':
      if (parts.length > 1) throw unknownResource();
      checkMethod(request);
      checkTypes(request, ['application/json']);
      return indentedJson(200, s.version);
    case 'api':
    case 'apis':
      return discovery(request, s, first, second, third, parts.length);
    case '':
    case 'index.html':
      return indentedJson(200, { paths: rootPaths(s) });
  }
  const more = await s.more(request);
  if (more !== undefined) return more;
  return pageNotFound;
}

/**
 * `/api`, `/apis` and below. The router of the real server has a route for GET at those that are
 * served by version; the others, which it does not see, take any method.
 */
function discovery(
  request: ApiRequest,
  s: PathServices,
  root: 'api' | 'apis',
  second: string,
  third: string,
  length: number,
): ApiResponse {
  const core = root === 'api';
  if (length === 1) {
    if (core) checkMethod(request);
    return rootAnswer(
      request,
      () => (core ? apiVersions(s.serverAddress) : apiGroupList(s.catalog)),
      (version) => aggregated(s.catalog, core, version),
      core,
    );
  }
  const group = core ? '' : second;
  const version = core ? second : third;
  const known = s.catalog.groups.find((g) => g.name === group);
  if (known === undefined) return pageNotFound;
  if (!core && length === 2) {
    const shown = { kind: 'APIGroup', apiVersion: 'v1', ...apiGroup(known) };
    return discoveryAnswer(request, shown, false);
  }
  if (length === (core ? 3 : 4)) checkOldForm(request);
  if (length > (core ? 2 : 3) || !known.versions.includes(version)) throw unknownResource();
  checkMethod(request);
  return discoveryAnswer(request, apiResourceList(s.catalog, group, version), true);
}

/** `/watch` and `/proxy` with nothing behind them. Throws the 500 of the real server. */
function checkOldForm({ path, raw }: ApiRequest): void {
  if (!/\/(watch|proxy)\/?$/.test(path)) return;
  const url = JSON.stringify(raw.url ?? '');
  const why = 'failed to create RequestInfo: unable to determine kind and namespace from url';
  throw new PlainError(500, `Internal Server Error: ${url}: ${why}, ${raw.url ?? ''}`);
}

/** Throws 405 for what is no GET. */
export function checkMethod({ method }: ApiRequest): void {
  if (method !== 'GET') throw methodNotAllowed();
}

/** What `/` lists. */
export function rootPaths(s: Pick<PathServices, 'catalog' | 'checks'>): string[] {
  const paths = ['/.well-known/openid-configuration', '/api', '/api/v1', '/apis', '/apis/'];
  for (const g of s.catalog.groups) {
    if (g.name === '') continue;
    paths.push(`/apis/${g.name}`, ...g.versions.map((v) => `/apis/${g.name}/${v}`));
  }
  for (const kind of ['healthz', 'livez', 'readyz'] as const) {
    paths.push(`/${kind}`, ...s.checks[kind].map((c) => `/${kind}/${c.name}`));
  }
  paths.push(
    '/flagz',
    '/metrics',
    '/metrics/slis',
    '/openapi/v2',
    '/openapi/v3',
    '/openapi/v3/',
    '/openid/v1/jwks',
    '/statusz',
    '/version',
  );
  return paths.sort();
}
