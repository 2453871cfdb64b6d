/** TaintToleration: taints keep pods off nodes, or make nodes less welcome. */

import { isTolerated, untoleratedTaint } from '../../machinery/meta/tolerations.ts';
import type { Node, Pod, Toleration } from '../../machinery/schema/wire.ts';
import { on } from '../cluster-event.ts';
import { stateKey } from '../cycle-state.ts';
import type { Plugin } from '../framework.ts';
import { unresolvable } from '../status.ts';
import { normalizeByMax } from './normalize.ts';

const name = 'TaintToleration';
const untolerated = unresolvable(name, 'node(s) had untolerated taint(s)');
/** The tolerations that speak of PreferNoSchedule. */
const preferences = stateKey<readonly Toleration[]>(name);

export const taintToleration = {
  name,
  wakesOn: [
    {
      resource: 'Node',
      on: on.add | on.updateNodeTaint,
      hint(pod, before, after) {
        const blocked = (node: Node) =>
          untoleratedTaint(node.spec?.taints ?? [], pod.tolerations) !== undefined;
        const was = before as Node | undefined;
        return (was === undefined || blocked(was)) && !blocked(after as Node);
      },
    },
    {
      resource: 'Pod',
      on: on.updatePodToleration,
      hint: (pod, _before, after) => (after as Pod).metadata?.uid === pod.uid,
    },
  ],
  filter: (_state, pod, node) =>
    node.taints.length > 0 && untoleratedTaint(node.taints, pod.tolerations) !== undefined
      ? untolerated
      : undefined,
  preScore(state, pod) {
    state.write(
      preferences,
      pod.tolerations.filter((t) => !t.effect || t.effect === 'PreferNoSchedule'),
    );
    return undefined;
  },
  score(state, _pod, node) {
    if (node.taints.length === 0) return 0;
    const tolerations = state.read(preferences)!;
    let count = 0;
    for (const taint of node.taints) {
      if (taint.effect === 'PreferNoSchedule' && !isTolerated(tolerations, taint)) count++;
    }
    return count;
  },
  normalize: (_state, _pod, scores) => normalizeByMax(scores, true),
} satisfies Plugin;
