/** Resource requests: from what a path means to the handler of the verb. */
import { methodNotSupported, StatusError } from '../../machinery/meta/status-error.ts';
import { create } from '../handlers/create.ts';
import { deleteCollection, deleteOne } from '../handlers/delete.ts';
import { get } from '../handlers/get.ts';
import { list } from '../handlers/list.ts';
import { listOptions } from '../handlers/options.ts';
import { patch } from '../handlers/patch.ts';
import { scale } from '../handlers/scale.ts';
import { selectionOf } from '../handlers/selection.ts';
import { callSubresource } from '../handlers/subresource.ts';
import { update, type WriteServices } from '../handlers/update.ts';
import { watch } from '../handlers/watch.ts';
import type { Catalog } from '../registry/catalog.ts';
import type { ServedResource } from '../registry/served-resource.ts';
import { namesOne } from './accept-header.ts';
import type { ApiRequest } from './api-request.ts';
import { type ApiResponse, pageNotFound } from './api-response.ts';
import {
  mediaTypes,
  negotiate,
  noRepresentation,
  type OutputForm,
  plainJson,
} from './output-form.ts';
import { type RenderContext, wantsPretty } from './rendering.ts';

/** 404 for a group version or resource that is not served. */
export function unknownResource(): StatusError {
  return new StatusError('NotFound', 'the server could not find the requested resource', {});
}

/** 405 for a path whose routes have other methods. */
export function methodNotAllowed(): StatusError {
  return new StatusError(
    'MethodNotAllowed',
    'the server does not allow this method on the requested resource',
    {},
  );
}

/** The methods that resources have routes for; the real server has none for HEAD and OPTIONS. */
const methods = new Set(['GET', 'POST', 'PUT', 'PATCH', 'DELETE']);

/** Answers a resource request that was authorized. */
export async function dispatch(
  request: ApiRequest,
  catalog: Catalog,
  services: WriteServices,
): Promise<ApiResponse> {
  const { info } = request;
  const resource = catalog.find(info.group, info.version, info.resource);
  if (resource === undefined) {
    if (catalog.groups.some((g) => g.name === info.group)) throw unknownResource();
    return pageNotFound;
  }
  checkScope(request, resource);
  checkMethod(request, resource);
  const { deprecation } = resource.definition;
  if (deprecation !== undefined) request.warn(deprecation);
  const form = formOf(request, resource);
  const c: RenderContext = {
    resource,
    form,
    query: request.query,
    pretty: form.pretty || wantsPretty(request.query, request.header('user-agent')),
    nowMs: Date.now(),
  };
  if (info.subresource !== '') return dispatchSubresource(request, c, catalog, services);
  switch (info.verb) {
    case 'get':
      return get(c, info.namespace, info.name, request.query.get('resourceVersion') ?? '');
    case 'list':
    case 'watch': {
      const options = listOptions(request.query);
      const selection = selectionOf(resource, namespaceOf(request, resource), info.name, options);
      return info.verb === 'watch'
        ? watch(request, c, selection, options)
        : list(c, selection, options);
    }
    case 'create':
      return create(request, c, services);
    case 'update':
      return update(request, c, services);
    case 'patch':
      return patch(request, c, services);
    case 'delete':
      return deleteOne(request, c, services.admission, services.access);
    case 'deletecollection': {
      const options = listOptions(request.query);
      const selection = selectionOf(resource, namespaceOf(request, resource), info.name, options);
      return deleteCollection(request, c, services.admission, services.access, selection, options);
    }
    default:
      throw methodNotSupported(
        { group: resource.group, resource: resource.definition.plural },
        info.verb,
      );
  }
}

function namespaceOf(request: ApiRequest, resource: ServedResource): string {
  return resource.definition.namespaced ? request.info.namespace : '';
}

/**
 * Throws 404 or 405 for paths that there is no route for: a cluster-scoped resource under a
 * namespace, a write of a namespaced one without, the old forms beside that of a watch.
 */
function checkScope(request: ApiRequest, resource: ServedResource): void {
  const { info, method } = request;
  const { namespaced, plural } = resource.definition;
  if (info.verb === 'proxy' || (info.legacyWatch && info.subresource !== '')) {
    throw unknownResource();
  }
  if (info.legacyWatch && method !== 'GET') throw methodNotAllowed();
  if (!namespaced && info.namespace !== '' && plural !== 'namespaces') throw unknownResource();
  if (!namespaced || info.namespace !== '') {
    if (info.subresource !== '') return;
    // Collections are created into, objects are changed.
    const misplaced = info.name === '' ? ['update', 'patch'] : ['create'];
    if (misplaced.includes(info.verb)) throw methodNotAllowed();
    return;
  }
  if (info.verb === 'list' || info.verb === 'watch') return;
  throw info.name === '' ? methodNotAllowed() : unknownResource();
}

const subresourceVerbs = ['get', 'patch', 'update'];

/** Throws 405 for what there is no route for, 404 for a subresource that there is none of. */
function checkMethod({ info, method }: ApiRequest, resource: ServedResource): void {
  const { definition, subresources } = resource;
  const { subresource: name, verb } = info;
  const subresource = subresources.get(name);
  if (info.rest !== '' && subresource?.below !== true) throw unknownResource();
  if (subresource?.connects !== undefined) {
    if (!subresource.connects.includes(method)) throw methodNotAllowed();
    return;
  }
  let verbs: readonly string[] | undefined;
  if (name === '') verbs = definition.verbs;
  else if (name === 'scale' && definition.scale !== undefined) verbs = subresourceVerbs;
  else if (definition.faces[name] !== undefined) verbs = definition.faces[name].verbs;
  else if (name === 'status' && definition.status !== false) verbs = subresourceVerbs;
  else verbs = subresource?.verbs;
  if (verbs === undefined) throw unknownResource();
  if (!methods.has(method) || !verbs.includes(verb)) throw methodNotAllowed();
}

/** Throws 406. */
function formOf({ info, raw }: ApiRequest, resource: ServedResource): OutputForm {
  const { accept } = raw.headers;
  const subresource = resource.subresources.get(info.subresource);
  if (subresource?.connects !== undefined) return plainJson;
  const { streams } = subresource ?? {};
  if (streams !== undefined && accept !== undefined && accept !== '') {
    const types = [...streams, ...mediaTypes];
    if (!namesOne(accept, types)) throw noRepresentation(types);
  }
  if (subresource !== undefined) return negotiate(accept, 'plain');
  return negotiate(accept, info.verb === 'watch' || info.verb === 'list' ? info.verb : 'one');
}

async function dispatchSubresource(
  request: ApiRequest,
  c: RenderContext,
  catalog: Catalog,
  services: WriteServices,
): Promise<ApiResponse> {
  const { info } = request;
  const { definition, subresources } = c.resource;
  if (info.subresource === 'scale' && definition.scale !== undefined) {
    return scale(request, c, services);
  }
  const status = info.subresource === 'status' && definition.status !== false;
  if (status || definition.faces[info.subresource] !== undefined) {
    switch (info.verb) {
      case 'get':
        return get(c, info.namespace, info.name, request.query.get('resourceVersion') ?? '');
      case 'update':
        return update(request, c, services);
      default:
        return patch(request, c, services);
    }
  }
  const subresource = subresources.get(info.subresource);
  if (subresource === undefined) throw unknownResource();
  return callSubresource(request, c, subresource, catalog, services);
}
