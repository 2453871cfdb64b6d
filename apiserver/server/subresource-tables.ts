/** Tables of what subresources answer with, which is not of the resource's own kind. */
import type { KubeObject, Scale } from '../../machinery/schema/wire.ts';
import { ageColumn, column } from '../registry/columns.ts';
import { type Column, nameAndAge } from '../registry/resource.ts';
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
const others: TableSource = { definition: { columns: nameAndAge() } };

/** How objects of a kind other than the resource's own are listed. */
export function subresourceTable(kind: string): TableSource {
  return kind === 'Scale' ? scales : others;
}
