/** The controllers there are, in the order in which they start, and which of them run. */
import { csrApprovingController } from './certificates/approving.ts';
import { csrCleaner } from './certificates/cleaner.ts';
import { csrSigningController } from './certificates/signing.ts';
import { clusterRoleAggregationController } from './clusterrole-aggregation/clusterrole-aggregation.ts';
import type { Controller } from './controller.ts';
import { cronJobController } from './cronjob/cronjob.ts';
import { daemonSetController } from './daemonset/daemonset.ts';
import { deploymentController } from './deployment/deployment.ts';
import { disruptionController } from './disruption/disruption.ts';
import { endpointsController } from './endpoints/endpoints.ts';
import { endpointSliceController } from './endpointslice/endpointslice.ts';
import { endpointSliceMirroringController } from './endpointslice-mirroring/endpointslice-mirroring.ts';
import { garbageCollector } from './garbage-collector/garbage-collector.ts';
import { jobController } from './job/job.ts';
import { ttlAfterFinishedController } from './job/ttl-after-finished.ts';
import { namespaceController } from './namespace/namespace.ts';
import { nodeIpamController } from './node-ipam/node-ipam.ts';
import { nodeLifecycleController } from './node-lifecycle/node-lifecycle.ts';
import { nodeTtlController } from './node-ttl/node-ttl.ts';
import { podGarbageCollector } from './pod-gc/pod-gc.ts';
import { replicaSetController } from './replicaset/replicaset.ts';
import { replicationController } from './replicaset/replicationcontroller.ts';
import { resourceQuotaController } from './resource-quota/resource-quota.ts';
import { rootCaPublisher } from './serviceaccount/root-ca-publisher.ts';
import { serviceAccountController } from './serviceaccount/serviceaccount.ts';
import { serviceAccountTokenController } from './serviceaccount/tokens.ts';
import { statefulSetController } from './statefulset/statefulset.ts';
import { taintEvictionController } from './taint-eviction/taint-eviction.ts';

/** Tokens first: others may need the accounts. */
export const controllers: readonly Controller[] = [
  serviceAccountTokenController,
  serviceAccountController,
  rootCaPublisher,
  namespaceController,
  replicaSetController,
  replicationController,
  deploymentController,
  statefulSetController,
  daemonSetController,
  endpointSliceController,
  endpointSliceMirroringController,
  endpointsController,
  jobController,
  cronJobController,
  ttlAfterFinishedController,
  disruptionController,
  resourceQuotaController,
  nodeIpamController,
  nodeLifecycleController,
  taintEvictionController,
  podGarbageCollector,
  nodeTtlController,
  clusterRoleAggregationController,
  csrSigningController,
  csrApprovingController,
  csrCleaner,
  // Last: it hangs itself on the informers that the others asked for.
  garbageCollector,
];

/**
 * Those that a `--controllers` list selects: `*` for all, `name`, `-name`; the first match counts.
 * Throws on a name that is not known.
 */
export function selectControllers(
  list: readonly string[],
  known: readonly Controller[] = controllers,
): Controller[] {
  const names = new Set(known.flatMap((c) => [c.name, ...c.aliases]));
  for (const entry of list) {
    const name = entry.replace(/^-/, '');
    if (name !== '*' && !names.has(name)) {
      throw new Error(`"${name}" is not in the list of known controllers`);
    }
  }
  const all = list.includes('*');
  return known.filter((c) => {
    const own = [c.name, ...c.aliases];
    if (list.some((entry) => own.includes(entry))) return true;
    if (list.some((entry) => entry.startsWith('-') && own.includes(entry.slice(1)))) return false;
    return all;
  });
}
