/** image: the files of an image, which the runtime mounts itself. */
import type { VolumeKind } from './volume-kind.ts';

export const imageVolume: VolumeKind = {
  field: 'image',
  plugin: 'kubernetes.io/image',
  async setUp({ volume }) {
    const { reference = '', pullPolicy = 'IfNotPresent' } = volume.image!;
    return { path: '', readOnly: true, image: { reference, pullPolicy } };
  },
};
