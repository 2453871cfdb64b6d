/** The security context of containers and sandboxes in the runtime's terms. */
import { join } from 'node:path';
import { quote } from '../../machinery/meta/field-error.ts';
import type {
  Container,
  PodSecurityContext,
  SecurityContext,
} from '../../machinery/schema/wire.ts';
import type { Init } from '../cri/codec.ts';
import {
  type LinuxContainerSecurityContext,
  type LinuxSandboxSecurityContext,
  NamespaceMode,
  type NamespaceOption,
  type SecurityProfile,
  SecurityProfileProfileType,
  SupplementalGroupsPolicy,
} from '../cri/messages.ts';
import { allContainers, type NodePod, podText } from './pod.ts';

/** Parts of /proc and /sys that containers do not see, and those they see read-only. */
const maskedPaths = [
  ...['asound', 'acpi', 'interrupts', 'kcore', 'keys', 'latency_stats', 'timer_list'],
  ...['timer_stats', 'sched_debug', 'scsi'],
].map((name) => `/proc/${name}`);
const maskedSysPaths = ['/sys/firmware', '/sys/devices/virtual/powercap'];
const readonlyPaths = ['bus', 'fs', 'irq', 'sys', 'sysrq-trigger'].map((name) => `/proc/${name}`);

const maxUid = 2 ** 31 - 1;

/** What holds for a container: its own settings, else those of the pod. */
export function effectiveContext(pod: NodePod, container: Container): SecurityContext {
  const { seLinuxOptions, runAsUser, runAsGroup, runAsNonRoot } = pod.spec.securityContext ?? {};
  const inherited = { seLinuxOptions, runAsUser, runAsGroup, runAsNonRoot };
  const own = container.securityContext ?? {};
  const out: Record<string, unknown> = {};
  for (const [k, v] of [...Object.entries(inherited), ...Object.entries(own)]) {
    if (v !== undefined && v !== null) out[k] = v;
  }
  return out;
}

/** The user of an image: a number, a name, or neither is known (then root). */
export interface ImageUser {
  readonly uid: number | undefined;
  readonly username: string;
}

/** Throws when the container must not run as root and would, or cannot be known not to. */
export function verifyNonRoot(pod: NodePod, container: Container, user: ImageUser): void {
  const context = effectiveContext(pod, container);
  if (context.runAsNonRoot !== true) return;
  const where = `(pod: ${quote(podText(pod))}, container: ${container.name})`;
  if (context.runAsUser !== undefined) {
    if (context.runAsUser !== 0) return;
    throw new Error(`container's runAsUser breaks non-root policy ${where}`);
  }
  const { uid, username } = user;
  if (uid === undefined) {
    if (username === '') return;
    throw new Error(
      `container has runAsNonRoot and image has non-numeric user (${username}), cannot verify user is non-root ${where}`,
    );
  }
  if (uid === 0) throw new Error(`container has runAsNonRoot and image will run as root ${where}`);
  if (uid < 0 || uid > maxUid) {
    throw new Error(
      `container has runAsNonRoot and image has an invalid user id (${uid}). (Must be 1-(${maxUid})): must be between 0 and ${maxUid}, inclusive ${where}`,
    );
  }
}

/** Which namespaces the pod has of its own. */
export function namespaceOptions(pod: NodePod): Init<NamespaceOption> {
  const { hostPID, hostIPC, hostNetwork, shareProcessNamespace } = pod.spec;
  if (pod.spec.hostUsers === false) {
    throw new Error('user namespaces are not supported: hostUsers must not be false');
  }
  let pid: NamespaceMode = NamespaceMode.CONTAINER;
  if (hostPID) pid = NamespaceMode.NODE;
  else if (shareProcessNamespace) pid = NamespaceMode.POD;
  return {
    ipc: hostIPC ? NamespaceMode.NODE : NamespaceMode.POD,
    network: hostNetwork ? NamespaceMode.NODE : NamespaceMode.POD,
    pid,
  };
}

type SeccompProfile = NonNullable<SecurityContext['seccompProfile']>;

function seccomp(
  profile: SeccompProfile | undefined,
  root: string,
  runtimeDefault: boolean,
): Init<SecurityProfile> {
  const type = profile?.type ?? (runtimeDefault ? 'RuntimeDefault' : 'Unconfined');
  if (type === 'RuntimeDefault') {
    return { profileType: SecurityProfileProfileType.RuntimeDefault };
  }
  if (type !== 'Localhost') return { profileType: SecurityProfileProfileType.Unconfined };
  if (!profile?.localhostProfile) {
    throw new Error('localhostProfile must be set if seccompProfile type is Localhost.');
  }
  const localhostRef = join(root, profile.localhostProfile);
  return { profileType: SecurityProfileProfileType.Localhost, localhostRef };
}

type AppArmorProfile = NonNullable<SecurityContext['appArmorProfile']>;

/** The profile that holds for a container, in field or pod (annotations are long gone). */
export function appArmorProfile(pod: NodePod, container: Container): AppArmorProfile | undefined {
  return container.securityContext?.appArmorProfile ?? pod.spec.securityContext?.appArmorProfile;
}

function appArmor(
  profile: AppArmorProfile | undefined,
): Pick<Init<LinuxContainerSecurityContext>, 'apparmor' | 'apparmorProfile'> {
  switch (profile?.type) {
    case undefined:
      return {};
    case 'RuntimeDefault':
      return {
        apparmor: { profileType: SecurityProfileProfileType.RuntimeDefault },
        apparmorProfile: 'runtime/default',
      };
    case 'Unconfined':
      return {
        apparmor: { profileType: SecurityProfileProfileType.Unconfined },
        apparmorProfile: 'unconfined',
      };
    default: {
      const name = profile?.localhostProfile;
      if (!name) throw new Error('missing localhost apparmor profile name');
      return {
        apparmor: { profileType: SecurityProfileProfileType.Localhost, localhostRef: name },
        apparmorProfile: `localhost/${name}`,
      };
    }
  }
}

/** Groups every process of the pod is in beside its own. */
function supplementalGroups(context: PodSecurityContext | undefined): number[] {
  const fsGroup = context?.fsGroup;
  return [...(fsGroup === undefined ? [] : [fsGroup]), ...(context?.supplementalGroups ?? [])];
}

function groupsPolicy(context: PodSecurityContext | undefined): SupplementalGroupsPolicy {
  return context?.supplementalGroupsPolicy === 'Strict'
    ? SupplementalGroupsPolicy.Strict
    : SupplementalGroupsPolicy.Merge;
}

const int64 = (value: number | undefined): { value: number } | undefined =>
  value === undefined ? undefined : { value };

export interface SecurityDefaults {
  /** Where Localhost seccomp profiles lie. */
  readonly seccompRoot: string;
  /** `seccompDefault`: RuntimeDefault where nothing is said. */
  readonly seccompDefault: boolean;
}

/** The container's context; throws when it cannot be honoured. */
export function containerSecurity(
  pod: NodePod,
  container: Container,
  user: ImageUser,
  defaults: SecurityDefaults,
): Init<LinuxContainerSecurityContext> {
  const context = effectiveContext(pod, container);
  const podContext = pod.spec.securityContext;
  const unmasked = context.procMount === 'Unmasked';
  const { add = [], drop = [] } = context.capabilities ?? {};
  const runAsUser = context.runAsUser ?? user.uid;
  return {
    ...(context.capabilities
      ? { capabilities: { addCapabilities: add, dropCapabilities: drop } }
      : {}),
    privileged: context.privileged ?? false,
    namespaceOptions: namespaceOptions(pod),
    ...(context.seLinuxOptions ? { selinuxOptions: context.seLinuxOptions } : {}),
    runAsUser: int64(runAsUser),
    runAsGroup: int64(context.runAsGroup),
    runAsUsername: context.runAsUser === undefined ? user.username : '',
    readonlyRootfs: context.readOnlyRootFilesystem ?? false,
    supplementalGroups: supplementalGroups(podContext),
    supplementalGroupsPolicy: groupsPolicy(podContext),
    noNewPrivs: context.allowPrivilegeEscalation === false,
    maskedPaths: unmasked ? [] : [...maskedPaths, ...maskedSysPaths],
    readonlyPaths: unmasked ? [] : readonlyPaths,
    seccomp: seccomp(
      container.securityContext?.seccompProfile ?? podContext?.seccompProfile,
      defaults.seccompRoot,
      defaults.seccompDefault,
    ),
    ...appArmor(appArmorProfile(pod, container)),
  };
}

/** The sandbox's context: the pod's identity under the strictest profile there is. */
export function sandboxSecurity(pod: NodePod): Init<LinuxSandboxSecurityContext> {
  const context = pod.spec.securityContext;
  return {
    privileged: allContainers(pod).some((c) => c.securityContext?.privileged === true),
    seccomp: { profileType: SecurityProfileProfileType.RuntimeDefault },
    namespaceOptions: namespaceOptions(pod),
    runAsUser: int64(context?.runAsUser),
    runAsGroup: int64(context?.runAsGroup),
    supplementalGroups: supplementalGroups(context),
    supplementalGroupsPolicy: groupsPolicy(context),
    ...(context?.seLinuxOptions ? { selinuxOptions: context.seLinuxOptions } : {}),
  };
}
