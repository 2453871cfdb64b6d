/** Finds the volume that serves a claim best: one meant for it, or the smallest that will do. */
import { selectorOf } from '../../machinery/meta/labels.ts';
import type { PersistentVolume, PersistentVolumeClaim } from '../../machinery/schema/wire.ts';
import { milliValue } from '../cache/quantities.ts';
import { classOfClaim, classOfVolume, isMeantFor, suitsNode } from './claims.ts';

/** The size a claim asks for, in thousandths. */
export function requestedSize(claim: PersistentVolumeClaim): number {
  return milliValue(claim.spec?.resources?.requests?.['storage'] ?? '0');
}

/** The volume for a claim on a node with these labels; undefined: none. */
export function findVolume(
  claim: PersistentVolumeClaim,
  volumes: readonly PersistentVolume[],
  labels: Record<string, string>,
  taken: ReadonlySet<string>,
): PersistentVolume | undefined {
  const wanted = requestedSize(claim);
  const className = classOfClaim(claim);
  const selector = claim.spec?.selector === undefined ? undefined : selectorOf(claim.spec.selector);
  let best: PersistentVolume | undefined;
  let bestSize = Infinity;
  for (const volume of volumes) {
    if (taken.has(volume.metadata?.name ?? '')) continue;
    const meant = isMeantFor(volume, claim);
    if (volume.spec?.claimRef !== undefined && !meant) continue;
    const size = milliValue(volume.spec?.capacity?.['storage'] ?? '0');
    if (size < wanted || !fitsKind(claim, volume)) continue;
    if (meant) return suitsNode(volume, labels) ? volume : undefined;
    if (volume.status?.phase !== 'Available' || size >= bestSize) continue;
    if (selector !== undefined && !selector.matches(volume.metadata?.labels)) continue;
    if (classOfVolume(volume) !== className || !suitsNode(volume, labels)) continue;
    if (!offersModes(claim, volume)) continue;
    best = volume;
    bestSize = size;
  }
  return best;
}

function fitsKind(claim: PersistentVolumeClaim, volume: PersistentVolume): boolean {
  const mode = (m: string | undefined) => m ?? 'Filesystem';
  return (
    mode(claim.spec?.volumeMode) === mode(volume.spec?.volumeMode) &&
    (claim.spec?.volumeAttributesClassName ?? '') ===
      (volume.spec?.volumeAttributesClassName ?? '') &&
    volume.metadata?.deletionTimestamp === undefined
  );
}

function offersModes(claim: PersistentVolumeClaim, volume: PersistentVolume): boolean {
  const offered = volume.spec?.accessModes ?? [];
  return (claim.spec?.accessModes ?? []).every((mode) => offered.includes(mode));
}
