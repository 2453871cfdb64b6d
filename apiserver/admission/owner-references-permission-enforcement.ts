/**
 * OwnerReferencesPermissionEnforcement: handing an object to an owner needs permission to delete
 * it, and holding up the owner's deletion needs permission on the owner's finalizers.
 */
import { deepEqual } from '../../machinery/meta/equality.ts';
import type { OwnerReference } from '../../machinery/schema/wire.ts';
import type { AccessAttributes } from '../auth/authorizer.ts';
import type { AdmissionAttributes, AdmissionEnvironment, AdmissionPlugin } from './admission.ts';
import { isCore, refused } from './refusal.ts';

export function ownerReferencesPermissionEnforcement(env: AdmissionEnvironment): AdmissionPlugin {
  return {
    name: 'OwnerReferencesPermissionEnforcement',
    handles: (a) =>
      (a.operation === 'CREATE' || a.operation === 'UPDATE') && !isCore(a, 'pods', 'status'),
    async validate(a) {
      const next = a.object?.metadata?.ownerReferences ?? [];
      const prev = a.oldObject?.metadata?.ownerReferences ?? [];
      if (deepEqual(next, prev)) return;
      if (a.operation !== 'CREATE' && !(await env.authorize(deletion(a)))) {
        throw refused(a, "cannot set an ownerRef on a resource you can't delete: , <nil>");
      }
      const blocking = next.filter((ref) => isBlocking(ref) && !wasBlocking(ref, prev));
      if (blocking.length === 0) return;
      if (await env.authorize(finalizers(a, { group: '*', version: '*', plural: '*' }, '*'))) {
        return;
      }
      for (const ref of blocking) await requireFinalizers(env, a, ref);
    },
  };
}

function isBlocking(ref: OwnerReference): boolean {
  return ref.blockOwnerDeletion === true;
}

function wasBlocking(ref: OwnerReference, prev: readonly OwnerReference[]): boolean {
  return prev.some((known) => known.uid === ref.uid && isBlocking(known));
}

async function requireFinalizers(
  env: AdmissionEnvironment,
  a: AdmissionAttributes,
  ref: OwnerReference,
): Promise<void> {
  const owners = env.resourcesOf(ref.apiVersion, ref.kind);
  if (owners.length === 0) {
    throw refused(
      a,
      `cannot set blockOwnerDeletion in this case because cannot find RESTMapping for APIVersion ${ref.apiVersion} Kind ${ref.kind}: no matches for kind ${JSON.stringify(ref.kind)} in version ${JSON.stringify(ref.apiVersion)}`,
    );
  }
  for (const owner of owners) {
    const attributes = finalizers(a, owner, ref.name, owner.namespaced ? a.namespace : '');
    if (await env.authorize(attributes)) continue;
    throw refused(
      a,
      "cannot set blockOwnerDeletion if an ownerReference refers to a resource you can't set finalizers on: , <nil>",
    );
  }
}

function deletion(a: AdmissionAttributes): AccessAttributes {
  const { user, group, version, resource, subresource, namespace, name } = a;
  return {
    ...{ user, group, version, resource, subresource, namespace, name },
    verb: 'delete',
    resourceRequest: true,
    path: '',
  };
}

function finalizers(
  a: AdmissionAttributes,
  owner: { group: string; version: string; plural: string },
  name: string,
  namespace = '',
): AccessAttributes {
  return {
    user: a.user,
    verb: 'update',
    resourceRequest: true,
    group: owner.group,
    version: owner.version,
    resource: owner.plural,
    subresource: 'finalizers',
    namespace,
    name,
    path: '',
  };
}
