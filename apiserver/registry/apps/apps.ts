/** The resources of group apps, in discovery order. */
import { resourceList } from '../resource-list.ts';
import { controllerRevisions } from './controller-revisions.ts';
import { daemonSets } from './daemon-sets.ts';
import { deployments } from './deployments.ts';
import { replicaSets } from './replica-sets.ts';
import { statefulSets } from './stateful-sets.ts';

export const appsResources = resourceList(
  controllerRevisions,
  daemonSets,
  deployments,
  replicaSets,
  statefulSets,
);
