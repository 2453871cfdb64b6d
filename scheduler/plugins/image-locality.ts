/** ImageLocality: prefers nodes that have the pod's images already. */
import type { Pod } from '../../machinery/schema/wire.ts';
import type { NodeInfo } from '../cache/node-info.ts';
import { stateKey } from '../cycle-state.ts';
import { type Handle, maxNodeScore, type Plugin } from '../framework.ts';
import { skip } from '../status.ts';

const name = 'ImageLocality';
const mebibyte = 1024 * 1024;
/** Images smaller than this altogether do not count. */
const minBytes = 23 * mebibyte;
/** Per container, more than this does not count. */
const maxBytesPerContainer = 1000 * mebibyte;

interface Wanted {
  readonly images: readonly string[];
  readonly containers: number;
}

const wanted = stateKey<Wanted>(name);

export function imageLocality(handle: Pick<Handle, 'cache'>): Plugin {
  return {
    name,
    preScore(state, pod) {
      const asked = wantedBy(pod.pod);
      // Where no node has any of them all nodes are the same.
      if (!asked.images.some((image) => handle.cache.hasImage(image))) return skip;
      state.write(wanted, asked);
      return undefined;
    },
    score(state, _pod, node) {
      if (node.images.size === 0) return 0;
      const { images, containers } = state.read(wanted)!;
      return priority(presentBytes(node, images, handle.cache.nodes.length), containers);
    },
  };
}

function wantedBy(pod: Pod): Wanted {
  const all = [...(pod.spec?.initContainers ?? []), ...(pod.spec?.containers ?? [])];
  const images = all.map((c) => normalizedImage(c.image ?? ''));
  for (const volume of pod.spec?.volumes ?? []) {
    if (volume.image !== undefined) images.push(normalizedImage(volume.image.reference ?? ''));
  }
  return { images, containers: all.length };
}

/** Bytes present; images that few nodes have count less, so that one node does not win all. */
function presentBytes(node: NodeInfo, images: readonly string[], nodeCount: number): number {
  let sum = 0;
  for (const image of images) {
    const state = node.images.get(image);
    if (state === undefined) continue;
    sum += Math.trunc(state.sizeBytes * (state.nodes.size / nodeCount));
  }
  return sum;
}

function priority(bytes: number, containers: number): number {
  const max = maxBytesPerContainer * containers;
  const counted = Math.min(Math.max(bytes, minBytes), max);
  return Math.trunc((maxNodeScore * (counted - minBytes)) / (max - minBytes));
}

/** A name without tag means `latest`, as the runtime reports it. */
export function normalizedImage(image: string): string {
  return image.lastIndexOf(':') <= image.lastIndexOf('/') ? `${image}:latest` : image;
}
