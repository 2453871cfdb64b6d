/** The resources of group node.k8s.io, in discovery order. */
import { resourceList } from '../resource-list.ts';
import { runtimeClasses } from './runtime-classes.ts';

export const nodeResources = resourceList(runtimeClasses);
