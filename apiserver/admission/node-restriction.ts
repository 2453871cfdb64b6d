/**
 * NodeRestriction: a kubelet writes only its own node, lease, CSINode and resource slices, and the
 * status of the pods that run on it. It is asked together with the Node authorizer.
 */
import { deepEqual } from '../../machinery/meta/equality.ts';
import type {
  CertificateSigningRequest,
  Lease,
  Node,
  ResourceSlice,
} from '../../machinery/schema/wire.ts';
import { nodeOf } from '../auth/node/node-identity.ts';
import { signingRequestSubject } from '../registry/certificates/signing-request.ts';
import type { AdmissionAttributes, AdmissionEnvironment, AdmissionPlugin } from './admission.ts';
import { forbiddenLabels } from './node-labels.ts';
import { admitClaimStatus, admitPod } from './node-pods.ts';
import { admitTokenRequest } from './node-tokens.ts';
import { refused } from './refusal.ts';

export function nodeRestriction(env: AdmissionEnvironment): AdmissionPlugin {
  return {
    name: 'NodeRestriction',
    handles: (a) => a.operation !== 'CONNECT' && nodeOf(a.user) !== undefined,
    async admit(a) {
      const node = nodeOf(a.user)!;
      if (node === '') {
        throw refused(a, `could not determine node from user ${JSON.stringify(a.user.name)}`);
      }
      await admitFor(node, a, env);
    },
  };
}

function admitFor(
  node: string,
  a: AdmissionAttributes,
  env: AdmissionEnvironment,
): Promise<void> | void {
  switch (a.group === '' ? a.resource : `${a.resource}.${a.group}`) {
    case 'pods':
      return admitPod(node, a, env);
    case 'nodes':
      return admitNode(node, a);
    case 'persistentvolumeclaims':
      return admitClaimStatus(node, a);
    case 'serviceaccounts':
      return admitTokenRequest(node, a, env);
    case 'leases.coordination.k8s.io':
      return admitLease(node, a);
    case 'csinodes.storage.k8s.io':
      return admitCsiNode(node, a);
    case 'resourceslices.resource.k8s.io':
      return admitResourceSlice(node, a);
    case 'certificatesigningrequests.certificates.k8s.io':
      return admitSigningRequest(node, a);
    default:
      return undefined;
  }
}

function admitNode(node: string, a: AdmissionAttributes): void {
  const quoted = JSON.stringify(node);
  if (a.name !== node) {
    throw refused(a, `node ${quoted} is not allowed to modify node ${JSON.stringify(a.name)}`);
  }
  if (a.operation === 'DELETE') return;
  const next = a.object as Node;
  const { configSource } = next.spec ?? {};
  if (a.operation === 'CREATE') {
    if (configSource !== undefined) {
      throw refused(a, `node ${quoted} is not allowed to create pods with a non-nil configSource`);
    }
    const bad = forbiddenLabels(next.metadata?.labels, undefined);
    if (bad.length === 0) return;
    throw refused(
      a,
      `node ${quoted} is not allowed to set the following labels: ${bad.join(', ')}`,
    );
  }
  const prev = a.oldObject as Node;
  // A configuration source that older kubelets drop in a status update is let go.
  if (configSource !== undefined && !deepEqual(configSource, prev.spec?.configSource)) {
    throw refused(
      a,
      `node ${quoted} is not allowed to update configSource to a new non-nil configSource`,
    );
  }
  if (!sameList(next.spec?.taints, prev.spec?.taints)) {
    throw refused(a, `node ${quoted} is not allowed to modify taints`);
  }
  if (!sameList(next.metadata?.ownerReferences, prev.metadata?.ownerReferences)) {
    throw refused(a, `node ${quoted} is not allowed to modify ownerReferences`);
  }
  const bad = forbiddenLabels(next.metadata?.labels, prev.metadata?.labels);
  if (bad.length > 0) throw refused(a, `is not allowed to modify labels: ${bad.join(', ')}`);
}

function sameList(a: readonly unknown[] | undefined, b: readonly unknown[] | undefined): boolean {
  return deepEqual(a ?? [], b ?? []);
}

function admitLease(node: string, a: AdmissionAttributes): void {
  if (a.namespace !== 'kube-node-lease') {
    throw refused(a, 'can only access leases in the "kube-node-lease" system namespace');
  }
  const name = a.operation === 'CREATE' ? (a.object as Lease).metadata?.name : a.name;
  if (name === node) return;
  throw refused(a, 'can only access node lease with the same name as the requesting node');
}

function admitCsiNode(node: string, a: AdmissionAttributes): void {
  const name = a.operation === 'CREATE' ? a.object?.metadata?.name : a.name;
  if (name === node) return;
  throw refused(a, 'can only access CSINode with the same name as the requesting node');
}

/** The Node authorizer cannot see what a create or each delete of a collection is about. */
function admitResourceSlice(node: string, a: AdmissionAttributes): void {
  if (a.operation === 'UPDATE') return;
  const slice = (a.operation === 'CREATE' ? a.object : a.oldObject) as ResourceSlice;
  if (slice.spec.nodeName === node) return;
  const verb = a.operation === 'CREATE' ? 'create' : 'delete';
  throw refused(a, `can only ${verb} ResourceSlice with the same NodeName as the requesting node`);
}

const kubeletSigners = new Set([
  'kubernetes.io/kubelet-serving',
  'kubernetes.io/kube-apiserver-client-kubelet',
]);

function admitSigningRequest(node: string, a: AdmissionAttributes): void {
  if (a.operation !== 'CREATE') return;
  const { spec } = a.object as CertificateSigningRequest;
  if (!kubeletSigners.has(spec.signerName)) return;
  let commonName: string;
  try {
    ({ commonName } = signingRequestSubject(Buffer.from(spec.request, 'base64')));
  } catch (e) {
    throw refused(a, `unable to parse csr: ${e instanceof Error ? e.message : String(e)}`);
  }
  if (commonName === `system:node:${node}`) return;
  throw refused(a, `can only create a node CSR with CN=system:node:${node}`);
}
