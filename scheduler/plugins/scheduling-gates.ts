/** SchedulingGates: pods with gates are not looked at until all gates are gone. */
import type { Pod } from '../../machinery/schema/wire.ts';
import { on } from '../cluster-event.ts';
import type { Plugin } from '../framework.ts';
import { unresolvable } from '../status.ts';

const name = 'SchedulingGates';

export const schedulingGates = {
  name,
  wakesOn: [
    {
      resource: 'Pod',
      on: on.updatePodSchedulingGatesEliminated,
      hint: (pod, _before, after) => (after as Pod).metadata?.uid === pod.uid,
    },
  ],
  preEnqueue(pod) {
    const gates = pod.pod.spec?.schedulingGates ?? [];
    if (gates.length === 0) return undefined;
    const names = gates.map((gate) => gate.name).join(' ');
    return unresolvable(name, `waiting for scheduling gates: [${names}]`);
  },
} satisfies Plugin;
