/** networking.k8s.io/v1 IPAddress. */
import type { IPAddress } from '../../../machinery/schema/wire.ts';
import { ageColumn, column } from '../columns.ts';
import { defineResource, nameColumn } from '../resource.ts';
import {
  ipAddressNameProblems,
  validateIpAddress,
  validateIpAddressUpdate,
} from './ip-address-validation.ts';

export const ipAddresses = defineResource<IPAddress>({
  group: 'networking.k8s.io',
  version: 'v1',
  kind: 'IPAddress',
  plural: 'ipaddresses',
  singular: 'ipaddress',
  shortNames: ['ip'],
  namespaced: false,
  metadataChecks: ['whole', 'change'],
  nameRule: ipAddressNameProblems,
  plainGenerateName: true,
  validate: validateIpAddress,
  validateUpdate: validateIpAddressUpdate,
  columns: [
    nameColumn(),
    column('ParentRef', '@networking/v1.IPAddressSpec.parentRef', parentText),
    { ...ageColumn<IPAddress>(), undeclared: true },
  ],
});

function parentText(address: IPAddress): string {
  const parent = address.spec?.parentRef;
  if (parent === undefined) return '<none>';
  const { group, resource, namespace, name } = parent;
  const what = (group ? `${resource}.${group}` : resource).toLowerCase();
  return namespace ? `${what}/${namespace}/${name}` : `${what}/${name}`;
}
