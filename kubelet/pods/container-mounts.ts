/** The mounts of a container: volumes, sub paths, /etc/hosts, the termination message. */
import { randomBytes } from 'node:crypto';
import { chmod, mkdir, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import type { Container, VolumeMount } from '../../machinery/schema/wire.ts';
import type { Init } from '../cri/codec.ts';
import { type ImageSpec, type Mount, MountPropagation } from '../cri/messages.ts';
import { expand } from '../env/expansion.ts';
import type { Mounter } from '../host/mounter.ts';
import type { Paths } from '../paths.ts';
import type { MountedVolumes } from '../volumes/mounted-volume.ts';
import { checkSubPath, mountSubPath, subPathTarget } from '../volumes/subpath.ts';
import { isHostNetwork, type NodePod } from './pod.ts';

const hostsPath = '/etc/hosts';

export interface MountInput {
  readonly pod: NodePod;
  readonly container: Container;
  readonly env: ReadonlyMap<string, string>;
  readonly volumes: MountedVolumes;
  /** Pulled images of image volumes, by volume name. */
  readonly images: ReadonlyMap<string, Init<ImageSpec>>;
  /** The text of the pod's hosts file; undefined while it has no address. */
  readonly hostsText: string | undefined;
  readonly paths: Paths;
  readonly mounter: Mounter;
  /** The runtime can mount recursively read-only. */
  readonly recursiveReadOnly: boolean;
}

const propagations: Record<string, MountPropagation> = {
  None: MountPropagation.PROPAGATION_PRIVATE,
  HostToContainer: MountPropagation.PROPAGATION_HOST_TO_CONTAINER,
  Bidirectional: MountPropagation.PROPAGATION_BIDIRECTIONAL,
};

/** The sub path with variables put in; throws when one of them is not set. */
export function expandSubPath(mount: VolumeMount, env: ReadonlyMap<string, string>): string {
  if (!mount.subPathExpr) return mount.subPath ?? '';
  const missing = new Set<string>();
  const path = expand(mount.subPathExpr, (name) => {
    const value = env.get(name) ?? '';
    if (value === '') missing.add(name);
    return value;
  });
  if (missing.size > 0) throw new Error(`missing value for ${[...missing].sort().join(', ')}`);
  return path;
}

/** Whether the mount is read-only all the way down; throws when it must be and cannot. */
export function recursiveReadOnly(mount: VolumeMount, supported: boolean): boolean {
  const mode = mount.recursiveReadOnly ?? 'Disabled';
  if (mode === 'Disabled') return false;
  if (!mount.readOnly) {
    throw new Error(
      `volume ${JSON.stringify(mount.name)} requested recursive read-only mode, but it is not read-only`,
    );
  }
  const propagation = mount.mountPropagation ?? 'None';
  if (propagation !== 'None') {
    throw new Error(
      `volume ${JSON.stringify(mount.name)} requested recursive read-only mode, but it is not compatible with propagation ${JSON.stringify(propagation)}`,
    );
  }
  if (mode === 'IfPossible') return supported;
  if (mode === 'Enabled' && supported) return true;
  throw new Error(
    `volume ${JSON.stringify(mount.name)} requested recursive read-only mode, but it is not supported by the runtime`,
  );
}

async function volumeMount(
  input: MountInput,
  mount: VolumeMount,
  index: number,
): Promise<Init<Mount>> {
  const { pod, container, volumes, paths } = input;
  const volume = volumes.get(mount.name);
  if (volume === undefined) {
    throw new Error(
      `cannot find volume ${JSON.stringify(mount.name)} to mount into container ${JSON.stringify(container.name)}`,
    );
  }
  const subPath = expandSubPath(mount, input.env);
  if (subPath !== '') checkSubPath(subPath);
  const propagation = propagations[mount.mountPropagation ?? 'None'];
  if (propagation === undefined) {
    throw new Error(`invalid MountPropagation mode: ${JSON.stringify(mount.mountPropagation)}`);
  }
  const out: Init<Mount> = {
    containerPath: resolve('/', mount.mountPath),
    readonly: (mount.readOnly ?? false) || volume.readOnly,
    recursiveReadOnly: recursiveReadOnly(mount, input.recursiveReadOnly),
    propagation,
  };
  const image = input.images.get(mount.name);
  if (image !== undefined) return { ...out, image, imageSubPath: subPath };
  let hostPath = volume.path;
  if (subPath !== '') {
    const root = paths.subpaths(pod.metadata.uid);
    const target = subPathTarget(root, mount.name, container.name, index);
    try {
      hostPath = await mountSubPath({ volume: volume.path, subPath, target }, input.mounter);
    } catch (cause) {
      // The reason could tell of the host's files.
      throw new Error(
        `failed to prepare subPath for volumeMount ${JSON.stringify(mount.name)} of container ${JSON.stringify(container.name)}`,
        { cause },
      );
    }
  }
  return { ...out, hostPath };
}

/** Makes what has to exist on the host and lists the mounts. */
export async function containerMounts(input: MountInput): Promise<Init<Mount>[]> {
  const { pod, container, paths, hostsText } = input;
  const { uid } = pod.metadata;
  const mounts: Init<Mount>[] = [];
  const wanted = container.volumeMounts ?? [];
  for (const [index, mount] of wanted.entries()) {
    mounts.push(await volumeMount(input, mount, index));
  }
  const hasOwnHosts = wanted.some((m) => m.mountPath === hostsPath);
  if (!hasOwnHosts && (hostsText !== undefined || isHostNetwork(pod))) {
    const hostPath = paths.hostsFile(uid);
    await writeFile(hostPath, hostsText ?? '', { mode: 0o644 });
    await chmod(hostPath, 0o644);
    mounts.push({ containerPath: hostsPath, hostPath, selinuxRelabel: true });
  }
  if (container.terminationMessagePath) {
    const folder = paths.container(uid, container.name);
    await mkdir(folder, { recursive: true, mode: 0o750 });
    // A file of its own for each instance of the container.
    const hostPath = join(folder, randomBytes(4).toString('hex'));
    await writeFile(hostPath, '');
    await chmod(hostPath, 0o666);
    mounts.push({ containerPath: resolve('/', container.terminationMessagePath), hostPath });
  }
  return mounts;
}
