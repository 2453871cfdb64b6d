/** The volume kinds whose files come from the API: configMap, secret, downwardAPI. */
import { type FileContent, writeAtomically } from './atomic-writer.ts';
import { makeMemoryDir, makeOpenDir } from './empty-dir.ts';
import type { MountedVolume } from './mounted-volume.ts';
import { setVolumeOwnership } from './ownership.ts';
import {
  configMapKeys,
  type DownwardFile,
  downwardFiles,
  type KeyToPath,
  keyFiles,
  optionalObject,
  secretKeys,
} from './payloads.ts';
import type { VolumeContext, VolumeKind } from './volume-kind.ts';

export const defaultFileMode = 0o644;

/** Writes the files and gives them to the pod's fsGroup; the volume is read-only for containers. */
export async function writeVolume(
  context: VolumeContext,
  files: ReadonlyMap<string, FileContent>,
  medium: 'disk' | 'memory',
): Promise<MountedVolume> {
  const { dir, pod, mounter, clock } = context;
  if (medium === 'memory') await makeMemoryDir(dir, 0, mounter);
  else await makeOpenDir(dir);
  const group = pod.spec.securityContext?.fsGroup;
  await writeAtomically(dir, files, clock.now(), () =>
    setVolumeOwnership(dir, group, { readOnly: true }),
  );
  return { path: dir, readOnly: true };
}

export const configMapVolume: VolumeKind = {
  field: 'configMap',
  plugin: 'kubernetes.io/configmap',
  async setUp(context) {
    const { name = '', items, optional = false, defaultMode } = context.volume.configMap!;
    const { namespace } = context.pod.metadata;
    const map = await optionalObject(optional, () => context.objects.configMap(namespace, name));
    const keys = map === undefined ? new Map<string, Buffer>() : configMapKeys(map);
    const files = keyFiles(
      keys,
      items as KeyToPath[] | undefined,
      defaultMode ?? defaultFileMode,
      optional,
      'configmap',
    );
    return writeVolume(context, files, 'disk');
  },
};

export const secretVolume: VolumeKind = {
  field: 'secret',
  plugin: 'kubernetes.io/secret',
  async setUp(context) {
    const { secretName = '', items, optional = false, defaultMode } = context.volume.secret!;
    const { namespace } = context.pod.metadata;
    const secret = await optionalObject(optional, () =>
      context.objects.secret(namespace, secretName),
    );
    const keys = secret === undefined ? new Map<string, Buffer>() : secretKeys(secret);
    const files = keyFiles(
      keys,
      items as KeyToPath[] | undefined,
      defaultMode ?? defaultFileMode,
      optional,
      'secret',
    );
    return writeVolume(context, files, 'memory');
  },
};

export const downwardApiVolume: VolumeKind = {
  field: 'downwardAPI',
  plugin: 'kubernetes.io/downward-api',
  async setUp(context) {
    const { items, defaultMode } = context.volume.downwardAPI!;
    const files = downwardFiles(
      (items ?? []) as DownwardFile[],
      context.pod,
      context.facts,
      defaultMode ?? defaultFileMode,
    );
    return writeVolume(context, files, 'disk');
  },
};
