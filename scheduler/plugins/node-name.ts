/** NodeName: a pod that names a node goes there or nowhere. */
import { on } from '../cluster-event.ts';
import type { Plugin } from '../framework.ts';
import { unresolvable } from '../status.ts';

const name = 'NodeName';
const otherNode = unresolvable(name, "node(s) didn't match the requested node name");

export const nodeName = {
  name,
  wakesOn: [{ resource: 'Node', on: on.add }],
  filter: (_state, pod, node) =>
    pod.nodeName === '' || pod.nodeName === node.name ? undefined : otherNode,
} satisfies Plugin;
