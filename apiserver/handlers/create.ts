/** POST of a new object. */
import { ensureNamespace } from '../registry/object-store/namespace.ts';
import { qualifiedName, type ServedResource, toStored } from '../registry/served-resource.ts';
import type { ApiRequest } from '../server/api-request.ts';
import type { ApiResponse } from '../server/api-response.ts';
import { type RenderContext, renderObject, renderValue } from '../server/rendering.ts';
import { decodeBody, type Expected } from './decode-body.ts';
import { manageFields } from './field-manager.ts';
import type { WriteServices } from './update.ts';
import { writeOptions } from './write-options.ts';
import {
  admissionAttributes,
  dedupOwnerReferences,
  managerOf,
  writeContext,
} from './write-request.ts';

/** Answers a create; throws StatusError. */
export async function create(
  request: ApiRequest,
  c: RenderContext,
  services: Pick<WriteServices, 'admission' | 'access' | 'reviews'>,
): Promise<ApiResponse> {
  const { resource } = c;
  const { admission, access } = services;
  const bytes = await request.readBody();
  const options = writeOptions(request.query, 'CreateOptions');
  const object = decodeBody(
    bytes,
    request.header('content-type'),
    expectedOf(resource),
    options.fieldValidation,
    (text) => request.warn(text),
  );
  request.audit?.requestObject(object);
  object.metadata ??= {};
  const meta = object.metadata;
  // A client may not choose these.
  delete meta.creationTimestamp;
  delete meta.uid;
  delete meta.deletionTimestamp;
  delete meta.deletionGracePeriodSeconds;
  delete meta.selfLink;
  // A namespace is created "in itself": the path has none.
  ensureNamespace(resource.definition.namespaced ? request.info.namespace : '', meta);
  const warn = (text: string) => request.warn(text);
  dedupOwnerReferences(object, warn, false);
  const manager = managerOf(options.fieldManager, request.header('user-agent'));
  manageFields(resource, undefined, object, manager, '');
  const stored = toStored(resource, object);
  const namespaceName = resource.definition.plural === 'namespaces' ? meta.name : undefined;
  const ctx = writeContext(
    request,
    resource,
    access,
    options.dryRun,
    namespaceName ?? request.info.namespace,
  );
  const attributes = admissionAttributes(
    request,
    resource,
    'CREATE',
    stored,
    undefined,
    optionsObject(request),
    options.dryRun,
  );
  await admission.admit(attributes);
  dedupOwnerReferences(stored, warn, true);
  const review = services.reviews.get(qualifiedName(resource.group, resource.definition.plural));
  if (review !== undefined) {
    await admission.validate(attributes);
    const { user, info } = request;
    const answer = await review(stored, {
      user,
      namespace: info.namespace,
      now: ctx.now,
      context: ctx,
    });
    // A body need not say what it is.
    const named = { kind: resource.definition.kind, apiVersion: resource.apiVersion, ...answer };
    return renderValue(c, named, 201);
  }
  const created = await resource.store.create(stored, ctx, (o) =>
    admission.validate({ ...attributes, object: o, name: o.metadata?.name ?? '' }),
  );
  return renderObject(c, created, 201);
}

/** What bodies of a resource must be. */
export function expectedOf(resource: ServedResource): Expected {
  return {
    group: resource.group,
    version: resource.version,
    apiVersion: resource.apiVersion,
    kind: resource.definition.kind,
    type: resource.type,
  };
}

/** The request's options as admission sees them. */
export function optionsObject(request: ApiRequest): Record<string, unknown> {
  const out: Record<string, unknown> = {};
  for (const name of ['fieldManager', 'fieldValidation']) {
    const value = request.query.get(name);
    if (value) out[name] = value;
  }
  const dryRun = request.query.getAll('dryRun');
  if (dryRun.length > 0) out['dryRun'] = dryRun;
  return out;
}
