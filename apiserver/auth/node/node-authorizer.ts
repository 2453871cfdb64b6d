/**
 * The Node authorization mode: what a kubelet may do. Objects that pods use are open to the node
 * that the pods run on; its own node, lease and CSINode by name; lists and watches with a selector
 * for itself; the rest by fixed rules. Rules: "Using Node Authorization", with
 * AuthorizeNodeWithSelectors.
 */
import type { PolicyRule } from '../../../machinery/schema/wire.ts';
import type { AccessAttributes, Authorizer, Decision } from '../authorizer.ts';
import { allows } from '../rbac.ts';
import { nodeOf } from './node-identity.ts';
import type { NodeRelations, RelatedKind } from './relations.ts';

const allow: Decision = { decision: 'allow', reason: '' };

function no(reason: string): Decision {
  return { decision: 'noOpinion', reason };
}

/** `rules`: what every node may do, beside what is divided by node. */
export function nodeAuthorizer(
  relations: Pick<NodeRelations, 'related'>,
  rules: readonly PolicyRule[],
): Authorizer {
  return {
    name: 'Node',
    authorize(a) {
      const node = nodeOf(a.user);
      if (node === undefined) return no('');
      if (node === '') return no(`unknown node for user ${JSON.stringify(a.user.name)}`);
      const divided = a.resourceRequest ? byResource(node, a, relations) : undefined;
      if (divided !== undefined) return divided;
      return rules.some((rule) => allows(rule, a)) ? allow : no('');
    },
    rules(user) {
      const none = { resourceRules: [], nonResourceRules: [], incomplete: false };
      if (!nodeOf(user)) return none;
      const error = 'node authorizer does not support user rule resolution';
      return { ...none, incomplete: true, error };
    },
  };
}

type Relations = Pick<NodeRelations, 'related'>;

/** Undefined where resources are not divided by node. */
function byResource(node: string, a: AccessAttributes, relations: Relations): Decision | undefined {
  const resource = a.group === '' ? a.resource : `${a.resource}.${a.group}`;
  switch (resource) {
    case 'secrets':
    case 'configmaps':
      return read(node, a, relations, resource);
    case 'persistentvolumeclaims':
      return a.subresource === 'status'
        ? updateStatus(node, a, relations)
        : getOne(node, a, relations, resource);
    case 'persistentvolumes':
      return getOne(node, a, relations, resource);
    case 'resourceclaims.resource.k8s.io':
      return getOne(node, a, relations, 'resourceclaims');
    case 'volumeattachments.storage.k8s.io':
      return getOne(node, a, relations, 'volumeattachments');
    case 'serviceaccounts':
      return serviceAccount(node, a, relations);
    case 'leases.coordination.k8s.io':
      return lease(node, a);
    case 'csinodes.storage.k8s.io':
      return csiNode(node, a);
    case 'resourceslices.resource.k8s.io':
      return resourceSlice(node, a, relations);
    case 'nodes':
      return ownNode(node, a);
    case 'pods':
      return pod(node, a, relations);
    default:
      return undefined;
  }
}

function related(
  node: string,
  a: AccessAttributes,
  relations: Relations,
  kind: RelatedKind,
): Decision {
  if (a.name === '') return no('No Object name found');
  if (relations.related(node, kind, a.namespace, a.name)) return allow;
  return no(`no relationship found between node '${node}' and this object`);
}

function getOne(
  node: string,
  a: AccessAttributes,
  relations: Relations,
  kind: RelatedKind,
): Decision {
  if (a.verb !== 'get') return no('can only get individual resources of this type');
  if (a.subresource !== '') return no('cannot get subresource');
  return related(node, a, relations, kind);
}

function read(
  node: string,
  a: AccessAttributes,
  relations: Relations,
  kind: RelatedKind,
): Decision {
  if (!['get', 'list', 'watch'].includes(a.verb)) {
    return no('can only read resources of this type');
  }
  if (a.subresource !== '') return no('cannot read subresource');
  if (a.namespace === '') return no('can only read namespaced object of this type');
  return related(node, a, relations, kind);
}

function updateStatus(node: string, a: AccessAttributes, relations: Relations): Decision {
  if (a.verb !== 'update' && a.verb !== 'patch') {
    return no('can only get/update/patch this type');
  }
  return related(node, a, relations, 'persistentvolumeclaims');
}

function serviceAccount(node: string, a: AccessAttributes, relations: Relations): Decision {
  if (a.verb === 'get' && a.subresource === '') return read(node, a, relations, 'serviceaccounts');
  if (a.verb !== 'create' || a.name === '') {
    return no('can only create tokens for individual service accounts');
  }
  if (a.subresource !== 'token') {
    return no('can only create token subresource of serviceaccount');
  }
  return related(node, a, relations, 'serviceaccounts');
}

const ownVerbs = ['get', 'create', 'update', 'patch', 'delete'];

function lease(node: string, a: AccessAttributes): Decision {
  if (!ownVerbs.includes(a.verb)) {
    return no('can only get, create, update, patch, or delete a node lease');
  }
  if (a.namespace !== 'kube-node-lease') {
    return no('can only access leases in the "kube-node-lease" system namespace');
  }
  // The name of a create is not known here; NodeRestriction looks at it.
  if (a.verb === 'create' || a.name === node) return allow;
  return no('can only access node lease with the same name as the requesting node');
}

function csiNode(node: string, a: AccessAttributes): Decision {
  if (!ownVerbs.includes(a.verb)) {
    return no('can only get, create, update, patch, or delete a CSINode');
  }
  if (a.subresource !== '') return no('cannot authorize CSINode subresources');
  if (a.verb === 'create' || a.name === node) return allow;
  return no('can only access CSINode with the same name as the requesting node');
}

function resourceSlice(node: string, a: AccessAttributes, relations: Relations): Decision {
  if (a.subresource !== '') return no('cannot authorize ResourceSlice subresources');
  switch (a.verb) {
    case 'create':
      return allow;
    case 'get':
    case 'update':
    case 'patch':
    case 'delete':
      return related(node, a, relations, 'resourceslices');
    case 'watch':
    case 'list':
    case 'deletecollection':
      if (selects(a, 'spec.nodeName', node)) return allow;
      return no('can only list/watch/deletecollection resourceslices with nodeName field selector');
    default:
      return no(
        'only the following verbs are allowed for a ResourceSlice: get, watch, list, create, update, patch, delete, deletecollection',
      );
  }
}

function ownNode(node: string, a: AccessAttributes): Decision {
  if (a.subresource === '') {
    // NodeRestriction keeps writes to the own node.
    if (['create', 'update', 'patch'].includes(a.verb)) return allow;
    if (['get', 'list', 'watch'].includes(a.verb)) {
      if (a.name === node) return allow;
      const what = a.name === '' ? 'all nodes' : `'${a.name}'`;
      return no(`node '${node}' cannot read ${what}, only its own Node object`);
    }
  }
  if (a.subresource === 'status' && (a.verb === 'update' || a.verb === 'patch')) return allow;
  return no('');
}

function pod(node: string, a: AccessAttributes, relations: Relations): Decision {
  switch (a.subresource) {
    case '':
      if (a.verb === 'get') return getOne(node, a, relations, 'pods');
      if (a.verb === 'list' || a.verb === 'watch') {
        if (selects(a, 'spec.nodeName', node)) return allow;
        if (a.name !== '') return related(node, a, relations, 'pods');
        return no('can only list/watch pods with spec.nodeName field selector');
      }
      // NodeRestriction keeps these to mirror pods of the node.
      return a.verb === 'create' || a.verb === 'delete' ? allow : no('');
    case 'status':
      return a.verb === 'update' || a.verb === 'patch' ? allow : no('');
    case 'eviction':
      return a.verb === 'create' ? allow : no('');
    default:
      return no('');
  }
}

function selects(a: AccessAttributes, field: string, value: string): boolean {
  return (a.fieldSelector ?? []).some(
    (r) => r.key === field && r.operator === 'In' && r.values.length === 1 && r.values[0] === value,
  );
}
