/** Discovery documents in the encoding that a client asks for, with their ETag. */
import { createHash } from 'node:crypto';
import { namesOne, parseAccept, takes } from '../../machinery/codec/accept-header.ts';
import { kindType } from '../../machinery/schema/schema.ts';
import type { KubeObject } from '../../machinery/schema/wire.ts';
import type { ApiRequest } from './api-request.ts';
import type { BodyResponse } from './api-response.ts';
import {
  type Encoding,
  mediaTypes,
  negotiate,
  noRepresentation,
  type OutputForm,
  plainJson,
} from './output-form.ts';
import { encode, wantsPretty } from './rendering.ts';

const aggregatedKind = { g: 'apidiscovery.k8s.io', v: 'v2', as: 'APIGroupDiscoveryList' } as const;

/** A plain document. Throws 406. `routed`: the real server's router looks at the request first. */
export function discoveryAnswer(request: ApiRequest, value: object, routed: boolean): BodyResponse {
  if (routed) checkTypes(request, mediaTypes, ['application/cbor']);
  return tagged(request, value, negotiate(request.header('accept'), 'status'), '');
}

/**
 * The answer at `/api` and `/apis`: the plain document, or the aggregated one for clients that
 * prefer it. Throws 406.
 */
export function rootAnswer(
  request: ApiRequest,
  plain: () => object,
  aggregated: (version: string) => object,
  routed: boolean,
): BodyResponse {
  const encoding = aggregatedEncoding(request.header('accept') ?? '');
  if (encoding === undefined) return discoveryAnswer(request, plain(), routed);
  const contentType = mediaTypes.find((t) => t.endsWith(encoding)) ?? plainJson.contentType;
  const { g, v, as } = aggregatedKind;
  const form: OutputForm = { ...plainJson, encoding, contentType };
  return tagged(request, aggregated(v), form, `;g=${g};v=${v};as=${as}`, 'public');
}

/** What the real server's router checks first; `untold` is taken as well. Throws 406. */
export function checkTypes(
  request: ApiRequest,
  types: readonly string[],
  untold: readonly string[] = [],
): void {
  const accept = request.header('accept');
  if (accept === undefined || accept === '' || namesOne(accept, [...types, ...untold])) return;
  throw noRepresentation(types);
}

/** The encoding of the first clause that asks for the aggregated form, whatever stands before it. */
function aggregatedEncoding(accept: string): Encoding | undefined {
  for (const clause of parseAccept(accept)) {
    const type = mediaTypes.find((t) => takes(clause, t));
    if (type === undefined) continue;
    const asks = Object.entries(aggregatedKind).every(([k, v]) => clause.params.get(k) === v);
    if (asks) return negotiate(type, 'status').encoding;
  }
  return undefined;
}

/** With its ETag; 304 when the client has it. */
function tagged(
  request: ApiRequest,
  value: object,
  form: OutputForm,
  suffix: string,
  caching?: string,
): BodyResponse {
  const json = JSON.stringify(value);
  const etag = `"${createHash('sha512').update(json).digest('hex').toUpperCase()}"`;
  const headers = {
    ETag: etag,
    Vary: 'Accept',
    ...(caching === undefined ? {} : { 'Cache-Control': caching }),
  };
  const contentType = `${form.contentType}${suffix}`;
  if (request.header('if-none-match') === etag) {
    return { code: 304, contentType, body: '', headers };
  }
  const pretty = form.pretty || wantsPretty(request.query, request.header('user-agent'));
  if (form.encoding === 'json' && !pretty) {
    return { code: 200, contentType, body: `${json}\n`, headers };
  }
  // Some of these kinds do not name their version, which is in the envelope of protobuf all the same.
  const { apiVersion = 'v1', kind = '' } = value as KubeObject;
  const shown = form.encoding === 'protobuf' ? { ...value, apiVersion } : value;
  const body = encode(form, shown, kindType(apiVersion, kind)!, pretty);
  return { code: 200, contentType, body, headers };
}
