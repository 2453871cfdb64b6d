/** Tables of what subresources answer with, which is not of the resource's own kind. */
import type { KubeObject, Scale } from '../../machinery/schema/wire.ts';
import { ageColumn, column } from '../registry/columns.ts';
import type { Column } from '../registry/resource.ts';
import type { ServedResource } from '../registry/served-resource.ts';
import type { TableSource } from './table.ts';

const scaleColumns: Column<Scale>[] = [
  column('Name', '@meta/v1.ObjectMeta.name', (s) => s.metadata?.name ?? ''),
  column('Desired', '@autoscaling/v1.ScaleSpec.replicas', (s) => s.spec?.replicas ?? 0, {
    type: 'integer',
  }),
  column('Available', '@autoscaling/v1.ScaleStatus.replicas', (s) => s.status?.replicas ?? 0, {
    type: 'integer',
  }),
  ageColumn(),
];

const scales: TableSource = { definition: { columns: scaleColumns as Column<KubeObject>[] } };

/**
 * How an answer of a kind is tabled: as its resource is, or as Scales are. Others have no table
 * (reviews, tokens): they are answered as they are.
 */
export function tableOf(resource: ServedResource, kind: string): TableSource | undefined {
  const { definition } = resource;
  if (kind === definition.kind && definition.verbs.includes('get')) return resource;
  return kind === 'Scale' ? scales : undefined;
}
