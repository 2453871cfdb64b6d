/** metadata that is shown without its object: in tables and as PartialObjectMetadata. */
import type { KubeObject, ObjectMeta } from '../../machinery/schema/wire.ts';
import type { ResourceDefinition } from '../registry/resource.ts';
import { StoredObject } from '../storage/cache/stored-object.ts';

type Kind = Pick<ResourceDefinition, 'fieldAnnotations'>;

/** metadata without annotations that are fields to the real server; may be the object's own. */
export function bareMetadata({ fieldAnnotations = [] }: Kind, object: KubeObject): ObjectMeta {
  const metadata = object.metadata ?? {};
  const { annotations } = metadata;
  if (annotations === undefined || !fieldAnnotations.some((a) => a in annotations)) return metadata;
  const { annotations: _, ...bare } = metadata;
  const left = Object.entries(annotations).filter(([name]) => !fieldAnnotations.includes(name));
  if (left.length === 0) return bare;
  return { ...metadata, annotations: Object.fromEntries(left) };
}

/** The same as JSON: a slice of a stored object where nothing is to be left out. */
export function bareMetadataBytes(kind: Kind, item: StoredObject | KubeObject): Buffer {
  if (!(item instanceof StoredObject)) return Buffer.from(JSON.stringify(bareMetadata(kind, item)));
  const bytes = item.metadataBytes;
  if (kind.fieldAnnotations?.some((a) => bytes.includes(a)) !== true) return bytes;
  return Buffer.from(JSON.stringify(bareMetadata(kind, item.object())));
}
