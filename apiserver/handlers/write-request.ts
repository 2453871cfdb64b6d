/** What create, update and patch share: the context of hooks, admission attributes, managers. */

import { badRequest } from '../../machinery/meta/status-error.ts';
import { formatTime } from '../../machinery/meta/times.ts';
import type { KubeObject } from '../../machinery/schema/wire.ts';
import type { AdmissionAttributes, Operation } from '../admission/admission.ts';
import type { ResourceAccess, WriteContext } from '../registry/resource.ts';
import type { ServedResource } from '../registry/served-resource.ts';
import type { ApiRequest } from '../server/api-request.ts';

/** No write may take longer, whatever its client says. */
const maxWriteMs = 34_000;

export function writeContext(
  request: ApiRequest,
  resource: ServedResource,
  access: ResourceAccess,
  dryRun: boolean,
  namespace = request.info.namespace,
): WriteContext {
  return {
    user: request.user,
    namespace,
    now: formatTime(Date.now()),
    dryRun,
    subresource: request.info.subresource,
    ...(resource.conversion === undefined ? {} : { requestVersion: resource.apiVersion }),
    access,
    warn: (text) => request.warn(text),
    ...annotating(request),
  };
}

export function admissionAttributes(
  request: ApiRequest,
  resource: ServedResource,
  operation: Operation,
  object: KubeObject | undefined,
  oldObject: KubeObject | undefined,
  options: Readonly<Record<string, unknown>>,
  dryRun: boolean,
): AdmissionAttributes {
  const { info } = request;
  const name = info.name !== '' ? info.name : (object?.metadata?.name ?? '');
  const { timeoutMs } = request;
  return {
    operation,
    verb: info.verb,
    group: resource.group,
    version: resource.version,
    resource: resource.definition.plural,
    subresource: info.subresource,
    kind: resource.definition.kind,
    // A namespace is in itself, from its first request on.
    namespace: isNamespace(resource) ? name : info.namespace,
    name,
    object,
    oldObject,
    options,
    dryRun,
    user: request.user,
    ...(timeoutMs === undefined
      ? {}
      : { deadlineMs: request.receivedMs + Math.min(timeoutMs, maxWriteMs) }),
    onGone: (run) => request.onGone(run),
    warn: (text) => request.warn(text),
    ...annotating(request),
  };
}

function isNamespace({ group, definition }: ServedResource): boolean {
  return group === '' && definition.plural === 'namespaces';
}

function annotating({ audit }: ApiRequest): Pick<AdmissionAttributes, 'annotate'> | undefined {
  return audit && { annotate: (key, value, level) => audit.annotate(key, value, level) };
}

/** The field manager: named, or the first part of the user agent. */
export function managerOf(fieldManager: string, userAgent: string | undefined): string {
  if (fieldManager !== '') return fieldManager;
  const prefix = (userAgent ?? '').split('/')[0]!;
  let out = '';
  // Managers are at most 128 bytes of printable characters.
  for (const ch of prefix) {
    if (Buffer.byteLength(out) + Buffer.byteLength(ch) > 128) break;
    if (/[\p{L}\p{M}\p{N}\p{P}\p{S} ]/u.test(ch)) out += ch;
  }
  return out;
}

/** The object's name must be the one in the path. */
export function checkName(object: KubeObject, name: string): void {
  const own = object.metadata?.name ?? '';
  if (own === '') {
    throw badRequest(
      `the name of the object (${name} based on URL) was undeterminable: name must be provided`,
    );
  }
  if (own !== name) {
    throw badRequest(
      `the name of the object (${own}) does not match the name on the URL (${name})`,
    );
  }
}

/** Drops repeated owner references, with the real server's warning. */
export function dedupOwnerReferences(
  object: KubeObject,
  warn: (text: string) => void,
  afterAdmission: boolean,
): void {
  const refs = object.metadata?.ownerReferences;
  if (refs === undefined || refs.length < 2) return;
  const kept: typeof refs = [];
  const repeated: string[] = [];
  // In normal form equal references have equal texts.
  const seen = new Set<string>();
  for (const r of refs) {
    const text = JSON.stringify(r);
    if (seen.has(text)) repeated.push(r.uid);
    else kept.push(r);
    seen.add(text);
  }
  if (repeated.length === 0) return;
  object.metadata!.ownerReferences = kept;
  const uids = [...new Set(repeated)].join(', ');
  warn(
    afterAdmission
      ? `.metadata.ownerReferences contains duplicate entries after mutating admission happens; API server dedups owner references in 1.20+, and may reject such requests as early as 1.24; please fix your requests; duplicate UID(s) observed: ${uids}`
      : `.metadata.ownerReferences contains duplicate entries; API server dedups owner references in 1.20+, and may reject such requests as early as 1.24; please fix your requests; duplicate UID(s) observed: ${uids}`,
  );
}
