/** Resource requests: from what a path means to the handler of the verb. */

import { namesOne } from '../../machinery/codec/accept-header.ts';
import { quote } from '../../machinery/meta/field-error.ts';
import { isPathSegmentName } from '../../machinery/meta/names.ts';
import { badRequest, methodNotSupported, StatusError } from '../../machinery/meta/status-error.ts';
import { readComponents } from '../handlers/components.ts';
import { create } from '../handlers/create.ts';
import { deleteCollection, deleteOne } from '../handlers/delete.ts';
import { get } from '../handlers/get.ts';
import { list } from '../handlers/list.ts';
import { listOptions } from '../handlers/list-options.ts';
import { patch } from '../handlers/patch.ts';
import { scale } from '../handlers/scale.ts';
import { selectionOf } from '../handlers/selection.ts';
import { callSubresource } from '../handlers/subresource.ts';
import { update, type WriteServices } from '../handlers/update.ts';
import { watch } from '../handlers/watch.ts';
import type { Catalog } from '../registry/catalog.ts';
import { type ComponentCheck, componentStatuses } from '../registry/core/component-statuses.ts';
import type { ServedResource } from '../registry/served-resource.ts';
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
import { routed } from './routes.ts';

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

/** What answers to resource requests are made with. */
export interface DispatchServices extends WriteServices {
  /** Whom to ask for the state of components, by name. */
  readonly components: Readonly<Record<string, ComponentCheck>>;
}

/** Answers a resource request that was authorized. */
export async function dispatch(
  request: ApiRequest,
  catalog: Catalog,
  services: DispatchServices,
): Promise<ApiResponse> {
  const { info } = request;
  // The router does not tidy paths up.
  if (request.path.startsWith('//')) return pageNotFound;
  const resource = catalog.find(info.group, info.version, info.resource);
  if (resource === undefined) {
    if (catalog.groups.some((g) => g.name === info.group)) throw unknownResource();
    return pageNotFound;
  }
  checkRoute(request, resource);
  const { deprecation } = resource.definition;
  if (deprecation !== undefined) request.warn(deprecation);
  const form = formOf(request, resource);
  checkName(request);
  const c: RenderContext = {
    resource,
    form,
    query: request.query,
    pretty: form.pretty || wantsPretty(request.query, request.header('user-agent')),
    nowMs: Date.now(),
  };
  if (info.subresource !== '') return dispatchSubresource(request, c, catalog, services);
  if (resource.definition === componentStatuses) {
    return readComponents(request, c, services.components);
  }
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

/** Throws 404 and 405 for what the real server has no route for. */
export function checkRoute({ info, method }: ApiRequest, resource: ServedResource): void {
  const there = routed(info, method, resource);
  if (there === 'none') throw unknownResource();
  if (there === 'other') throw methodNotAllowed();
}

/** Verbs that look an object up by the name in the path before anything else. */
const namingVerbs = ['get', 'patch', 'delete'];

/** Throws 400 for a name that no object can have. */
function checkName({ info }: ApiRequest): void {
  if (!info.named || !namingVerbs.includes(info.verb)) return;
  const problems = isPathSegmentName(info.name);
  if (problems.length === 0) return;
  throw badRequest(`Name parameter invalid: ${quote(info.name)}: ${problems.join(';')}`);
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
  // What is only created is a question and its answer: there is no table of those.
  const answers = resource.definition.verbs.join() === 'create';
  if (subresource !== undefined || answers || isFaceWithoutTable(info.subresource, resource)) {
    return negotiate(accept, 'plain');
  }
  return negotiate(accept, info.verb === 'watch' || info.verb === 'list' ? info.verb : 'one');
}

/** Of the faces of an object only the status has a table, and not for every kind. */
function isFaceWithoutTable(subresource: string, { definition }: ServedResource): boolean {
  const { status, faces } = definition;
  if (subresource === 'status') return status !== false && status.withoutTable === true;
  return faces[subresource] !== undefined;
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
