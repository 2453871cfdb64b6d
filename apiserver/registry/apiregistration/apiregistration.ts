/** The resources of group apiregistration.k8s.io, in discovery order. */
import { resourceList } from '../resource-list.ts';
import { apiServices } from './api-services.ts';

export const apiregistrationResources = resourceList(apiServices);
