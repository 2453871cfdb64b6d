/** DELETE of one object and of a collection. */
import { decodeOptions } from '../../machinery/codec/body.ts';
import { hasReason } from '../../machinery/meta/status-error.ts';
import type { KubeObject } from '../../machinery/schema/wire.ts';
import type { Admission } from '../admission/admission.ts';
import { namesPolicy } from '../registry/object-store/deletion.ts';
import type { ResourceAccess } from '../registry/resource.ts';
import type { ServedResource } from '../registry/served-resource.ts';
import type { ApiRequest } from '../server/api-request.ts';
import type { ApiResponse } from '../server/api-response.ts';
import { type RenderContext, renderList, renderObject, renderValue } from '../server/rendering.ts';
import { bodyEncoding } from './decode-body.ts';
import {
  type CheckedDeleteOptions,
  checkDeleteOptions,
  deleteOptionsOfQuery,
} from './delete-options.ts';
import { listPage } from './list.ts';
import type { ListOptions } from './list-options.ts';
import type { Selection } from './selection.ts';
import { admissionAttributes, writeContext } from './write-request.ts';

/** Answers a DELETE of one object. */
export async function deleteOne(
  request: ApiRequest,
  c: RenderContext,
  admission: Admission,
  access: ResourceAccess,
): Promise<ApiResponse> {
  const options = await deleteOptions(request);
  const { object, deleted } = await remove(
    request,
    c,
    admission,
    access,
    options,
    request.info.name,
  );
  const code = !deleted && options.orphanDependents === false ? 202 : 200;
  const { definition } = c.resource;
  if (definition.deleteReturnsObject || !deleted) return renderObject(c, object, code);
  const details = {
    name: object.name,
    ...(c.resource.group === '' ? {} : { group: c.resource.group }),
    kind: definition.plural,
    uid: object.object<KubeObject>().metadata?.uid ?? '',
  };
  return renderValue(
    c,
    {
      kind: 'Status',
      apiVersion: 'v1',
      metadata: {},
      status: 'Success',
      details,
    } as KubeObject,
    code,
  );
}

/** Answers a DELETE of a collection: deletes what is selected, one by one. */
export async function deleteCollection(
  request: ApiRequest,
  c: RenderContext,
  admission: Admission,
  access: ResourceAccess,
  selection: Selection,
  list: ListOptions,
): Promise<ApiResponse> {
  const options = await deleteOptions(request);
  const warning = c.resource.definition.defaultPropagationWarning;
  if (warning !== undefined && !namesPolicy(options)) request.warn(warning);
  const page = await listPage(c.resource, selection, list);
  for (const o of page.items) {
    try {
      await remove(request, c, admission, access, options, o.name, o.namespace);
    } catch (e) {
      // Somebody else deleted it meanwhile.
      if (!hasReason(e, 'NotFound')) throw e;
    }
  }
  return renderList(c, page.items, page.meta);
}

function remove(
  request: ApiRequest,
  c: RenderContext,
  admission: Admission,
  access: ResourceAccess,
  options: CheckedDeleteOptions,
  name: string,
  namespace = request.info.namespace,
): ReturnType<RenderContext['resource']['store']['delete']> {
  const { resource } = c;
  const ctx = writeContext(request, resource, access, options.dryRun, namespace);
  return resource.store.delete(namespace, name, options, ctx, async (current, graceSeconds) => {
    // Of a collection, each one is asked about without a name, as the real server does.
    const attributes = admissionAttributes(
      request,
      resource,
      'DELETE',
      undefined,
      current,
      shownOptions(resource, options, current, graceSeconds),
      options.dryRun,
    );
    await admission.admit(attributes);
    await admission.validate(attributes);
  });
}

/** What is to be emptied first is meant as it was found: its uid is asked for from then on. */
function shownOptions(
  { definition }: ServedResource,
  { dryRun, ...options }: CheckedDeleteOptions,
  current: KubeObject,
  graceSeconds: number | undefined,
): Record<string, unknown> {
  const uid = current.metadata?.uid;
  return {
    ...options,
    ...(graceSeconds === undefined ? {} : { gracePeriodSeconds: graceSeconds }),
    ...(dryRun ? { dryRun: ['All'] } : {}),
    ...(definition.deletionHold === undefined
      ? {}
      : { preconditions: { uid, ...options.preconditions } }),
  };
}

async function deleteOptions(request: ApiRequest): Promise<CheckedDeleteOptions> {
  const bytes = await request.readBody();
  if (bytes.length === 0) return checkDeleteOptions(deleteOptionsOfQuery(request.query));
  const encoding = bodyEncoding(request.header('content-type'));
  const object = decodeOptions(bytes, encoding, 'DeleteOptions');
  const named = { kind: 'DeleteOptions', apiVersion: 'v1', ...object };
  request.audit?.requestObject(named);
  return checkDeleteOptions(object);
}
