/** Which kinds a body may name: those of the table, and the options that every group has. */
import { kindType, type StructType } from './schema.ts';

/**
 * Kinds that every group version has; the table lists them with the core group. Clients name them
 * with the version of the resource they ask for.
 */
export const kindsOfEveryVersion: ReadonlySet<string> = new Set([
  'CreateOptions',
  'DeleteOptions',
  'GetOptions',
  'ListOptions',
  'PatchOptions',
  'UpdateOptions',
  'WatchEvent',
]);

/** The type of a kind as a body names it; undefined when there is none. */
export function registeredKind(apiVersion: string, kind: string): StructType | undefined {
  return kindType(kindsOfEveryVersion.has(kind) ? 'v1' : apiVersion, kind);
}
