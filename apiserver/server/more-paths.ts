/** Paths beside discovery and health: OpenAPI, metrics, the keys of service account tokens. */
import type { HealthSlis } from '../../machinery/pages/health-slis.ts';
import { answerZPage, type ZPage } from '../../machinery/pages/z-page.ts';
import type { AuthenticationSetup } from '../auth/authentication.ts';
import type { MetricRegistry } from '../metrics/registry.ts';
import { OpenApi, type OpenApiRequest } from '../openapi/openapi.ts';
import { servedGroupVersions } from '../openapi/served.ts';
import type { ApiServerOptions } from '../options.ts';
import type { Catalog } from '../registry/catalog.ts';
import type { ApiRequest } from './api-request.ts';
import { type ApiResponse, json, plainText } from './api-response.ts';
import { checkTypes } from './discovery-answer.ts';
import { checkMethod } from './paths.ts';
import { wantsPretty } from './rendering.ts';
import { snapshotPath } from './snapshot.ts';

export interface MorePathServices {
  readonly options: ApiServerOptions;
  readonly catalog: Catalog;
  readonly authentication: AuthenticationSetup;
  readonly metrics: MetricRegistry;
  /** Pages for people who look into a server; undefined: none of that path. */
  page(path: string): string | undefined;
  /** By path: `/flagz`. */
  readonly zPages: Readonly<Record<string, ZPage>>;
  readonly slis: HealthSlis;
  /** A copy of the store; undefined: it is not this server's. */
  readonly snapshot: ApiResponse | undefined;
}

/** Answers one of these paths, undefined for any other. */
export function morePaths(
  services: MorePathServices,
): (request: ApiRequest) => Promise<ApiResponse | undefined> {
  // Made when first asked for: most servers never show their schema.
  let openApi: OpenApi | undefined;
  const documents = () => {
    openApi ??= new OpenApi(() => servedGroupVersions(services.catalog));
    return openApi;
  };
  return async (request) => {
    const { path } = request;
    if (path === '/metrics') return { code: 200, ...(await services.metrics.expose()) };
    if (path === '/metrics/slis') {
      return { code: 200, contentType: metricsType, body: services.slis.text() };
    }
    if (Object.hasOwn(services.zPages, path)) return zPage(services.zPages[path]!, request);
    if (path === '/openapi/v2') return documents().documentV2(asked(request));
    if (path === '/openapi/v3') {
      return documents().index(asked(request));
    }
    if (path.startsWith('/openapi/v3/')) {
      return documents().document(path.slice('/openapi/v3/'.length), asked(request));
    }
    if (path === snapshotPath) {
      checkMethod(request);
      return services.snapshot ?? noSnapshot;
    }
    if (/^\/debug\/pprof(\/|$)/.test(path)) return noProfiles;
    const page = path.startsWith('/debug/') ? services.page(path) : undefined;
    if (page !== undefined)
      return { code: 200, contentType: 'text/plain; charset=utf-8', body: page };
    const { keys } = services.authentication;
    if (path === '/openid/v1/jwks') {
      checkMethod(request);
      checkTypes(request, [jwksType]);
      return { ...json(200, await keys.jwks()), contentType: jwksType, headers: keptAnHour };
    }
    if (path === '/.well-known/openid-configuration') {
      const { serviceAccountIssuer, serviceAccountJwksUri, securePort } = services.options;
      const { externalHostname, advertiseAddress } = services.options;
      const host = externalHostname ?? advertiseAddress;
      checkMethod(request);
      checkTypes(request, ['application/json']);
      const document = {
        issuer: serviceAccountIssuer,
        jwks_uri: serviceAccountJwksUri ?? `https://${host}:${securePort}/openid/v1/jwks`,
        response_types_supported: ['id_token'],
        subject_types_supported: ['public'],
        id_token_signing_alg_values_supported: ['RS256'],
      };
      return { ...json(200, document), headers: keptAnHour };
    }
    return undefined;
  };
}

function zPage(page: ZPage, request: ApiRequest): ApiResponse {
  const pretty = wantsPretty(request.query, request.header('user-agent'));
  const { warning, ...answer } = answerZPage(page, request.header('accept') ?? '', pretty);
  return warning === undefined ? answer : { ...answer, headers: { Warning: warning } };
}

const metricsType = 'text/plain; version=0.0.4; charset=utf-8';
const noProfiles: ApiResponse = {
  code: 404,
  ...plainText,
  body: 'there are no profiles here: this server runs with --profiling=false\n',
};

const noSnapshot: ApiResponse = {
  code: 404,
  ...plainText,
  body: 'the store is an etcd: use etcdctl snapshot save\n',
};

function asked(request: ApiRequest): OpenApiRequest {
  return {
    accept: request.header('accept'),
    acceptEncoding: request.header('accept-encoding'),
    conditions: request,
    hash: request.query.get('hash') ?? '',
    nowMs: Date.now(),
  };
}

const jwksType = 'application/jwk-set+json';
const keptAnHour = { 'Cache-Control': 'public, max-age=3600' };
