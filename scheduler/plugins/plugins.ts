/** All plugins, by name, and which are on unless the configuration says otherwise. */
import type { Handle, Plugin } from '../framework.ts';
import { defaultBinder } from './default-binder.ts';
import { type DefaultPreemptionArgs, defaultPreemption } from './default-preemption.ts';
import { dynamicResources } from './dynamic-resources.ts';
import { imageLocality } from './image-locality.ts';
import { type InterPodAffinityArgs, interPodAffinity } from './inter-pod-affinity.ts';
import { type NodeAffinityArgs, nodeAffinity } from './node-affinity.ts';
import { nodeName } from './node-name.ts';
import { nodePorts } from './node-ports.ts';
import {
  type BalancedAllocationArgs,
  nodeResourcesBalancedAllocation,
} from './node-resources-balanced-allocation.ts';
import { type NodeResourcesFitArgs, nodeResourcesFit } from './node-resources-fit.ts';
import { nodeUnschedulable } from './node-unschedulable.ts';
import { nodeVolumeLimits } from './node-volume-limits.ts';
import { podTopologySpread } from './pod-topology-spread.ts';
import { prioritySort } from './priority-sort.ts';
import { schedulingGates } from './scheduling-gates.ts';
import type { PodTopologySpreadArgs } from './spread-constraints.ts';
import { taintToleration } from './taint-toleration.ts';
import { type VolumeBindingArgs, volumeBinding } from './volume-binding.ts';
import { volumeRestrictions } from './volume-restrictions.ts';
import { volumeZone } from './volume-zone.ts';

/** Makes a plugin for one profile; `args` are checked by the configuration. */
export type PluginFactory = (args: unknown, handle: Handle) => Plugin;

/** A plugin that is on by default, with the weight of its score. */
export interface DefaultPlugin {
  readonly name: string;
  readonly weight?: number;
}

/** In the order they run. Weights as in v1.36. */
export const defaultPlugins: readonly DefaultPlugin[] = [
  { name: 'SchedulingGates' },
  { name: 'PrioritySort' },
  { name: 'NodeUnschedulable' },
  { name: 'NodeName' },
  { name: 'TaintToleration', weight: 3 },
  { name: 'NodeAffinity', weight: 2 },
  { name: 'NodePorts' },
  { name: 'NodeResourcesFit', weight: 1 },
  { name: 'VolumeRestrictions' },
  { name: 'NodeVolumeLimits' },
  { name: 'VolumeBinding' },
  { name: 'VolumeZone' },
  { name: 'PodTopologySpread', weight: 2 },
  { name: 'InterPodAffinity', weight: 2 },
  { name: 'DynamicResources' },
  { name: 'DefaultPreemption' },
  { name: 'NodeResourcesBalancedAllocation', weight: 1 },
  { name: 'ImageLocality', weight: 1 },
  { name: 'DefaultBinder' },
];

/** Every plugin there is. */
export const plugins: Readonly<Record<string, PluginFactory>> = {
  SchedulingGates: () => schedulingGates,
  PrioritySort: () => prioritySort,
  NodeUnschedulable: () => nodeUnschedulable,
  NodeName: () => nodeName,
  TaintToleration: () => taintToleration,
  NodeAffinity: (args) => nodeAffinity(args as NodeAffinityArgs | undefined),
  NodePorts: () => nodePorts,
  NodeResourcesFit: (args) => nodeResourcesFit(args as NodeResourcesFitArgs | undefined),
  VolumeRestrictions: (_args, handle) => volumeRestrictions(handle),
  NodeVolumeLimits: (_args, handle) => nodeVolumeLimits(handle),
  VolumeBinding: (args, handle) => volumeBinding(args as VolumeBindingArgs | undefined, handle),
  VolumeZone: (_args, handle) => volumeZone(handle),
  PodTopologySpread: (args, handle) =>
    podTopologySpread(args as PodTopologySpreadArgs | undefined, handle),
  InterPodAffinity: (args, handle) =>
    interPodAffinity(args as InterPodAffinityArgs | undefined, handle),
  DynamicResources: () => dynamicResources,
  DefaultPreemption: (args, handle) =>
    defaultPreemption(args as DefaultPreemptionArgs | undefined, handle),
  NodeResourcesBalancedAllocation: (args) =>
    nodeResourcesBalancedAllocation(args as BalancedAllocationArgs | undefined),
  ImageLocality: (_args, handle) => imageLocality(handle),
  DefaultBinder: (_args, handle) => defaultBinder(handle),
};
