/** The resources of group apiextensions.k8s.io, in discovery order. */
import { resourceList } from '../resource-list.ts';
import { customResourceDefinitions } from './custom-resource-definitions.ts';

export const apiextensionsResources = resourceList(customResourceDefinitions);
