/** The scale subresource: autoscaling/v1 Scale over the number of replicas of an object. */

import { deepCopy } from '../../machinery/meta/copy.ts';
import * as fe from '../../machinery/meta/field-error.ts';
import {
  badRequest,
  conflict,
  invalid,
  notFound,
  StatusError,
} from '../../machinery/meta/status-error.ts';
import { formatTime } from '../../machinery/meta/times.ts';
import { applyPatch } from '../../machinery/patch/apply.ts';
import { updateManagedFields } from '../../machinery/patch/managed-fields.ts';
import { kindType } from '../../machinery/schema/schema.ts';
import type { KubeObject, ManagedFieldsEntry, Scale } from '../../machinery/schema/wire.ts';
import { ensureNamespace } from '../registry/object-store/namespace.ts';
import type { ScaleStrategy } from '../registry/resource.ts';
import { toServed } from '../registry/served-resource.ts';
import type { ApiRequest } from '../server/api-request.ts';
import type { ApiResponse } from '../server/api-response.ts';
import { type RenderContext, renderValue } from '../server/rendering.ts';
import { isApply, parseApply } from './apply.ts';
import { optionsObject } from './create.ts';
import { decodeBody } from './decode-body.ts';
import { patchScale, patchTypeOf } from './patch.ts';
import { objectEntries, scaleEntries, scaleVersion } from './scale-ownership.ts';
import { type WriteServices, writeUpdate } from './update.ts';
import { type WriteOptions, writeOptions } from './write-options.ts';
import { admissionAttributes, checkName, managerOf } from './write-request.ts';

/** Answers GET, PUT and PATCH of a scale. */
export async function scale(
  request: ApiRequest,
  c: RenderContext,
  services: WriteServices,
): Promise<ApiResponse> {
  const strategy = c.resource.definition.scale!;
  const { info } = request;
  if (info.verb === 'get') {
    const found = await c.resource.store.get(info.namespace, info.name);
    return renderValue(c, scaleOf(strategy, toServed(c.resource, found.object())), 200);
  }
  if (info.verb !== 'update' && info.verb !== 'patch') {
    throw new StatusError(
      'MethodNotAllowed',
      'the server does not allow this method on the requested resource',
      {},
    );
  }
  const patches = info.verb === 'patch';
  const type = patches ? patchTypeOf(request) : (request.header('content-type') ?? '');
  const bytes = await request.readBody();
  const options = writeOptions(
    request.query,
    patches ? 'PatchOptions' : 'UpdateOptions',
    isApply(type),
  );
  const expected = {
    apiVersion: scaleVersion,
    kind: 'Scale',
    type: kindType(scaleVersion, 'Scale')!,
    group: 'autoscaling',
    version: 'v1',
  };
  const warn = (text: string) => request.warn(text);
  const applies = isApply(type);
  const sent = patches
    ? undefined
    : (decodeBody(bytes, type, expected, options.fieldValidation, warn) as Scale);
  if (sent === undefined) request.audit?.requestPatch(bytes);
  else {
    request.audit?.requestObject(sent);
    sent.metadata ??= {};
    ensureNamespace(c.resource.definition.namespaced ? info.namespace : '', sent.metadata);
    checkName(sent as KubeObject, info.name);
  }
  const manager = managerOf(options.fieldManager, request.header('user-agent'));
  const scaled = {
    apiVersion: c.resource.apiVersion,
    replicasPath: strategy.specReplicasPath,
  };
  const kindOfScale = { kind: 'Scale', kindVersion: scaleVersion };
  const outcome = await writeUpdate(request, c.resource, services, {
    dryRun: options.dryRun,
    uid: sent?.metadata?.uid,
    face: { ...kindOfScale, of: (o) => scaleOf(strategy, toServed(c.resource, o)) as KubeObject },
    async make(live) {
      if (live === undefined) throw notFound(resourceName(c), info.name);
      const object = deepCopy(live);
      const entries = live.metadata?.managedFields;
      const before = scaleOf(strategy, live);
      setManaged(before, scaleEntries(entries, scaled));
      const next = applies
        ? appliedScale(bytes, type, before, options)
        : (deepCopy(sent) ?? patchScale(bytes, type, before, expected, options, warn));
      checkNames(next, info.name, info.namespace);
      if (!applies) updateManagedFields({ ...ownership(), live: before, next, manager });
      await services.admission.admit({
        ...admissionAttributes(
          request,
          c.resource,
          'UPDATE',
          next as KubeObject,
          before as KubeObject,
          optionsObject(request),
          options.dryRun,
        ),
        ...kindOfScale,
      });
      checkReplicas(next, info.name);
      checkUid(c, next, live);
      object.metadata!.resourceVersion = next.metadata?.resourceVersion ?? '';
      setPath(object, strategy.specReplicasPath, next.spec?.replicas ?? 0);
      setManaged(object, objectEntries(entries, next.metadata?.managedFields, scaled));
      return object;
    },
  });
  return renderValue(c, scaleOf(strategy, toServed(c.resource, outcome.object.object())), 200);
}

function resourceName(c: RenderContext): { group: string; resource: string } {
  return { group: c.resource.group, resource: c.resource.definition.plural };
}

function ownership() {
  return {
    type: kindType(scaleVersion, 'Scale')!,
    apiVersion: scaleVersion,
    subresource: 'scale',
    now: formatTime(Date.now()),
  };
}

function appliedScale(bytes: Buffer, type: string, before: Scale, options: WriteOptions): Scale {
  return applyPatch({
    ...ownership(),
    live: before as KubeObject,
    config: parseApply(bytes, type).value,
    kind: 'Scale',
    manager: options.fieldManager,
    force: options.force === true,
  }) as Scale;
}

function setManaged(object: KubeObject, entries: ManagedFieldsEntry[] | undefined): void {
  if (entries === undefined) delete object.metadata!.managedFields;
  else object.metadata!.managedFields = entries;
}

/** A patch can name the object it is meant for, too. */
function checkUid(c: RenderContext, next: Scale, live: KubeObject): void {
  const [sent, own] = [next.metadata?.uid ?? '', live.metadata?.uid ?? ''];
  if (sent === '' || sent === own) return;
  const { group, resource } = resourceName(c);
  throw conflict(
    { group, resource: `${resource}/scale` },
    live.metadata?.name ?? '',
    `Precondition failed: UID in precondition: ${sent}, UID in object meta: ${own}`,
  );
}

function checkNames(next: Scale, name: string, namespace: string): void {
  const own = next.metadata?.name ?? '';
  if (own !== name) {
    throw badRequest(
      `the name of the object (${own}) does not match the name on the URL (${name})`,
    );
  }
  const ownNamespace = next.metadata?.namespace ?? '';
  if (ownNamespace !== '' && ownNamespace !== namespace) {
    throw badRequest(
      'the namespace of the provided object does not match the namespace sent on the request',
    );
  }
}

function checkReplicas(next: Scale, name: string): void {
  const replicas = next.spec?.replicas ?? 0;
  if (replicas < 0) {
    throw invalid({ group: 'autoscaling', resource: 'Scale' }, name, [
      fe.invalidValue(
        fe.FieldPath.of('spec', 'replicas'),
        replicas,
        'must be greater than or equal to 0',
      ),
    ]);
  }
}

function scaleOf(strategy: ScaleStrategy<KubeObject>, object: KubeObject): Scale {
  const { name, namespace, uid, resourceVersion, creationTimestamp } = object.metadata ?? {};
  const replicas = getPath(object, strategy.specReplicasPath) as number | undefined;
  const selector = strategy.selector(object);
  return {
    kind: 'Scale',
    apiVersion: 'autoscaling/v1',
    metadata: {
      name,
      namespace,
      uid,
      resourceVersion,
      creationTimestamp,
    } as Scale['metadata'] & {},
    spec: replicas === undefined || replicas === 0 ? {} : { replicas },
    status: {
      replicas: strategy.statusReplicas(object),
      ...(selector === '' ? {} : { selector }),
    },
  };
}

function getPath(object: unknown, path: readonly string[]): unknown {
  let value = object;
  for (const key of path) value = (value as Record<string, unknown> | undefined)?.[key];
  return value;
}

function setPath(object: unknown, path: readonly string[], value: unknown): void {
  let at = object as Record<string, unknown>;
  for (const key of path.slice(0, -1)) {
    at[key] ??= {};
    at = at[key] as Record<string, unknown>;
  }
  at[path.at(-1)!] = value;
}
