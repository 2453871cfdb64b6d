/** NodeResourcesBalancedAllocation: prefers nodes whose resources the pod uses up evenly. */
import { stateKey } from '../cycle-state.ts';
import type { Plugin } from '../framework.ts';
import { skip } from '../status.ts';
import { defaultResources } from './node-resources-fit.ts';
import { balanceScore, podAmounts, type ResourceSpec, UsageReader } from './resource-allocation.ts';

const name = 'NodeResourcesBalancedAllocation';
const amounts = stateKey<Float64Array>(name);

/** NodeResourcesBalancedAllocationArgs. */
export interface BalancedAllocationArgs {
  readonly resources?: readonly ResourceSpec[];
}

export function nodeResourcesBalancedAllocation(args: BalancedAllocationArgs = {}): Plugin {
  const resources = args.resources?.length ? args.resources : defaultResources;
  const reader = new UsageReader(resources, true);
  return {
    name,
    preScore(state, pod) {
      const own = podAmounts(pod, resources, true);
      // Pods that ask for nothing would all end up on one node.
      if (own.every((amount) => amount === 0)) return skip;
      state.write(amounts, own);
      return undefined;
    },
    score: (state, _pod, node) => balanceScore(reader.read(node, state.read(amounts)!)),
  };
}
