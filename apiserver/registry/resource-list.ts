/** A group's resources as one list. */
import type { ResourceDefinition } from './resource.ts';

/** The same definitions, typed for a framework that hands each of them only its own kind. */
export function resourceList(
  ...definitions: readonly ResourceDefinition<never>[]
): readonly ResourceDefinition[] {
  return definitions as unknown as readonly ResourceDefinition[];
}
