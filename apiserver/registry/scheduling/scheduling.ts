/** The resources of group scheduling.k8s.io, in discovery order. */
import { resourceList } from '../resource-list.ts';
import { priorityClasses } from './priority-classes.ts';

export const schedulingResources = resourceList(priorityClasses);
