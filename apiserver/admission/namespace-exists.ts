/** NamespaceExists: nothing is written in a namespace that is not there. Off by default. */
import { notFound } from '../../machinery/meta/status-error.ts';
import type { AdmissionAttributes, AdmissionEnvironment, AdmissionPlugin } from './admission.ts';

export function namespaceExists(env: AdmissionEnvironment): AdmissionPlugin {
  const exists = async (name: string) =>
    (await env.access.get('namespaces', '', name)) !== undefined;
  return {
    name: 'NamespaceExists',
    handles: (a) => a.operation !== 'CONNECT' && isInNamespace(a),
    async validate({ namespace }) {
      if (await exists(namespace)) return;
      await env.fresh();
      if (await exists(namespace)) return;
      throw notFound({ group: '', resource: 'namespaces' }, namespace);
    },
  };
}

/** True for objects in a namespace, and not for namespaces themselves. */
export function isInNamespace(a: AdmissionAttributes): boolean {
  return a.namespace !== '' && !(a.group === '' && a.kind === 'Namespace');
}
