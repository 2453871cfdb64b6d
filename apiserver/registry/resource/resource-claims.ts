/** resource.k8s.io/v1 ResourceClaim. */
import type { ResourceClaim } from '../../../machinery/schema/wire.ts';
import { ageColumn, column } from '../columns.ts';
import { notedProblems } from '../noted-problems.ts';
import { defineResource, nameColumn } from '../resource.ts';
import { keepMetadata, specAndMetadata } from '../status-metadata.ts';
import { adminAccessInSpec, adminAccessInStatus, checkAdminAccess } from './admin-access.ts';
import { validateClaimStatus } from './claim-status-validation.ts';
import { validateClaim, validateClaimUpdate } from './claim-validation.ts';

export const resourceClaims = defineResource<ResourceClaim>({
  group: 'resource.k8s.io',
  version: 'v1',
  kind: 'ResourceClaim',
  plural: 'resourceclaims',
  namespaced: true,
  metadataChecks: ['whole', 'change'],
  deleteReturnsObject: true,
  validate: (next) => [...notedProblems(next), ...validateClaim(next)],
  validateUpdate: validateClaimUpdate,
  beginCreate: async (next, ctx) => {
    await checkAdminAccess(adminAccessInSpec(next.spec), next, ctx);
    return undefined;
  },
  beginUpdate: async (next, prev, ctx) => {
    if (ctx.subresource !== 'status' || adminAccessInStatus(prev) !== undefined) return undefined;
    await checkAdminAccess(adminAccessInStatus(next), next, ctx);
    return undefined;
  },
  status: {
    withoutTable: true,
    resetFields: specAndMetadata,
    prepareForUpdate: (next, prev) => {
      keepMetadata(next, prev);
      dropDeallocatedDevices(next, prev);
    },
    validateUpdate: (next, prev) => [...notedProblems(next), ...validateClaimStatus(next, prev)],
  },
  columns: [
    nameColumn(),
    column(
      'State',
      'A summary of the current state (allocated, pending, reserved, etc.).',
      stateText,
    ),
    ageColumn(),
  ],
});

function stateText(claim: ResourceClaim): string {
  const deleted = claim.metadata?.deletionTimestamp !== undefined;
  const states = deleted ? ['deleted'] : [];
  if (claim.status?.allocation !== undefined) {
    states.push('allocated');
    if ((claim.status.reservedFor?.length ?? 0) > 0) states.push('reserved');
  } else if (!deleted) states.push('pending');
  return states.join(',');
}

interface Device {
  driver: string;
  pool: string;
  device: string;
  shareID?: string;
}

function deviceKey(d: Device): string {
  return JSON.stringify([d.driver, d.pool, d.device, d.shareID ?? null]);
}

/** The status of a device goes away with its allocation. */
function dropDeallocatedDevices(next: ResourceClaim, prev: ResourceClaim): void {
  const gone = new Set((prev.status?.allocation?.devices?.results ?? []).map(deviceKey));
  for (const result of next.status?.allocation?.devices?.results ?? []) {
    gone.delete(deviceKey(result));
  }
  if (next.status?.devices === undefined) return;
  const kept = next.status.devices.filter((d) => !gone.has(deviceKey(d)));
  const { devices: _, ...status } = next.status;
  next.status = kept.length === 0 ? status : { ...status, devices: kept };
}
