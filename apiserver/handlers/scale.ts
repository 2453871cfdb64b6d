/** The scale subresource: autoscaling/v1 Scale over the number of replicas of an object. */

import { deepCopy } from '../../machinery/meta/copy.ts';
import * as fe from '../../machinery/meta/field-error.ts';
import { badRequest, invalid, notFound, StatusError } from '../../machinery/meta/status-error.ts';
import { formatTime } from '../../machinery/meta/times.ts';
import { applyPatch } from '../../machinery/patch/apply.ts';
import { kindType } from '../../machinery/schema/schema.ts';
import type { KubeObject, Scale } from '../../machinery/schema/wire.ts';
import type { ScaleStrategy } from '../registry/resource.ts';
import { toServed } from '../registry/served-resource.ts';
import type { ApiRequest } from '../server/api-request.ts';
import type { ApiResponse } from '../server/api-response.ts';
import { type RenderContext, renderValue } from '../server/rendering.ts';
import { decodeBody } from './decode-body.ts';
import { manageFields } from './field-manager.ts';
import { type WriteOptions, writeOptions } from './options.ts';
import { parseApply, patchScale } from './patch.ts';
import { type WriteServices, writeUpdate } from './update.ts';
import { managerOf } from './write-request.ts';

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
  const bytes = await request.readBody();
  const patches = info.verb === 'patch';
  const type = request.header('content-type') ?? '';
  const options = writeOptions(
    request.query,
    patches ? 'PatchOptions' : 'UpdateOptions',
    type.startsWith('application/apply-patch'),
  );
  const expected = {
    apiVersion: 'autoscaling/v1',
    kind: 'Scale',
    type: kindType('autoscaling/v1', 'Scale')!,
    group: 'autoscaling',
    version: 'v1',
  };
  const warn = (text: string) => request.warn(text);
  const applies = type.startsWith('application/apply-patch');
  const sent = patches
    ? undefined
    : (decodeBody(bytes, type, expected, options.fieldValidation, warn) as Scale);
  if (sent === undefined) request.audit?.requestPatch(bytes);
  else request.audit?.requestObject(sent);
  const outcome = await writeUpdate(request, c.resource, services, {
    dryRun: options.dryRun,
    uid: sent?.metadata?.uid,
    make(live) {
      if (live === undefined) throw notFound(resourceName(c), info.name);
      const object = deepCopy(live);
      if (applies) {
        const config = parseApply(bytes).value as Scale;
        checkScale(config, info.name, info.namespace);
        const replicas = config.spec?.replicas ?? 0;
        applyReplicas(c, strategy, live, object, replicas, options);
      } else {
        const before = scaleOf(strategy, live);
        const next = sent ?? patchScale(bytes, type, before, expected, options, warn);
        checkScale(next, info.name, info.namespace);
        object.metadata!.resourceVersion = next.metadata?.resourceVersion ?? '';
        setPath(object, strategy.specReplicasPath, next.spec?.replicas ?? 0);
        const manager = managerOf(options.fieldManager, request.header('user-agent'));
        manageFields(c.resource, live, object, manager, 'scale');
      }
      withoutScaleTime(object);
      return Promise.resolve(object);
    },
  });
  return renderValue(c, scaleOf(strategy, toServed(c.resource, outcome.object.object())), 200);
}

function resourceName(c: RenderContext): { group: string; resource: string } {
  return { group: c.resource.group, resource: c.resource.definition.plural };
}

/** Server-side apply of a Scale is one of the replicas field of its object. */
function applyReplicas(
  c: RenderContext,
  strategy: ScaleStrategy<KubeObject>,
  live: KubeObject,
  object: KubeObject,
  replicas: number,
  options: WriteOptions,
): void {
  const { resource } = c;
  const config: KubeObject = {
    apiVersion: resource.apiVersion,
    kind: resource.definition.kind,
    metadata: { name: live.metadata?.name ?? '' },
  };
  setPath(config, strategy.specReplicasPath, replicas);
  const applied = applyPatch({
    live,
    config,
    kind: resource.definition.kind,
    type: resource.type,
    apiVersion: resource.apiVersion,
    manager: options.fieldManager,
    force: options.force === true,
    subresource: 'scale',
    now: formatTime(Date.now()),
  });
  setPath(object, strategy.specReplicasPath, replicas);
  const managed = applied.metadata?.managedFields;
  if (managed !== undefined) object.metadata!.managedFields = managed;
}

/** Entries of scale writes carry no time (as the real server leaves them). */
function withoutScaleTime(object: KubeObject): void {
  for (const entry of object.metadata?.managedFields ?? []) {
    if (entry.subresource === 'scale') delete entry.time;
  }
}

function checkScale(next: Scale, name: string, namespace: string): void {
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
