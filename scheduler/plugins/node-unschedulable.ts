/** NodeUnschedulable: cordoned nodes take only pods that tolerate it. */

import { isTolerated } from '../../machinery/meta/tolerations.ts';
import type { Node, Pod, Taint } from '../../machinery/schema/wire.ts';
import { on } from '../cluster-event.ts';
import type { Plugin } from '../framework.ts';
import { unresolvable } from '../status.ts';

const name = 'NodeUnschedulable';
const cordoned = unresolvable(name, 'node(s) were unschedulable');
const cordonTaint: Taint = { key: 'node.kubernetes.io/unschedulable', effect: 'NoSchedule' };

export const nodeUnschedulable = {
  name,
  wakesOn: [
    {
      resource: 'Node',
      on: on.add | on.updateNodeTaint,
      hint(_pod, before, after) {
        const was = before as Node | undefined;
        const uncordoned = was === undefined || was.spec?.unschedulable === true;
        return uncordoned && (after as Node).spec?.unschedulable !== true;
      },
    },
    {
      resource: 'Pod',
      on: on.updatePodToleration,
      hint: (pod, _before, after) =>
        (after as Pod).metadata?.uid === pod.uid &&
        isTolerated((after as Pod).spec?.tolerations ?? [], cordonTaint),
    },
  ],
  filter: (_state, pod, node) =>
    node.unschedulable && !isTolerated(pod.tolerations, cordonTaint) ? cordoned : undefined,
} satisfies Plugin;
