/** The resources of group autoscaling, in discovery order. */
import { resourceList } from '../resource-list.ts';
import { horizontalPodAutoscalers } from './horizontal-pod-autoscalers.ts';

export const autoscalingResources = resourceList(horizontalPodAutoscalers);
