/** The resources of group flowcontrol.apiserver.k8s.io, in discovery order. */
import { resourceList } from '../resource-list.ts';
import { flowSchemas } from './flow-schemas.ts';
import { priorityLevelConfigurations } from './priority-level-configurations.ts';

export const flowcontrolResources = resourceList(flowSchemas, priorityLevelConfigurations);
