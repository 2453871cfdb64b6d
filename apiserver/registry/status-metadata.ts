/** Status writes of some kinds may not touch metadata; the rule they share. */
import type { KubeObject, ObjectMeta } from '../../machinery/schema/wire.ts';

const kept = [
  'deletionTimestamp',
  'generation',
  'selfLink',
  'labels',
  'annotations',
  'finalizers',
  'ownerReferences',
] as const;

/** Takes all of metadata but managedFields from `prev` (what ResetObjectMetaForStatus keeps). */
export function keepMetadata(next: KubeObject, prev: KubeObject): void {
  keepMetadataFields(next, prev, kept);
}

/** Takes these fields of metadata from `prev`; changes the metadata of `next` in place. */
export function keepMetadataFields(
  next: KubeObject,
  prev: KubeObject,
  fields: readonly (keyof ObjectMeta)[],
): void {
  next.metadata ??= {};
  const meta: Record<string, unknown> = next.metadata;
  const from: Readonly<Record<string, unknown>> = prev.metadata ?? {};
  for (const field of fields) {
    if (from[field] === undefined) delete meta[field];
    else meta[field] = from[field];
  }
}

/** The reset fields of such a status subresource. */
export const specAndMetadata: readonly (readonly string[])[] = [['metadata'], ['spec']];
