/** The resources of group coordination.k8s.io, in discovery order. */
import { resourceList } from '../resource-list.ts';
import { leases } from './leases.ts';

export const coordinationResources = resourceList(leases);
