/** ExtendedResourceToleration: pods that ask for devices tolerate the taints named after them. */
import type { Pod, Toleration } from '../../machinery/schema/wire.ts';
import { isExtendedResource } from '../registry/core/resource-names.ts';
import type { AdmissionPlugin } from './admission.ts';
import { isCore } from './refusal.ts';

export const extendedResourceToleration: AdmissionPlugin = {
  name: 'ExtendedResourceToleration',
  handles: (a) => (a.operation === 'CREATE' || a.operation === 'UPDATE') && isCore(a, 'pods'),
  admit(a) {
    const spec = (a.object as Pod).spec!;
    const names = new Set(
      [...(spec.containers ?? []), ...(spec.initContainers ?? [])]
        .flatMap((c) => Object.keys(c.resources?.requests ?? {}))
        .filter(isExtendedResource),
    );
    for (const key of [...names].sort()) {
      const wanted: Toleration = { key, operator: 'Exists', effect: 'NoSchedule' };
      const present = (spec.tolerations ?? []).some(
        (t) => t.key === key && t.operator === 'Exists' && t.effect === 'NoSchedule' && !t.value,
      );
      if (!present) spec.tolerations = [...(spec.tolerations ?? []), wanted];
    }
  },
};
