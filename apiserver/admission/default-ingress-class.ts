/** DefaultIngressClass: ingresses that name no class get the cluster's default one. */
import type { Ingress, IngressClass } from '../../machinery/schema/wire.ts';
import type { AdmissionEnvironment, AdmissionPlugin } from './admission.ts';
import { newestMarked } from './newest-marked.ts';

export function defaultIngressClass(env: AdmissionEnvironment): AdmissionPlugin {
  return {
    name: 'DefaultIngressClass',
    handles: (a) =>
      a.operation === 'CREATE' &&
      a.group === 'networking.k8s.io' &&
      a.resource === 'ingresses' &&
      a.subresource === '',
    async admit(a) {
      const ingress = a.object as Ingress;
      if (ingress.spec?.ingressClassName !== undefined) return;
      if (ingress.metadata?.annotations?.['kubernetes.io/ingress.class'] !== undefined) return;
      const all = await env.access.list<IngressClass>('ingressclasses.networking.k8s.io', '');
      const found = newestMarked(all, ['ingressclass.kubernetes.io/is-default-class']);
      if (found !== undefined) {
        ingress.spec ??= {};
        ingress.spec.ingressClassName = found.metadata!.name!;
      }
    },
  };
}
