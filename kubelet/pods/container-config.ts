/** The description of a container for the runtime. */
import type { Container } from '../../machinery/schema/wire.ts';
import type { Init } from '../cri/codec.ts';
import { type ContainerConfig, type Device, type Mount, NamespaceMode } from '../cri/messages.ts';
import { expand, lookup } from '../env/expansion.ts';
import { containerAnnotations, containerLabels } from './labels.ts';
import { containerLimits, type ResourceSettings } from './linux-resources.ts';
import type { NodePod } from './pod.ts';
import { containerSecurity, type ImageUser, type SecurityDefaults } from './security-context.ts';

export interface ContainerInput {
  readonly pod: NodePod;
  readonly container: Container;
  readonly restartCount: number;
  /** The image as the runtime knows it. */
  readonly imageRef: string;
  readonly imageUser: ImageUser;
  readonly env: ReadonlyMap<string, string>;
  readonly mounts: readonly Init<Mount>[];
  readonly devices: readonly Init<Device>[];
  /** The container whose processes an ephemeral container sees. */
  readonly targetId: string | undefined;
  readonly resources: ResourceSettings;
  readonly security: SecurityDefaults;
}

/** Throws what is shown as CreateContainerConfigError. */
export function containerConfig(input: ContainerInput): Init<ContainerConfig> {
  const { pod, container, restartCount, env, targetId } = input;
  const read = lookup(env);
  const security = containerSecurity(pod, container, input.imageUser, input.security);
  const shareWith =
    targetId !== undefined && security.namespaceOptions?.pid === NamespaceMode.CONTAINER;
  return {
    metadata: { name: container.name, attempt: restartCount },
    image: { image: input.imageRef, userSpecifiedImage: container.image ?? '' },
    command: (container.command ?? []).map((c) => expand(c, read)),
    args: (container.args ?? []).map((a) => expand(a, read)),
    workingDir: container.workingDir ?? '',
    envs: [...env].map(([key, value]) => ({ key, value: Buffer.from(value) })),
    mounts: input.mounts,
    devices: input.devices,
    labels: containerLabels(pod, container),
    annotations: containerAnnotations(pod, container, restartCount),
    logPath: `${container.name}/${restartCount}.log`,
    stdin: container.stdin ?? false,
    stdinOnce: container.stdinOnce ?? false,
    tty: container.tty ?? false,
    linux: {
      resources: containerLimits(pod, container, input.resources),
      securityContext: shareWith
        ? {
            ...security,
            namespaceOptions: {
              ...security.namespaceOptions,
              pid: NamespaceMode.TARGET,
              targetId,
            },
          }
        : security,
    },
  };
}
