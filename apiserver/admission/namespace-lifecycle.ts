/** NamespaceLifecycle: nothing is created in a namespace that is missing or on its way out. */
import { forbidden, notFound } from '../../machinery/meta/status-error.ts';
import type { Namespace } from '../../machinery/schema/wire.ts';
import type { AdmissionAttributes, AdmissionEnvironment, AdmissionPlugin } from './admission.ts';
import { refused } from './refusal.ts';

const immortal = new Set(['default', 'kube-system', 'kube-public']);
/** For this long after a delete was seen here the cache's word alone is not taken. */
const distrustMs = 30_000;
const distrustLimit = 1000;

export function namespaceLifecycle(env: AdmissionEnvironment): AdmissionPlugin {
  const deleted = new Map<string, number>();
  const distrusted = (name: string): boolean => {
    const until = deleted.get(name);
    if (until === undefined) return false;
    if (until > env.now()) return true;
    deleted.delete(name);
    return false;
  };
  return {
    name: 'NamespaceLifecycle',
    handles: (a) => a.operation !== 'CONNECT',
    async admit(a) {
      if (a.group === '' && a.kind === 'Namespace') {
        if (a.operation === 'DELETE') {
          refuseImmortal(a);
          if (deleted.size >= distrustLimit) deleted.clear();
          deleted.set(a.name, env.now() + distrustMs);
        }
        return;
      }
      if (a.namespace === '' || a.operation === 'DELETE' || isAccessReview(a)) return;
      let found = await env.access.get<Namespace>('namespaces', '', a.namespace);
      if (found === undefined || (distrusted(a.namespace) && found.status?.phase === 'Active')) {
        await env.fresh();
        found = await env.access.get<Namespace>('namespaces', '', a.namespace);
      }
      if (found === undefined) throw notFound({ group: '', resource: 'namespaces' }, a.namespace);
      if (a.operation === 'CREATE' && found.status?.phase === 'Terminating') throw terminating(a);
    },
  };
}

function refuseImmortal(a: AdmissionAttributes): void {
  if (!immortal.has(a.name)) return;
  throw forbidden(
    { group: '', resource: 'namespaces' },
    a.name,
    'this namespace may not be deleted',
  );
}

/** An answer about the namespace would tell more than its asker may know. */
function isAccessReview(a: AdmissionAttributes): boolean {
  return a.group === 'authorization.k8s.io' && a.resource === 'localsubjectaccessreviews';
}

function terminating(a: AdmissionAttributes): Error {
  const e = refused(
    a,
    `unable to create new content in namespace ${a.namespace} because it is being terminated`,
  );
  e.details!.causes = [
    {
      reason: 'NamespaceTerminating',
      message: `namespace ${a.namespace} is being terminated`,
      field: 'metadata.namespace',
    },
  ];
  return e;
}
