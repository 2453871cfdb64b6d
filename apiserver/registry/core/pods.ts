/** v1 Pod. Subresources other than status (binding, exec, log …) are handled apart. */

import { isDns1123Label } from '../../../machinery/meta/names.ts';
import type { Pod } from '../../../machinery/schema/wire.ts';
import { defineResource } from '../resource.ts';
import { dropDisabledPodFields } from './pod/drop-disabled.ts';
import { ephemeralContainersStrategy } from './pod/ephemeral-update.ts';
import { podColumns, podRowConditions } from './pod/pod-columns.ts';
import { preparePod, validateNewPod } from './pod/pod-create.ts';
import { resizeStrategy } from './pod/pod-resize.ts';
import { podStatusStrategy } from './pod/pod-status.ts';
import { validatePodUpdate } from './pod/pod-update.ts';
import { podWarnings } from './pod/pod-warnings.ts';

export const pods = defineResource<Pod>({
  group: '',
  version: 'v1',
  kind: 'Pod',
  plural: 'pods',
  shortNames: ['po'],
  categories: ['all'],
  namespaced: true,
  metadataChecks: ['change', 'whole'],
  deleteReturnsObject: true,
  generationOf: (pod) => ({ spec: pod.spec }),
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
  // Of the status only the quality of service class is taken, see preparePod.
  createWithStatus: true,
  prepareForCreate: preparePod,
  validate: (pod) => validateNewPod(pod),
  prepareForUpdate: (next, prev) => dropDisabledPodFields(next.spec, prev.spec),
  validateUpdate: validatePodUpdate,
  warnings: (pod, prev) => (prev === undefined ? [...nameWarnings(pod), ...podWarnings(pod)] : []),
  status: podStatusStrategy,
  faces: {
    ephemeralcontainers: ephemeralContainersStrategy,
    resize: resizeStrategy,
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

function nameWarnings(pod: Pod): string[] {
  const problems = isDns1123Label(pod.metadata?.name ?? '');
  if (problems.length === 0) return [];
  return [
    `metadata.name: this is used in the Pod's hostname, which can result in surprising behavior; ` +
      `a DNS label is recommended: [${problems.join(' ')}]`,
  ];
}
