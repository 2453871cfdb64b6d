/** v1 ResourceQuota. */
import type { ResourceQuota } from '../../../machinery/schema/wire.ts';
import { ageColumn } from '../columns.ts';
import { defineResource, nameColumn } from '../resource.ts';
import {
  quotaWarnings,
  validateQuotaSpec,
  validateQuotaStatus,
  validateSameScopes,
} from './resource-quota-validation.ts';

export const resourceQuotas = defineResource<ResourceQuota>({
  group: '',
  version: 'v1',
  kind: 'ResourceQuota',
  plural: 'resourcequotas',
  shortNames: ['quota'],
  namespaced: true,
  deleteReturnsObject: true,
  validate: (next) => validateQuotaSpec(next),
  validateUpdate: (next, prev) => [...validateQuotaSpec(next), ...validateSameScopes(next, prev)],
  warnings: (next, prev) => (prev === undefined ? quotaWarnings(next) : []),
  status: {
    validateUpdate: (next) => validateQuotaStatus(next),
  },
  columns: [
    nameColumn(),
    {
      name: 'Request',
      description:
        'Request represents a minimum amount of cpu/memory that a container may consume.',
      cell: (quota) => usageText(quota, (name) => !name.startsWith('limits.')),
    },
    {
      name: 'Limit',
      description:
        'Limits control the maximum amount of cpu/memory that a container may use independent of contention on the node.',
      cell: (quota) => usageText(quota, (name) => name.startsWith('limits.')),
    },
    ageColumn(),
  ],
});

function usageText(quota: ResourceQuota, shown: (name: string) => boolean): string {
  const hard = quota.status?.hard ?? {};
  return Object.keys(hard)
    .filter(shown)
    .sort()
    .map((name) => `${name}: ${quota.status?.used?.[name] ?? '0'}/${hard[name]}`)
    .join(', ');
}
