/** Every kind of volume this kubelet can set up. A new kind is one file and one line here. */
import { configMapVolume, downwardApiVolume, secretVolume } from './api-volumes.ts';
import { claimVolume } from './claim-volume.ts';
import { emptyDir } from './empty-dir.ts';
import { hostPath } from './host-path.ts';
import { imageVolume } from './image-volume.ts';
import { projectedVolume } from './projected.ts';
import type { VolumeKind } from './volume-kind.ts';

export const volumeKinds: readonly VolumeKind[] = [
  emptyDir,
  hostPath,
  configMapVolume,
  secretVolume,
  downwardApiVolume,
  projectedVolume,
  imageVolume,
  claimVolume,
];
