/** NamespaceAutoProvision: the first object of a namespace makes it. Off by default. */
import { StatusError } from '../../machinery/meta/status-error.ts';
import type { AdmissionEnvironment, AdmissionPlugin } from './admission.ts';
import { isInNamespace } from './namespace-exists.ts';
import { refused } from './refusal.ts';

export function namespaceAutoProvision(env: AdmissionEnvironment): AdmissionPlugin {
  return {
    name: 'NamespaceAutoProvision',
    handles: (a) => a.operation === 'CREATE' && !a.dryRun && isInNamespace(a),
    async admit(a) {
      if ((await env.access.get('namespaces', '', a.namespace)) !== undefined) return;
      const namespace = {
        apiVersion: 'v1',
        kind: 'Namespace',
        metadata: { name: a.namespace },
      };
      try {
        await env.access.create('namespaces', namespace);
      } catch (e) {
        if (e instanceof StatusError && e.reason === 'AlreadyExists') return;
        throw refused(a, (e as Error).message);
      }
    },
  };
}
