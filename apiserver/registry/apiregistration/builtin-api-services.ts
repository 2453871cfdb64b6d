/** The APIServices that stand for the server's own API groups. */
import type { APIService } from '../../../machinery/schema/wire.ts';
import { builtinGroupVersions } from './group-priorities.ts';

/** One object per built-in group version, to be created at start where it is missing. */
export function builtinApiServices(): APIService[] {
  return builtinGroupVersions.map(({ group, version, groupPriority, versionPriority }) => ({
    apiVersion: 'apiregistration.k8s.io/v1',
    kind: 'APIService',
    metadata: {
      name: `${version}.${group}`,
      labels: { 'kube-aggregator.kubernetes.io/automanaged': 'onstart' },
    },
    spec: {
      ...(group === '' ? {} : { group }),
      version,
      groupPriorityMinimum: groupPriority,
      versionPriority,
    },
  }));
}

/** The status of an APIService that this server answers itself; `now` in RFC 3339. */
export function localAvailable(now: string): NonNullable<APIService['status']> {
  return {
    conditions: [
      {
        type: 'Available',
        status: 'True',
        lastTransitionTime: now,
        reason: 'Local',
        message: 'Local APIServices are always available',
      },
    ],
  };
}
