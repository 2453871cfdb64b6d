/** What a kubelet may do with pods and claims: its mirror pods, and status of what runs on it. */
import { deepEqual } from '../../machinery/meta/equality.ts';
import { notFound } from '../../machinery/meta/status-error.ts';
import type { Node, PersistentVolumeClaim, Pod, Volume } from '../../machinery/schema/wire.ts';
import { configMapNames, secretNames } from '../auth/node/pod-references.ts';
import { internalDiff } from '../registry/internal-form.ts';
import type { AdmissionAttributes, AdmissionEnvironment } from './admission.ts';
import { refused } from './refusal.ts';

const mirror = 'kubernetes.io/config.mirror';

/** Pods and their subresources. */
export async function admitPod(
  node: string,
  a: AdmissionAttributes,
  env: AdmissionEnvironment,
): Promise<void> {
  switch (a.subresource) {
    case '':
      if (a.operation === 'CREATE') return admitCreate(node, a, env);
      if (a.operation === 'DELETE') return admitDelete(node, a, env);
      throw refused(
        a,
        `unexpected operation "${a.operation}", node ${JSON.stringify(node)} can only create and delete mirror pods`,
      );
    case 'status':
      return admitStatus(node, a);
    case 'eviction': {
      if (a.operation !== 'CREATE') throw refused(a, `unexpected operation ${a.operation}`);
      const pod = await podOf(a, env, a.name);
      if (pod.spec?.nodeName === node) return;
      throw refused(a, `node ${node} can only evict pods with spec.nodeName set to itself`);
    }
    default:
      throw refused(
        a,
        `unexpected pod subresource ${JSON.stringify(a.subresource)}, only 'status' and 'eviction' are allowed`,
      );
  }
}

/** The texts of 404 here name the kind, as the real plugin's do. */
async function podOf(
  a: AdmissionAttributes,
  env: AdmissionEnvironment,
  name: string,
): Promise<Pod> {
  const pod = await env.access.get<Pod>('pods', a.namespace, name);
  if (pod === undefined) throw notFound({ group: '', resource: 'pod' }, name);
  return pod;
}

async function admitCreate(
  node: string,
  a: AdmissionAttributes,
  env: AdmissionEnvironment,
): Promise<void> {
  const pod = a.object as Pod;
  const quoted = JSON.stringify(node);
  if (pod.metadata?.annotations?.[mirror] === undefined) {
    throw refused(
      a,
      `pod does not have "${mirror}" annotation, node ${quoted} can only create mirror pods`,
    );
  }
  if (pod.spec?.nodeName !== node) {
    throw refused(a, `node ${quoted} can only create pods with spec.nodeName set to itself`);
  }
  await checkOwner(node, a, env);
  const problem = referenceProblem(pod);
  if (problem !== undefined) throw refused(a, problem(quoted));
}

/** The one owner is the node, as controller, by its present uid. */
async function checkOwner(
  node: string,
  a: AdmissionAttributes,
  env: AdmissionEnvironment,
): Promise<void> {
  const owners = a.object?.metadata?.ownerReferences ?? [];
  const only = (what: string) =>
    refused(a, `node ${JSON.stringify(node)} can only create pods with ${what} set to itself`);
  if (owners.length > 1) throw only('a single owner reference');
  const [owner] = owners;
  if (owner?.apiVersion !== 'v1' || owner.kind !== 'Node' || owner.name !== node) {
    throw only('an owner reference');
  }
  if (owner.controller !== true) throw only('a controller owner reference');
  if (owner.blockOwnerDeletion === true) {
    throw refused(
      a,
      `node ${JSON.stringify(node)} must not set blockOwnerDeletion on an owner reference`,
    );
  }
  const present = await env.access.get<Node>('nodes', '', node);
  if (present === undefined) throw notFound({ group: '', resource: 'node' }, node);
  if (owner.uid === present.metadata?.uid) return;
  throw refused(
    a,
    `node ${node} UID mismatch: expected ${owner.uid} got ${present.metadata?.uid ?? ''}`,
  );
}

async function admitDelete(
  node: string,
  a: AdmissionAttributes,
  env: AdmissionEnvironment,
): Promise<void> {
  const pod = (a.oldObject as Pod | undefined) ?? (await podOf(a, env, a.name));
  if (pod.spec?.nodeName === node) return;
  throw refused(
    a,
    `node ${JSON.stringify(node)} can only delete pods with spec.nodeName set to itself`,
  );
}

function admitStatus(node: string, a: AdmissionAttributes): void {
  const quoted = JSON.stringify(node);
  if (a.operation !== 'UPDATE') throw refused(a, `unexpected operation "${a.operation}"`);
  const prev = a.oldObject as Pod;
  const next = a.object as Pod;
  if (prev.spec?.nodeName !== node) {
    throw refused(
      a,
      `node ${quoted} can only update pod status for pods with spec.nodeName set to itself`,
    );
  }
  if (!deepEqual(prev.metadata?.labels ?? {}, next.metadata?.labels ?? {})) {
    throw refused(a, `node ${quoted} cannot update labels through pod status`);
  }
  const { resourceClaimStatuses, extendedResourceClaimStatus } = prev.status ?? {};
  if (!deepEqual(resourceClaimStatuses ?? [], next.status?.resourceClaimStatuses ?? [])) {
    throw refused(a, `node ${quoted} cannot update resource claim statues`);
  }
  if (!deepEqual(extendedResourceClaimStatus, next.status?.extendedResourceClaimStatus)) {
    throw refused(a, `node ${quoted} cannot update extended resource claim status`);
  }
}

/** What a pod made by a kubelet refers to in the API, which it may not. */
function referenceProblem(pod: Pod): ((node: string) => string) | undefined {
  const found = apiReference(pod);
  return found === undefined
    ? undefined
    : (node) => `node ${node} can not create pods that reference ${found}`;
}

function apiReference(pod: Pod): string | undefined {
  if (pod.spec?.serviceAccountName) return 'serviceaccounts';
  if (secretNames(pod).length > 0) return 'secrets';
  if (configMapNames(pod).length > 0) return 'configmaps';
  if ((pod.spec?.resourceClaims ?? []).length > 0) return 'resourceclaims';
  for (const v of pod.spec?.volumes ?? []) {
    const found = volumeReference(v);
    if (found !== undefined) return found;
  }
  return undefined;
}

function volumeReference(v: Volume): string | undefined {
  if (v.configMap !== undefined) return 'configmaps (via configmap volumes)';
  if (v.secret !== undefined) return 'secrets (via secret volumes)';
  if (v.csi !== undefined) return 'csidrivers (via CSI volumes)';
  if (v.glusterfs !== undefined) return 'endpoints (via glusterFS volumes)';
  if (v.persistentVolumeClaim !== undefined) return 'persistentvolumeclaims';
  if (v.ephemeral !== undefined) return 'persistentvolumeclaims (via ephemeral volumes)';
  if (v.azureFile !== undefined) return 'secrets (via azureFile volumes)';
  for (const s of v.projected?.sources ?? []) {
    if (s.configMap !== undefined) return 'configmaps (via projected volumes)';
    if (s.secret !== undefined) return 'secrets (via projected volumes)';
    if (s.serviceAccountToken !== undefined) return 'serviceaccounts (via projected volumes)';
    if (s.clusterTrustBundle !== undefined) return 'clustertrustbundles';
    if (s.podCertificate !== undefined) return 'podcertificates';
  }
  return undefined;
}

/** Of claims a kubelet reports the size and what resizing does, nothing else. */
export function admitClaimStatus(node: string, a: AdmissionAttributes): void {
  if (a.subresource !== 'status') throw refused(a, 'may only update PVC status');
  if (a.operation !== 'UPDATE') throw refused(a, `unexpected operation "${a.operation}"`);
  const prev = withoutReported(a.oldObject as PersistentVolumeClaim);
  const next = withoutReported(a.object as PersistentVolumeClaim);
  if (deepEqual(prev, next)) return;
  const difference = internalDiff('core/v1.PersistentVolumeClaim', prev, next);
  throw refused(
    a,
    `node ${JSON.stringify(node)} is not allowed to update fields other than status.quantity and status.conditions: ${difference}`,
  );
}

function withoutReported(claim: PersistentVolumeClaim): PersistentVolumeClaim {
  const { resourceVersion: _r, managedFields: _m, ...metadata } = claim.metadata ?? {};
  const {
    capacity: _c,
    conditions: _o,
    allocatedResources: _a,
    allocatedResourceStatuses: _s,
    ...status
  } = claim.status ?? {};
  return { ...claim, metadata, status };
}
