/** projected: several sources in one folder, among them the pod's service account token. */
import type { NodePod } from '../pods/pod.ts';
import { allContainers } from '../pods/pod.ts';
import { defaultFileMode, writeVolume } from './api-volumes.ts';
import type { FileContent } from './atomic-writer.ts';
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

const defaultTokenSeconds = 3600;

type Source = NonNullable<
  NonNullable<NonNullable<VolumeContext['volume']['projected']>['sources']>[number]
>;

/** The one user all containers run as, if there is one: the token then belongs to it. */
export function commonUser(pod: NodePod): number | undefined {
  const ofPod = pod.spec.securityContext?.runAsUser;
  const users = new Set(allContainers(pod).map((c) => c.securityContext?.runAsUser ?? ofPod));
  return users.size === 1 ? [...users][0] : undefined;
}

async function tokenFile(
  source: NonNullable<Source['serviceAccountToken']>,
  context: VolumeContext,
  mode: number,
): Promise<Map<string, FileContent>> {
  const { pod, tokens } = context;
  const { token, refreshAtMs } = await tokens.token(pod, {
    audience: source.audience ?? '',
    expirationSeconds: source.expirationSeconds ?? defaultTokenSeconds,
  });
  context.refreshBy(refreshAtMs);
  const uid = commonUser(pod);
  const shared = pod.spec.securityContext?.fsGroup !== undefined || uid !== undefined;
  // Readable by whoever needs it and nobody else: the group, the one user, or else everybody.
  const file = { data: Buffer.from(token), mode: shared ? 0o600 : mode, uid };
  return new Map([[source.path, file]]);
}

async function sourceFiles(
  source: Source,
  context: VolumeContext,
  mode: number,
): Promise<Map<string, FileContent>> {
  const { pod, objects, facts } = context;
  const { namespace } = pod.metadata;
  if (source.serviceAccountToken) return tokenFile(source.serviceAccountToken, context, mode);
  if (source.configMap) {
    const { name = '', items, optional = false } = source.configMap;
    const map = await optionalObject(optional, () => objects.configMap(namespace, name));
    if (map === undefined) return new Map();
    const wanted = items as KeyToPath[] | undefined;
    return keyFiles(configMapKeys(map), wanted, mode, optional, 'configmap');
  }
  if (source.secret) {
    const { name = '', items, optional = false } = source.secret;
    const secret = await optionalObject(optional, () => objects.secret(namespace, name));
    if (secret === undefined) return new Map();
    const wanted = items as KeyToPath[] | undefined;
    return keyFiles(secretKeys(secret), wanted, mode, optional, 'secret');
  }
  if (source.downwardAPI) {
    const items = (source.downwardAPI.items ?? []) as DownwardFile[];
    return downwardFiles(items, pod, facts, mode);
  }
  const [kind = 'empty source'] = Object.keys(source);
  throw new Error(`projected volume source ${kind} is not supported on this node`);
}

export const projectedVolume: VolumeKind = {
  field: 'projected',
  plugin: 'kubernetes.io/projected',
  async setUp(context) {
    const { sources, defaultMode } = context.volume.projected!;
    const mode = defaultMode ?? defaultFileMode;
    const files = new Map<string, FileContent>();
    const problems: string[] = [];
    for (const source of sources ?? []) {
      try {
        for (const [path, file] of await sourceFiles(source, context, mode)) files.set(path, file);
      } catch (error) {
        problems.push((error as Error).message);
      }
    }
    if (problems.length === 1) throw new Error(problems[0]);
    if (problems.length > 1) throw new Error(`[${problems.join(', ')}]`);
    return writeVolume(context, files, 'memory');
  },
};
