/**
 * The ttl controller: tells nodes by annotation how long they may trust cached secrets and config
 * maps; the larger the cluster, the longer.
 */
import { nodes as nodeResource } from '../../client/resources.ts';
import { keyOf } from '../../client/store.ts';
import type { Node } from '../../machinery/schema/wire.ts';
import { type ControllerContext, defineController } from '../controller.ts';

const annotation = 'node.alpha.kubernetes.io/ttl';
const workers = 5;

/** Sizes overlap, so that a cluster at a boundary does not go back and forth. */
const steps = [
  { from: 0, to: 100, ttlSeconds: 0 },
  { from: 90, to: 500, ttlSeconds: 15 },
  { from: 450, to: 1000, ttlSeconds: 30 },
  { from: 900, to: 2000, ttlSeconds: 60 },
  { from: 1800, to: Number.POSITIVE_INFINITY, ttlSeconds: 300 },
] as const;

export const nodeTtlController = defineController({
  name: 'ttl-controller',
  aliases: ['ttl'],
  serviceAccount: 'ttl-controller',
  setup,
});

/** The step for a number of nodes, from the step that was right before. */
export function nextStep(step: number, nodeCount: number): number {
  let next = step;
  while (nodeCount > steps[next]!.to) next++;
  while (nodeCount < steps[next]!.from) next--;
  return next;
}

function setup(context: ControllerContext): void {
  const { client } = context;
  const nodes = context.informer(nodeResource);
  let step = 0;
  const queue = context.queue({
    workers,
    async reconcile(name, signal) {
      const node = nodes.store.byKey(name);
      step = nextStep(step, nodes.store.size);
      const ttl = String(steps[step]!.ttlSeconds);
      if (node === undefined || node.metadata?.annotations?.[annotation] === ttl) return undefined;
      const patch = { metadata: { annotations: { [annotation]: ttl } } };
      await client.patch(nodeResource, { name }, patch, { type: 'merge', signal });
      return undefined;
    },
  });
  // Nodes report often: each update is also the chance to follow a change of size.
  const wake = (node: Node): void => queue.add(keyOf(node));
  nodes.addHandler({ added: wake, updated: (_, node) => wake(node) });
}
