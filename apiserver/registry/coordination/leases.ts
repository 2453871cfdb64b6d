/** coordination.k8s.io/v1 Lease. */
import type { Lease } from '../../../machinery/schema/wire.ts';
import { ageColumn, column } from '../columns.ts';
import { defineResource, nameColumn } from '../resource.ts';
import { validateLease } from './lease-validation.ts';

export const leases = defineResource<Lease>({
  group: 'coordination.k8s.io',
  version: 'v1',
  kind: 'Lease',
  plural: 'leases',
  namespaced: true,
  anyFinalizer: true,
  createOnUpdate: true,
  unconditionalUpdate: false,
  prepareForCreate: (next) => dropDisabledFields(next, undefined),
  prepareForUpdate: dropDisabledFields,
  validate: validateLease,
  validateUpdate: validateLease,
  columns: [
    nameColumn(),
    column(
      'Holder',
      '@coordination/v1.LeaseSpec.holderIdentity',
      (l) => l.spec?.holderIdentity ?? '',
    ),
    ageColumn(),
  ],
});

/** Feature CoordinatedLeaderElection is off by default: its fields are kept only where set. */
function dropDisabledFields(next: Lease, prev: Lease | undefined): void {
  if (prev?.spec?.strategy === undefined) delete next.spec?.strategy;
  if (prev?.spec?.preferredHolder === undefined) delete next.spec?.preferredHolder;
}
