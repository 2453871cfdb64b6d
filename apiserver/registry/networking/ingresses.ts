/** networking.k8s.io/v1 Ingress. */
import { FieldPath } from '../../../machinery/meta/field-error.ts';
import { ipWarnings } from '../../../machinery/meta/ip.ts';
import type { Ingress } from '../../../machinery/schema/wire.ts';
import { ageColumn, column, loadBalancerText } from '../columns.ts';
import { defineResource, nameColumn } from '../resource.ts';
import {
  ingressWarnings,
  validateIngress,
  validateIngressStatus,
  validateIngressUpdate,
} from './ingress-validation.ts';

/** How many hosts a table shows. */
const shownHosts = 3;

export const ingresses = defineResource<Ingress>({
  group: 'networking.k8s.io',
  version: 'v1',
  kind: 'Ingress',
  plural: 'ingresses',
  shortNames: ['ing'],
  namespaced: true,
  metadataChecks: ['change', 'whole'],
  storagePrefix: '/registry/ingress',
  generationOf: (i) => ({ spec: i.spec }),
  validate: validateIngress,
  validateUpdate: validateIngressUpdate,
  warnings: ingressWarnings,
  status: { validateUpdate: validateIngressStatus, warnings: addressWarnings },
  columns: [
    nameColumn(),
    column(
      'Class',
      'The name of the IngressClass resource that should be used for additional configuration',
      (i) => i.spec?.ingressClassName ?? '<none>',
    ),
    column(
      'Hosts',
      'Hosts that incoming requests are matched against before the ingress rule',
      (i) => hostsText(i.spec?.rules ?? []),
    ),
    column('Address', 'Address is a list containing ingress points for the load-balancer', (i) =>
      loadBalancerText(i.status?.loadBalancer?.ingress),
    ),
    column('Ports', 'Ports of TLS configurations that open', (i) =>
      (i.spec?.tls?.length ?? 0) > 0 ? '80, 443' : '80',
    ),
    ageColumn(),
  ],
});

function addressWarnings(ingress: Ingress): string[] {
  const at = FieldPath.of('status', 'loadBalancer', 'ingress');
  return (ingress.status?.loadBalancer?.ingress ?? []).flatMap(({ ip }, i) =>
    ip ? ipWarnings(ip, at.index(i)) : [],
  );
}

/** Rules without a host do not show, but count in `+ n more...` (as the real server counts). */
function hostsText(rules: readonly { host?: string }[]): string {
  const hosts: string[] = [];
  let more = false;
  for (const rule of rules) {
    if (hosts.length === shownHosts) more = true;
    else if (rule.host) hosts.push(rule.host);
  }
  if (hosts.length === 0) return '*';
  const shown = hosts.join(',');
  return more ? `${shown} + ${rules.length - shownHosts} more...` : shown;
}
