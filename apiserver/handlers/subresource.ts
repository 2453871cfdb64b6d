/** Calls of subresources that have a behaviour of their own. */
import { badRequest } from '../../machinery/meta/status-error.ts';
import { formatTime } from '../../machinery/meta/times.ts';
import { updateManagedFields } from '../../machinery/patch/managed-fields.ts';
import { kindType } from '../../machinery/schema/schema.ts';
import type { KubeObject } from '../../machinery/schema/wire.ts';
import type { AdmissionAttributes } from '../admission/admission.ts';
import type { Catalog } from '../registry/catalog.ts';
import { ensureNamespace } from '../registry/object-store/namespace.ts';
import type { ServedResource } from '../registry/served-resource.ts';
import type { Subresource, SubresourceAnswer, SubresourceCall } from '../registry/subresource.ts';
import type { ApiRequest } from '../server/api-request.ts';
import type { ApiResponse } from '../server/api-response.ts';
import { type RenderContext, renderValue } from '../server/rendering.ts';
import { changedOptions, connectOptions } from './connect-options.ts';
import { optionsObject } from './create.ts';
import { decodeBody } from './decode-body.ts';
import type { WriteServices } from './update.ts';
import { writeOptions } from './write-options.ts';
import { admissionAttributes, managerOf, writeContext } from './write-request.ts';

/** Decodes what the subresource reads, asks admission, calls it and renders its answer. */
export async function callSubresource(
  request: ApiRequest,
  c: RenderContext,
  subresource: Subresource,
  _catalog: Catalog,
  services: WriteServices,
): Promise<ApiResponse> {
  const { info } = request;
  const verb = info.verb as SubresourceCall['verb'];
  const connects = subresource.connects !== undefined;
  if (connects) checkConnect(request);
  const options = connects ? undefined : writeOptions(request.query, 'CreateOptions');
  const dryRun = options?.dryRun ?? false;
  let body: KubeObject | undefined;
  if (!connects && verb !== 'get') {
    const apiVersion = subresource.apiVersion ?? c.resource.apiVersion;
    const expected = {
      apiVersion,
      kind: subresource.kind,
      type: kindType(apiVersion, subresource.kind)!,
      group: apiVersion.includes('/') ? apiVersion.split('/')[0]! : '',
      version: apiVersion.slice(apiVersion.indexOf('/') + 1),
      aliases: subresource.aliases,
    };
    const bytes = await request.readBody();
    const warn = (text: string) => request.warn(text);
    body = decodeBody(
      bytes,
      request.header('content-type'),
      expected,
      options!.fieldValidation,
      warn,
    );
    body.metadata ??= {};
    ensureNamespace(c.resource.definition.namespaced ? info.namespace : '', body.metadata);
    request.audit?.requestObject(body);
  }
  const context = writeContext(request, c.resource, services.access, dryRun);
  if (connects) {
    const call = await admitConnection(request, c.resource, subresource, services, context);
    return answerOf(request, c, await subresource.handle(call));
  }
  let call = callOf(request, context, body);
  if (verb !== 'get') {
    const sent = optionsObject(request);
    const attributes: AdmissionAttributes = {
      ...admissionAttributes(request, c.resource, 'CREATE', body, undefined, sent, dryRun),
      ...kindOf(subresource),
    };
    const manager = managerOf(options!.fieldManager, request.header('user-agent'));
    manageBody(body!, subresource, c.resource, manager);
    await services.admission.admit(attributes);
    call = { ...call, validate: () => services.admission.validate(attributes) };
  }
  return answerOf(request, c, await subresource.handle(call));
}

/** Asks admission about a connection; the call as it is to be made. */
export async function admitConnection(
  request: ApiRequest,
  resource: ServedResource,
  subresource: Subresource,
  { admission }: Pick<WriteServices, 'admission'>,
  context: SubresourceCall['context'],
): Promise<SubresourceCall> {
  const object = connectOptions(request, subresource);
  const before = object && JSON.stringify(object);
  const attributes: AdmissionAttributes = {
    ...admissionAttributes(request, resource, 'CONNECT', object, undefined, {}, false),
    ...kindOf(subresource),
  };
  await admission.admit(attributes);
  await admission.validate(attributes);
  const call = callOf(request, context, undefined);
  const changed = changedOptions(request, before, object);
  if (changed === undefined) return call;
  return { ...call, query: changed.query, rest: changed.rest ?? call.rest };
}

/** Who sent the body owns its fields, though it is not stored. */
function manageBody(
  body: KubeObject,
  { kind, apiVersion, name }: Subresource,
  resource: ServedResource,
  manager: string,
): void {
  const version = apiVersion ?? resource.apiVersion;
  const type = kindType(version, kind)!;
  updateManagedFields({
    type,
    apiVersion: version,
    subresource: name,
    now: formatTime(Date.now()),
    resetFields: [],
    live: undefined,
    next: body,
    manager,
  });
}

/** The kind of the body, which is not the resource's. */
function kindOf({
  kind,
  apiVersion,
}: Subresource): Pick<AdmissionAttributes, 'kind' | 'kindVersion'> {
  return { kind, ...(apiVersion === undefined ? {} : { kindVersion: apiVersion }) };
}

function answerOf(request: ApiRequest, c: RenderContext, answer: SubresourceAnswer): ApiResponse {
  if ('object' in answer) return renderValue(c, answer.object, answer.code);
  return {
    async stream(response) {
      response.writeHead(answer.code, streamHeaders(request, answer.headers));
      await new Promise<void>((resolve) => {
        answer.stream.once('error', () => response.destroy());
        response.once('close', resolve);
        answer.stream.pipe(response);
      });
    },
  };
}

/** Throws 400 for what is asked of no connection. */
export function checkConnect({ query }: ApiRequest): void {
  if (query.has('dryRun')) throw badRequest('dryRun is not supported');
}

/** What every answer carries, beside the stream's own; a backend's caching is told as well. */
function streamHeaders(
  { auditId }: ApiRequest,
  own: Readonly<Record<string, string | string[]>>,
): Record<string, string | string[]> {
  const headers: Record<string, string | string[]> = { 'Audit-Id': auditId };
  const caching = ['no-cache, private'];
  for (const [name, value] of Object.entries(own)) {
    const lower = name.toLowerCase();
    if (lower === 'cache-control') caching.push(...[value].flat());
    else if (lower !== 'audit-id') headers[name] = value;
  }
  return { ...headers, 'Cache-Control': caching };
}

/** The call as the subresource sees it. */
export function callOf(
  request: ApiRequest,
  context: SubresourceCall['context'],
  body: KubeObject | undefined,
): SubresourceCall {
  const { info } = request;
  return {
    verb: info.verb as SubresourceCall['verb'],
    method: request.method,
    namespace: info.namespace,
    name: info.name,
    rest: info.rest === '' ? '' : `/${info.rest}`,
    query: request.query,
    user: request.user,
    context,
    body,
    validate: () => Promise.resolve(),
    signal: request.signal,
    request: request.raw,
  };
}
