/** PUT of an object or of its status. */

import { deepCopy } from '../../machinery/meta/copy.ts';
import type { KubeObject } from '../../machinery/schema/wire.ts';
import type { Admission } from '../admission/admission.ts';
import type { AccessAttributes } from '../auth/authorizer.ts';
import { ensureNamespace } from '../registry/object-store/namespace.ts';
import type { UpdateRequest } from '../registry/object-store/update.ts';
import type { ResourceAccess, UpdateStrategy } from '../registry/resource.ts';
import { type ServedResource, toServed, toStored } from '../registry/served-resource.ts';
import type { Review } from '../reviews/review.ts';
import type { ApiRequest } from '../server/api-request.ts';
import type { ApiResponse } from '../server/api-response.ts';
import { type RenderContext, renderObject } from '../server/rendering.ts';
import { expectedOf, optionsObject } from './create.ts';
import { decodeBody } from './decode-body.ts';
import { manageFields } from './field-manager.ts';
import { writeOptions } from './write-options.ts';
import {
  admissionAttributes,
  checkName,
  dedupOwnerReferences,
  managerOf,
  writeContext,
} from './write-request.ts';

/** What the write handlers need of the server. */
export interface WriteServices {
  readonly admission: Admission;
  readonly access: ResourceAccess;
  /** Kinds that are answered and never stored, by `plural.group`. */
  readonly reviews: ReadonlyMap<string, Review>;
  /** Throws 403 unless the user may also create: asked when an update is about to. */
  checkCreate(attributes: AccessAttributes): Promise<void>;
}

/** Answers an update; throws StatusError. */
export async function update(
  request: ApiRequest,
  c: RenderContext,
  services: WriteServices,
): Promise<ApiResponse> {
  const { resource } = c;
  const { info } = request;
  const bytes = await request.readBody();
  const options = writeOptions(request.query, 'UpdateOptions');
  const warn = (text: string) => request.warn(text);
  const object = decodeBody(
    bytes,
    request.header('content-type'),
    expectedOf(resource),
    options.fieldValidation,
    warn,
  );
  request.audit?.requestObject(object);
  object.metadata ??= {};
  ensureNamespace(resource.definition.namespaced ? info.namespace : '', object.metadata);
  checkName(object, info.name);
  dedupOwnerReferences(object, warn, false);
  const manager = managerOf(options.fieldManager, request.header('user-agent'));
  const outcome = await writeUpdate(request, resource, services, {
    dryRun: options.dryRun,
    uid: object.metadata.uid,
    make: (live) => {
      const next = deepCopy(object);
      manageFields(resource, live, next, manager, info.subresource, object);
      return Promise.resolve(next);
    },
  });
  return renderObject(c, outcome.object, outcome.created ? 201 : 200);
}

/** A kind of its own through which an object is written (a scale). */
export interface AdmissionFace {
  readonly kind: string;
  readonly kindVersion: string;
  of(object: KubeObject): KubeObject;
}

export interface UpdatePlan {
  readonly dryRun: boolean;
  readonly uid?: string | undefined;
  readonly forceCreate?: boolean;
  /** What admission is shown instead of the object; `make` asks the mutating phase by itself. */
  readonly face?: AdmissionFace;
  /** Makes the new object (in the served version) from the live one, which it does not change. */
  make(live: KubeObject | undefined): Promise<KubeObject>;
}

/** Runs an update or patch through admission and the store. */
export function writeUpdate(
  request: ApiRequest,
  resource: ServedResource,
  services: WriteServices,
  plan: UpdatePlan,
): ReturnType<ServedResource['store']['update']> {
  const { info } = request;
  const ctx = writeContext(
    request,
    resource,
    services.access,
    plan.dryRun,
    resource.definition.plural === 'namespaces' ? info.name : info.namespace,
  );
  const options = optionsObject(request);
  const { face } = plan;
  const attributesOf = (next: KubeObject, prev: KubeObject | undefined) =>
    admissionAttributes(
      request,
      resource,
      prev === undefined ? 'CREATE' : 'UPDATE',
      next,
      prev,
      options,
      plan.dryRun,
    );
  const seenThrough = (
    { kind, kindVersion, of }: AdmissionFace,
    next: KubeObject,
    prev: KubeObject | undefined,
  ) => ({ ...attributesOf(of(next), prev && of(prev)), kind, kindVersion });
  const store: UpdateRequest = {
    namespace: info.namespace,
    name: info.name,
    strategy: strategyOf(resource, info.subresource),
    uid: plan.uid,
    keepsCurrent: resource.conversion === undefined,
    ...(plan.forceCreate === undefined ? {} : { forceCreate: plan.forceCreate }),
    async transform(current) {
      const live = current === undefined ? undefined : toServed(resource, current);
      const next = toStored(resource, await plan.make(live));
      if (face === undefined) await services.admission.admit(attributesOf(next, current));
      dedupOwnerReferences(next, (text) => request.warn(text), true);
      return next;
    },
    async admit(next, prev) {
      if (prev === undefined) await authorizeCreate(request, services);
      await services.admission.validate(
        face === undefined ? attributesOf(next, prev) : seenThrough(face, next, prev),
      );
    },
  };
  return resource.store.update(store, ctx);
}

async function authorizeCreate({ info, user }: ApiRequest, services: WriteServices): Promise<void> {
  await services.checkCreate({
    user,
    verb: 'create',
    resourceRequest: true,
    group: info.group,
    version: info.version,
    resource: info.resource,
    subresource: info.subresource,
    namespace: info.namespace,
    name: info.name,
    path: '',
  });
}

/** The strategy of the face that is written: the object, or a status that keeps the rest. */
function strategyOf(
  resource: ServedResource,
  subresource: string,
): UpdateStrategy<KubeObject> | 'main' {
  const { status, faces } = resource.definition;
  const face = faces[subresource];
  if (face !== undefined) return face;
  if (subresource !== 'status' || status === false) return 'main';
  return {
    prepareForUpdate(next, prev, ctx) {
      keepAllButStatus(next, prev);
      status.prepareForUpdate?.(next, prev, ctx);
    },
    ...(status.metadataChecks === undefined ? {} : { metadataChecks: status.metadataChecks }),
    validateUpdate: (next, prev, ctx) => status.validateUpdate?.(next, prev, ctx) ?? [],
    warnings: (next, prev) => status.warnings?.(next, prev) ?? [],
    keepsRest: true,
  };
}

function keepAllButStatus(next: KubeObject, prev: KubeObject): void {
  const target = next as unknown as Record<string, unknown>;
  const source = prev as unknown as Record<string, unknown>;
  for (const key of new Set([...Object.keys(target), ...Object.keys(source)])) {
    if (key === 'status' || key === 'metadata' || key === 'kind' || key === 'apiVersion') continue;
    if (source[key] === undefined) delete target[key];
    else target[key] = source[key];
  }
}
