/**
 * The hash a container carries of the spec it was made from: name and image, the only fields that
 * may change under a running container. Computed as upstream computes it, so that either kubelet
 * recognises the other's containers.
 */
import type { Container } from '../../machinery/schema/wire.ts';

function fnv32a(bytes: Uint8Array): number {
  let hash = 0x811c9dc5;
  for (const b of bytes) {
    hash ^= b;
    hash = Math.imul(hash, 0x01000193) >>> 0;
  }
  return hash;
}

/** Lower-case hexadecimal, without leading zeros. */
export function containerHash(container: Container): string {
  const json = Buffer.from(JSON.stringify({ image: container.image ?? '', name: container.name }));
  // Upstream hashes a printout of the JSON's bytes, not the bytes.
  const printout = `([]uint8)[${[...json].join(' ')}]`;
  return fnv32a(Buffer.from(printout)).toString(16);
}
