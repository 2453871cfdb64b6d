/** v1 Pod. Subresources other than status (binding, exec, log …) are handled apart. */
import type { Pod } from '../../../machinery/schema/wire.ts';
import { defineResource } from '../resource.ts';
import { podColumns, podRowConditions } from './pod/pod-columns.ts';

export const pods = defineResource<Pod>({
  group: '',
  version: 'v1',
  kind: 'Pod',
  plural: 'pods',
  shortNames: ['po'],
  categories: ['all'],
  namespaced: true,
  deleteReturnsObject: true,
  generationOf: (pod) => pod.spec,
  gracefulDelete: { gracePeriodSeconds },
  selectableFields: {
    'spec.nodeName': (pod) => pod.spec?.nodeName ?? '',
    'spec.host': (pod) => pod.spec?.nodeName ?? '',
    'spec.restartPolicy': (pod) => pod.spec?.restartPolicy ?? '',
    'spec.schedulerName': (pod) => pod.spec?.schedulerName ?? '',
    'spec.serviceAccountName': (pod) => pod.spec?.serviceAccountName ?? '',
    'spec.hostNetwork': (pod) => String(pod.spec?.hostNetwork ?? false),
    'status.phase': (pod) => pod.status?.phase ?? '',
    'status.podIP': (pod) => pod.status?.podIPs?.[0]?.ip ?? '',
    // A label that the real server knows but gives no pod a value for (facts, fieldSelectorValues).
    'status.podIPs': () => '',
    'status.nominatedNodeName': (pod) => pod.status?.nominatedNodeName ?? '',
  },
  prepareForCreate: (next) => {
    next.status = { phase: 'Pending' };
  },
  status: {
    resetFields: [['spec'], ['metadata', 'deletionTimestamp'], ['metadata', 'ownerReferences']],
  },
  columns: podColumns,
  rowConditions: podRowConditions,
});

/** A pod that no node runs, or that has ended, needs no grace. */
function gracePeriodSeconds(pod: Pod, requested: number | undefined): number {
  if (!pod.spec?.nodeName) return 0;
  if (pod.status?.phase === 'Failed' || pod.status?.phase === 'Succeeded') return 0;
  const period = requested ?? pod.spec.terminationGracePeriodSeconds ?? 0;
  return period < 0 ? 1 : period;
}
