/** Warnings about persistent volumes: annotations, policies, labels and plugins of the past. */
import { FieldPath } from '../../../../machinery/meta/field-error.ts';
import type { PersistentVolume } from '../../../../machinery/schema/wire.ts';
import { nodeSelectorTermWarnings } from '../node/deprecated-labels.ts';

const annotations = [
  [
    'volume.beta.kubernetes.io/storage-class',
    'deprecated since v1.8; use "storageClassName" attribute instead',
  ],
  [
    'volume.beta.kubernetes.io/mount-options',
    'deprecated since v1.31; use "mountOptions" attribute instead',
  ],
] as const;

const sources = [
  ['cephfs', 'cephfs', 'deprecated in v1.28, non-functional in v1.31+'],
  ['photonPersistentDisk', 'photonPersistentDisk', 'deprecated in v1.11, non-functional in v1.16+'],
  ['scaleIO', 'scaleIO', 'deprecated in v1.16, non-functional in v1.22+'],
  ['storageos', 'storageOS', 'deprecated in v1.22, non-functional in v1.25+'],
  ['glusterfs', 'glusterfs', 'deprecated in v1.25, non-functional in v1.26+'],
  ['rbd', 'rbd', 'deprecated in v1.28, non-functional in v1.31+'],
] as const;

/** On create and on update alike. */
export function volumeWarnings(pv: PersistentVolume): string[] {
  const at = FieldPath.of('spec');
  const warnings: string[] = annotations
    .filter(([key]) => pv.metadata?.annotations?.[key] !== undefined)
    .map(([key, text]) => `${FieldPath.of('metadata', 'annotations').key(key)}: ${text}`);
  if (pv.spec?.persistentVolumeReclaimPolicy === 'Recycle') {
    warnings.push(
      `${at.child('persistentVolumeReclaimPolicy')}: The Recycle reclaim policy is deprecated. ` +
        'Instead, the recommended approach is to use dynamic provisioning.',
    );
  }
  const terms = pv.spec?.nodeAffinity?.required?.nodeSelectorTerms ?? [];
  const termsAt = at.child('nodeAffinity', 'required', 'nodeSelectorTerms');
  warnings.push(...terms.flatMap((t, i) => nodeSelectorTermWarnings(t, termsAt.index(i))));
  for (const [field, shown, text] of sources) {
    if (pv.spec?.[field] !== undefined) warnings.push(`${at.child(shown)}: ${text}`);
  }
  return warnings;
}
