/** emptyDir: scratch space of a pod, on disk or in memory. */
import { chmod, mkdir, stat } from 'node:fs/promises';
import type { Mounter } from '../host/mounter.ts';
import { podLimits, unitsOf } from '../pods/resource-summary.ts';
import { setVolumeOwnership } from './ownership.ts';
import type { VolumeContext, VolumeKind } from './volume-kind.ts';

const everyone = 0o777;

/** Makes `dir` open to all, past the umask. */
export async function makeOpenDir(dir: string): Promise<void> {
  await mkdir(dir, { recursive: true, mode: everyone });
  if (((await stat(dir)).mode & everyone) !== everyone) await chmod(dir, everyone);
}

/** Makes `dir` a tmpfs of at most `sizeBytes` (0: the kernel's own limit), once. */
export async function makeMemoryDir(
  dir: string,
  sizeBytes: number,
  mounter: Mounter,
): Promise<void> {
  await mkdir(dir, { recursive: true, mode: 0o750 });
  if (!(await mounter.isMountPoint(dir))) {
    await mounter.mountTmpfs(dir, [
      ...(sizeBytes > 0 ? [`size=${sizeBytes}`] : []),
      `mode=${everyone.toString(8)}`,
    ]);
  }
}

/** The smallest of the volume's, the pod's and the node's limit. */
function memorySize(context: VolumeContext): number {
  const { pod, volume, facts } = context;
  const sizes = [
    unitsOf({ size: String(volume.emptyDir?.sizeLimit ?? '0') }, 'size'),
    unitsOf(podLimits(pod), 'memory'),
    unitsOf(facts.allocatable, 'memory'),
  ].filter((bytes) => bytes > 0);
  return sizes.length > 0 ? Math.min(...sizes) : 0;
}

export const emptyDir: VolumeKind = {
  field: 'emptyDir',
  plugin: 'kubernetes.io/empty-dir',
  async setUp(context) {
    const { pod, volume, dir, mounter } = context;
    const medium = volume.emptyDir?.medium ?? '';
    if (medium === 'Memory') await makeMemoryDir(dir, memorySize(context), mounter);
    else if (medium === '') await makeOpenDir(dir);
    else throw new Error(`emptyDir medium ${JSON.stringify(medium)} is not supported on this node`);
    // New files take the group over from the root: it alone is looked at.
    const options = { readOnly: false, onRootMismatch: true };
    await setVolumeOwnership(dir, pod.spec.securityContext?.fsGroup, options);
    return { path: dir, readOnly: false };
  },
};
