/** The resources of group policy, in discovery order. */
import { resourceList } from '../resource-list.ts';
import { podDisruptionBudgets } from './pod-disruption-budgets.ts';

export const policyResources = resourceList(podDisruptionBudgets);
