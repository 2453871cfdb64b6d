/** networking.k8s.io/v1 NetworkPolicy. */
import type { NetworkPolicy } from '../../../machinery/schema/wire.ts';
import { ageColumn, column, labelSelectorText } from '../columns.ts';
import { defineResource, nameColumn } from '../resource.ts';
import { networkPolicyWarnings, validateNetworkPolicy } from './network-policy-validation.ts';

export const networkPolicies = defineResource<NetworkPolicy>({
  group: 'networking.k8s.io',
  version: 'v1',
  kind: 'NetworkPolicy',
  plural: 'networkpolicies',
  shortNames: ['netpol'],
  namespaced: true,
  generationOf: (p) => ({ spec: p.spec }),
  generationTellsEmpty: true,
  validate: (next) => validateNetworkPolicy(next, undefined),
  validateUpdate: validateNetworkPolicy,
  warnings: networkPolicyWarnings,
  columns: [
    nameColumn(),
    column('Pod-Selector', '@networking/v1.NetworkPolicySpec.podSelector', (p) =>
      labelSelectorText(p.spec?.podSelector),
    ),
    ageColumn(),
  ],
});
