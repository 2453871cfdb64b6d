/** Walking over the containers of a pod. */
import type { FieldPath } from '../../../../machinery/meta/field-error.ts';
import type { Container, EphemeralContainer, PodSpec } from '../../../../machinery/schema/wire.ts';

const containerFields = ['initContainers', 'containers', 'ephemeralContainers'] as const;

/** What containers of all three kinds have in common. */
export type AnyContainer = Container | EphemeralContainer;

/** Init, main and ephemeral containers, each with its path. */
export function containersWithPath(
  spec: PodSpec,
  at: FieldPath,
): [container: AnyContainer, at: FieldPath][] {
  const all: [AnyContainer, FieldPath][] = [];
  for (const field of containerFields) {
    const list: readonly AnyContainer[] | undefined = spec[field];
    if (list === undefined || list === null || list.length === 0) continue;
    const listAt = at.child(field);
    for (let i = 0; i < list.length; i++) all.push([list[i]!, listAt.index(i)]);
  }
  return all;
}

/** Init, main and ephemeral containers. */
export function allContainers(spec: PodSpec): AnyContainer[] {
  return [
    ...(spec.initContainers ?? []),
    ...(spec.containers ?? []),
    ...(spec.ephemeralContainers ?? []),
  ];
}

/** An init container that runs beside the main ones (a sidecar). */
export function isRestartableInit(container: Container): boolean {
  return container.restartPolicy === 'Always';
}
