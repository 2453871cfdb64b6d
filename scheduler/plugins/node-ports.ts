/** NodePorts: host ports are taken once per node. */
import type { Pod } from '../../machinery/schema/wire.ts';
import { hostPortsOf, UsedPorts } from '../cache/host-ports.ts';
import { on } from '../cluster-event.ts';
import type { Plugin } from '../framework.ts';
import { skip, unschedulable } from '../status.ts';

const name = 'NodePorts';
const taken = unschedulable(name, "node(s) didn't have free ports for the requested pod ports");

export const nodePorts = {
  name,
  wakesOn: [
    {
      resource: 'Pod',
      on: on.delete,
      hint(pod, before) {
        const gone = before as Pod;
        if (!gone.spec?.nodeName && !gone.status?.nominatedNodeName) return false;
        const freed = new UsedPorts();
        freed.add(hostPortsOf(gone));
        return freed.conflicts(pod.hostPorts);
      },
    },
    { resource: 'Node', on: on.add },
  ],
  preFilter: (_state, pod) => (pod.hostPorts.length === 0 ? skip : undefined),
  filter: (_state, pod, node) => (node.usedPorts.conflicts(pod.hostPorts) ? taken : undefined),
} satisfies Plugin;
