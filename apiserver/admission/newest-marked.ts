/** Which of several objects that say they are the default one is it. */
import type { KubeObject } from '../../machinery/schema/wire.ts';

/**
 * The newest object that has one of the annotations set to true; of those made in the same second
 * the first by name.
 */
export function newestMarked<T extends KubeObject>(
  objects: readonly T[],
  annotations: readonly string[],
): T | undefined {
  return objects
    .filter((o) => annotations.some((m) => o.metadata?.annotations?.[m] === 'true'))
    .toSorted((a, b) => createdMs(b) - createdMs(a) || (nameOf(a) < nameOf(b) ? -1 : 1))[0];
}

function createdMs(o: KubeObject): number {
  return Date.parse(o.metadata?.creationTimestamp ?? '') || 0;
}

function nameOf(o: KubeObject): string {
  return o.metadata?.name ?? '';
}
