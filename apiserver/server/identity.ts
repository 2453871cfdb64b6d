/** What one of several API servers of a cluster is called. */
import { createHash } from 'node:crypto';

const alphabet = 'abcdefghijklmnopqrstuvwxyz234567';

/** `apiserver-` and what is made of the host's name, as in the names of upstream's leases. */
export function serverIdentity(hostname: string): string {
  const hash = createHash('sha256');
  for (const text of [hostname, 'kube-apiserver']) {
    const bytes = Buffer.from(text);
    const length = Buffer.alloc(2);
    length.writeUInt16BE(bytes.length);
    hash.update(length).update(bytes);
  }
  return `apiserver-${base32(hash.digest().subarray(0, 16))}`;
}

/** RFC 4648 in lower case, without padding. */
function base32(bytes: Uint8Array): string {
  const bits = Array.from(bytes, (b) => b.toString(2).padStart(8, '0')).join('');
  const groups = bits.match(/.{1,5}/g) ?? [];
  return groups.map((g) => alphabet[Number.parseInt(g.padEnd(5, '0'), 2)]).join('');
}
