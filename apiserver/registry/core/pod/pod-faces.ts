/** What writes through the subresources of a pod may own. */
import { structType } from '../../../../machinery/schema/schema.ts';

/** Reset fields that leave only these fields of the spec to the writer. */
export function allButSpecFields(kept: readonly string[]): string[][] {
  const others = structType('core/v1.PodSpec')
    .fields.map((f) => f.name)
    .filter((name) => !kept.includes(name));
  return [['metadata'], ['status'], ...others.map((name) => ['spec', name])];
}
