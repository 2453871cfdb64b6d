/** Walking over the containers of a pod. */
import type { FieldPath } from '../../../../machinery/meta/field-error.ts';
import type { Container, EphemeralContainer, PodSpec } from '../../../../machinery/schema/wire.ts';

/** What containers of all three kinds have in common. */
export type AnyContainer = Container | EphemeralContainer;

/** Init, main and ephemeral containers, each with its path. */
export function* containersWithPath(
  spec: PodSpec,
  at: FieldPath,
): Generator<[container: AnyContainer, at: FieldPath]> {
  for (const field of ['initContainers', 'containers', 'ephemeralContainers'] as const) {
    for (const [i, c] of (spec[field] ?? []).entries()) yield [c, at.child(field).index(i)];
  }
}

/** Init, main and ephemeral containers. */
export function* allContainers(spec: PodSpec): Generator<AnyContainer> {
  yield* spec.initContainers ?? [];
  yield* spec.containers ?? [];
  yield* spec.ephemeralContainers ?? [];
}

/** An init container that runs beside the main ones (a sidecar). */
export function isRestartableInit(container: Container): boolean {
  return container.restartPolicy === 'Always';
}
