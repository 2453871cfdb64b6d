/** What a new volume is filled from: `dataSource` and its successor `dataSourceRef` (KEP 1495). */
import type { PersistentVolumeClaimSpec } from '../../../../machinery/schema/wire.ts';

/**
 * Drops what never was or is not yet supported: references into other namespaces
 * (CrossNamespaceVolumeDataSource is off) and, in the old field, all but claims and snapshots.
 */
export function dropClaimFields(
  spec: PersistentVolumeClaimSpec | undefined,
  old: PersistentVolumeClaimSpec | undefined,
): void {
  if (spec === undefined) return;
  if (spec.dataSourceRef?.namespace && old?.dataSourceRef === undefined) delete spec.dataSourceRef;
  if (old?.dataSource !== undefined || old?.dataSourceRef !== undefined) return;
  if (spec.dataSourceRef === undefined && !isClaimOrSnapshot(spec.dataSource)) {
    delete spec.dataSource;
  }
}

function isClaimOrSnapshot(source: PersistentVolumeClaimSpec['dataSource']): boolean {
  const group = source?.apiGroup ?? '';
  if (source?.kind === 'PersistentVolumeClaim') return group === '';
  return source?.kind === 'VolumeSnapshot' && group === 'snapshot.storage.k8s.io';
}

/** Either field that is set alone is copied to the other; changes `spec` in place. */
export function matchDataSources(spec: PersistentVolumeClaimSpec | undefined): void {
  if (spec === undefined) return;
  const { dataSource, dataSourceRef } = spec;
  if (dataSource !== undefined && dataSourceRef === undefined) {
    spec.dataSourceRef = { ...dataSource };
  } else if (dataSourceRef !== undefined && dataSource === undefined && !dataSourceRef.namespace) {
    const { namespace: _none, ...rest } = dataSourceRef;
    spec.dataSource = rest;
  }
}
