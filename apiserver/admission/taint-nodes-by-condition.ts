/** TaintNodesByCondition: a new node takes no pods until it is known to be ready. */
import type { Node } from '../../machinery/schema/wire.ts';
import type { AdmissionPlugin } from './admission.ts';
import { isCore } from './refusal.ts';

const notReady = { key: 'node.kubernetes.io/not-ready', effect: 'NoSchedule' };

export const taintNodesByCondition: AdmissionPlugin = {
  name: 'TaintNodesByCondition',
  handles: (a) => a.operation === 'CREATE' && isCore(a, 'nodes'),
  admit(a) {
    const node = a.object as Node;
    node.spec ??= {};
    const taints = node.spec.taints ?? [];
    if (taints.some((t) => t.key === notReady.key && t.effect === notReady.effect)) return;
    node.spec.taints = [...taints, { ...notReady }];
  },
};
