/** metadata.generation of pods: counts changes of the spec, by whatever subresource. */
import { semanticEqual } from '../../../../machinery/meta/equality.ts';
import { typeRef } from '../../../../machinery/schema/schema.ts';
import type { Pod } from '../../../../machinery/schema/wire.ts';

const specType = typeRef('core/v1.PodSpec');

/** Raises the generation when the spec differs; changes `next` in place. */
export function bumpPodGeneration(next: Pod, prev: Pod): void {
  if (semanticEqual(specType, next.spec, prev.spec)) return;
  next.metadata!.generation = (prev.metadata?.generation ?? 0) + 1;
}
