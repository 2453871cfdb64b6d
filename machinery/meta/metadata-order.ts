/** The order of members in metadata, where members were added after it was laid out. */
import type { ObjectMeta } from '../schema/wire.ts';

/** What stands behind the times in the order of the type. */
const last = ['labels', 'annotations', 'ownerReferences', 'finalizers', 'managedFields'] as const;

/** Lays metadata out in the order of its type again, in place; what stands in front of labels is. */
export function layOutMetadata(meta: ObjectMeta): void {
  const members = meta as Record<string, unknown>;
  for (const name of last) {
    const value = members[name];
    if (value === undefined) continue;
    delete members[name];
    members[name] = value;
  }
}
