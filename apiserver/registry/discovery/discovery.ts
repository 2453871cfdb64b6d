/** The resources of group discovery.k8s.io, in discovery order. */
import { resourceList } from '../resource-list.ts';
import { endpointSlices } from './endpoint-slices.ts';

export const discoveryResources = resourceList(endpointSlices);
