/** The node IPAM controller: gives each node its block of pod addresses, one per IP family. */
import { nodes as nodeResource } from '../../client/resources.ts';
import { keyOf } from '../../client/store.ts';
import { deepEqual } from '../../machinery/meta/equality.ts';
import { type Cidr, isIpv4, parseCidr } from '../../machinery/meta/ip.ts';
import { hasReason } from '../../machinery/meta/status-error.ts';
import type { Node } from '../../machinery/schema/wire.ts';
import { type ControllerContext, defineController } from '../controller.ts';
import type { ControllerManagerOptions } from '../options.ts';
import { CidrPool } from './cidr-pool.ts';

const workers = 30;

export const nodeIpamController = defineController({
  name: 'node-ipam-controller',
  aliases: ['nodeipam'],
  serviceAccount: 'node-controller',
  missing: (options) =>
    options.allocateNodeCidrs ? undefined : '--allocate-node-cidrs is not set',
  setup,
});

/** The pools of the cluster's ranges, less the service ranges. Throws on settings that clash. */
export function poolsOf(options: ControllerManagerOptions): CidrPool[] {
  const ranges = options.clusterCidrs.map(parseRange);
  if (ranges.length === 0) {
    throw new Error('Must specify --cluster-cidr if --allocate-node-cidrs is set');
  }
  if (ranges.length > 2) {
    throw new Error(`length of clusterCIDRs is:${ranges.length} more than max allowed of 2`);
  }
  if (ranges.length === 2 && isIpv4(ranges[0]!.address) === isIpv4(ranges[1]!.address)) {
    throw new Error(
      `len of ClusterCIDRs==${ranges.length} and they are not configured as dual stack ` +
        '(at least one from each IPFamily)',
    );
  }
  const services = options.serviceClusterIpRanges.map(parseRange);
  return ranges.map((range) => {
    const { nodeCidrMaskSizeIpv4, nodeCidrMaskSizeIpv6 } = options;
    const v4 = isIpv4(range.address);
    const pool = new CidrPool(range, v4 ? nodeCidrMaskSizeIpv4 : nodeCidrMaskSizeIpv6);
    for (const service of services) pool.occupy(service);
    return pool;
  });
}

function parseRange(text: string): Cidr {
  const range = parseCidr(text);
  if (range === undefined) throw new Error(`invalid CIDR address: ${text}`);
  return range;
}

function setup(context: ControllerContext): void {
  const { client, log } = context;
  const pools = poolsOf(context.options);
  const recorder = context.recorder('cidrAllocator');
  const nodes = context.informer(nodeResource);
  const queue = context.queue({ name: 'cidrallocator_node', workers, reconcile });
  /** Blocks by node uid, from their allocation until the cache shows them. */
  const pending = new Map<string, string[]>();

  // Workers start after the first whole state has come, so that no block is given out twice.
  nodes.addHandler({
    added(node) {
      occupy(node);
      queue.add(keyOf(node));
    },
    updated(old, node) {
      if (!deepEqual(old.spec?.podCIDRs, node.spec?.podCIDRs)) occupy(node);
      if (needsBlock(node)) queue.add(keyOf(node));
    },
    deleted(node) {
      release([...(node.spec?.podCIDRs ?? []), ...takePending(node)]);
    },
  });

  function needsBlock(node: Node): boolean {
    return (
      (node.spec?.podCIDRs ?? []).length === 0 && node.metadata?.deletionTimestamp === undefined
    );
  }

  function takePending(node: Node): string[] {
    const uid = node.metadata?.uid ?? '';
    const blocks = pending.get(uid) ?? [];
    pending.delete(uid);
    return blocks;
  }

  function occupy(node: Node): void {
    const cidrs = node.spec?.podCIDRs ?? [];
    if (cidrs.length === 0) return;
    const unused = takePending(node).filter((block) => !cidrs.includes(block));
    release(unused);
    for (const [i, text] of cidrs.entries()) {
      const cidr = parseCidr(text);
      if (cidr === undefined || pools[i]?.occupy(cidr) !== true) {
        log.warn({ node: keyOf(node), cidr: text }, 'pod CIDR of a node is outside the cluster');
      }
    }
  }

  function release(blocks: readonly string[]): void {
    for (const text of blocks) {
      const cidr = parseCidr(text);
      if (cidr !== undefined) for (const pool of pools) pool.release(cidr);
    }
  }

  /** One block of each pool, or none at all. */
  function allocate(): string[] | undefined {
    const blocks: string[] = [];
    for (const pool of pools) {
      const block = pool.allocate();
      if (block === undefined) {
        release(blocks);
        return undefined;
      }
      blocks.push(block);
    }
    return blocks;
  }

  function tell(node: Node, status: string): void {
    const { name = '', uid } = node.metadata ?? {};
    const about = { apiVersion: 'v1', kind: 'Node', name, ...(uid === undefined ? {} : { uid }) };
    recorder.event(about, 'Normal', status, `Node ${name} status is now: ${status}`);
  }

  async function reconcile(name: string, signal: AbortSignal): Promise<undefined> {
    const node = nodes.store.byKey(name);
    if (node === undefined || !needsBlock(node)) return;
    const uid = node.metadata?.uid ?? '';
    const blocks = pending.get(uid) ?? allocate();
    if (blocks === undefined) {
      tell(node, 'CIDRNotAvailable');
      throw new Error(
        'CIDR allocation failed; there are no remaining CIDRs left to allocate in the accepted range',
      );
    }
    // Kept when writing fails: who knows whether the server did it all the same.
    pending.set(uid, blocks);
    const patch = { metadata: { uid }, spec: { podCIDR: blocks[0], podCIDRs: blocks } };
    try {
      await client.patch(nodeResource, { name }, patch, { type: 'merge', signal });
    } catch (e) {
      if (hasReason(e, 'NotFound')) return;
      if (!signal.aborted) tell(node, 'CIDRAssignmentFailed');
      throw e;
    }
  }
}
