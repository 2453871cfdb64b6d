/** The resources of group resource.k8s.io, in discovery order. */
import { resourceList } from '../resource-list.ts';
import { deviceClasses } from './device-classes.ts';
import { resourceClaimTemplates } from './resource-claim-templates.ts';
import { resourceClaims } from './resource-claims.ts';
import { resourceSlices } from './resource-slices.ts';

export const resourceResources = resourceList(
  deviceClasses,
  resourceClaims,
  resourceClaimTemplates,
  resourceSlices,
);
