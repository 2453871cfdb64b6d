/** The resources of group autoscaling, in discovery order. */
import { horizontalPodAutoscalers } from './horizontal-pod-autoscalers.ts';

export const autoscalingResources = [horizontalPodAutoscalers] as const;
