/** Warnings about files of one volume that hide or contain each other. */
import { quote } from '../../../../machinery/meta/field-error.ts';
import type { Volume } from '../../../../machinery/schema/wire.ts';

interface SourcedPath {
  readonly path: string;
  /** What put it there, '' where the volume has one source only. */
  readonly source: string;
}

/** Warnings about all volumes of a pod. */
export function overlappingPathWarnings(volumes: readonly Volume[]): string[] {
  return volumes.flatMap((v) => [
    ...ofItems(v, v.configMap?.items, `ConfigMap ${quote(v.configMap?.name ?? '')}`),
    ...ofItems(v, v.secret?.items, `Secret ${quote(v.secret?.secretName ?? '')}`),
    ...ofItems(v, v.downwardAPI?.items, 'DownwardAPI'),
    ...ofProjected(v),
  ]);
}

function ofItems(
  volume: Volume,
  items: readonly { path: string }[] | undefined,
  description: string,
): string[] {
  const paths = (items ?? []).map(({ path }) => ({ path, source: '' }));
  return overlaps(paths, volume.name, description);
}

type Source = NonNullable<NonNullable<Volume['projected']>['sources']>[number];

function ofProjected(volume: Volume): string[] {
  const warnings: string[] = [];
  const paths: SourcedPath[] = [];
  for (const source of volume.projected?.sources ?? []) {
    if (Object.values(source).every((s) => s === undefined)) {
      warnings.push(`volume ${quote(volume.name)} (Projected) has no sources provided`);
      continue;
    }
    for (const path of pathsOf(source)) {
      warnings.push(...overlapsWith(path, paths, volume.name, 'Projected'));
      paths.push(trimmed(path));
    }
  }
  return warnings;
}

function pathsOf(s: Source): SourcedPath[] {
  const items = (list: readonly { path: string }[], source: string): SourcedPath[] =>
    list.map(({ path }) => ({ path, source }));
  if (s.configMap?.items)
    return items(s.configMap.items, `ConfigMap ${quote(s.configMap.name ?? '')}`);
  if (s.secret?.items) return items(s.secret.items, `Secret ${quote(s.secret.name ?? '')}`);
  if (s.downwardAPI?.items) return items(s.downwardAPI.items, 'DownwardAPI');
  if (s.serviceAccountToken) {
    return [{ path: s.serviceAccountToken.path, source: 'ServiceAccountToken' }];
  }
  if (s.clusterTrustBundle) {
    const { name, signerName, path } = s.clusterTrustBundle;
    return [{ path, source: `ClusterTrustBundle ${quote(name ?? signerName ?? '')}` }];
  }
  const certificate = s.podCertificate;
  return [
    { path: certificate?.certificateChainPath, source: 'PodCertificate chain' },
    { path: certificate?.keyPath, source: 'PodCertificate key' },
    { path: certificate?.credentialBundlePath, source: 'PodCertificate credential bundle' },
  ].filter((p): p is SourcedPath => Boolean(p.path));
}

function overlaps(paths: readonly SourcedPath[], volume: string, description: string): string[] {
  return paths.flatMap((p, i) =>
    overlapsWith(p, paths.slice(0, i).map(trimmed), volume, description),
  );
}

function overlapsWith(
  path: SourcedPath,
  others: readonly SourcedPath[],
  volume: string,
  description: string,
): string[] {
  const own = trimmed(path);
  if (own.path === '') return [];
  return others
    .filter((o) => o.path !== '' && (isWithin(o.path, own.path) || isWithin(own.path, o.path)))
    .map(
      (o) =>
        `volume ${quote(volume)} (${description}): overlapping paths: ${shown(own)} with ${shown(o)}`,
    );
}

function trimmed(p: SourcedPath): SourcedPath {
  return { ...p, path: (p.path ?? '').replace(/\/+$/, '') };
}

function isWithin(path: string, directory: string): boolean {
  return `${path}/`.startsWith(`${directory}/`);
}

function shown(p: SourcedPath): string {
  return p.source === '' ? quote(p.path) : `${quote(p.path)} (${p.source})`;
}
