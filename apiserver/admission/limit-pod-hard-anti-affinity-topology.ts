/**
 * LimitPodHardAntiAffinityTopology: pods keep others off nodes, not off zones. Off by default.
 */
import type { Pod } from '../../machinery/schema/wire.ts';
import type { AdmissionPlugin } from './admission.ts';
import { isCore, refused } from './refusal.ts';

const hostname = 'kubernetes.io/hostname';

export const limitPodHardAntiAffinityTopology: AdmissionPlugin = {
  name: 'LimitPodHardAntiAffinityTopology',
  handles: (a) => (a.operation === 'CREATE' || a.operation === 'UPDATE') && isCore(a, 'pods'),
  validate(a) {
    const rules = (a.object as Pod).spec?.affinity?.podAntiAffinity;
    for (const { topologyKey } of rules?.requiredDuringSchedulingIgnoredDuringExecution ?? []) {
      if (topologyKey === hostname) continue;
      throw refused(
        a,
        `affinity.PodAntiAffinity.RequiredDuringScheduling has TopologyKey ${topologyKey} but only key ${hostname} is allowed`,
      );
    }
  },
};
