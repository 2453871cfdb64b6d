/** persistentVolumeClaim: volumes of kind hostPath and local, which need nobody but the node. */
import { mkdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { PersistentVolume, PersistentVolumeClaim } from '../../machinery/schema/wire.ts';
import { checkHostPath } from './host-path.ts';
import type { MountedVolume } from './mounted-volume.ts';
import { setVolumeOwnership } from './ownership.ts';
import type { VolumeContext, VolumeKind } from './volume-kind.ts';

const localPlugin = 'kubernetes.io/local-volume';

async function boundVolume(
  context: VolumeContext,
): Promise<{ claim: PersistentVolumeClaim; volume: PersistentVolume }> {
  const { pod, volume, claims } = context;
  const { claimName } = volume.persistentVolumeClaim!;
  const { namespace } = pod.metadata;
  const claim = await claims.claim(namespace, claimName);
  const name = claim.spec?.volumeName;
  if (claim.metadata?.deletionTimestamp) {
    throw new Error('PVC is being deleted');
  }
  if (claim.status?.phase !== 'Bound' || !name) {
    throw new Error(`PVC ${namespace}/${claimName} is not bound`);
  }
  const persistent = await claims.volume(name);
  const ref = persistent.spec?.claimRef;
  if (ref?.uid !== claim.metadata?.uid) {
    throw new Error(`PV ${name} is not bound to PVC ${namespace}/${claimName}`);
  }
  return { claim, volume: persistent };
}

/** A local directory is bind-mounted into the pod's folder; a local block device is passed on. */
async function localVolume(
  context: VolumeContext,
  persistent: PersistentVolume,
  readOnly: boolean,
): Promise<MountedVolume> {
  const { mounter, pod } = context;
  const { path } = persistent.spec!.local!;
  const source = await stat(path).catch(() => {
    throw new Error(`path ${JSON.stringify(path)} does not exist`);
  });
  if (persistent.spec?.volumeMode === 'Block') {
    if (!source.isBlockDevice()) throw new Error(`path ${path} is not a block device`);
    return { path: '', readOnly, blockDevice: path };
  }
  if (!source.isDirectory()) {
    throw new Error(`local volume ${path} is a block device without a mounted file system`);
  }
  const target = join(
    context.dir,
    '..',
    '..',
    localPlugin.replace('/', '~'),
    persistent.metadata!.name!,
  );
  await mkdir(target, { recursive: true, mode: 0o750 });
  if (!(await mounter.isMountPoint(target))) await mounter.bindMount(path, target, readOnly);
  const { fsGroup, fsGroupChangePolicy } = pod.spec.securityContext ?? {};
  if (!readOnly) {
    const onRootMismatch = fsGroupChangePolicy === 'OnRootMismatch';
    await setVolumeOwnership(target, fsGroup, { readOnly, onRootMismatch });
  }
  return { path: target, readOnly };
}

export const claimVolume: VolumeKind = {
  field: 'persistentVolumeClaim',
  plugin: 'kubernetes.io/persistent-claim',
  async setUp(context) {
    const { volume: persistent } = await boundVolume(context);
    const readOnly = context.volume.persistentVolumeClaim!.readOnly ?? false;
    const { hostPath, local } = persistent.spec ?? {};
    if (hostPath) {
      await checkHostPath(hostPath.path, hostPath.type ?? '');
      return { path: hostPath.path, readOnly };
    }
    if (local) return localVolume(context, persistent, readOnly);
    const name = persistent.metadata?.name;
    throw new Error(`persistent volume ${name}: only hostPath and local volumes are supported`);
  },
};
