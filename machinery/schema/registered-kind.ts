/** Which kinds a body may name: those of the table, and the options that every group has. */
import { isFormerKind } from './former-kinds.ts';
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

/** Kinds of `v1` that the groups with kinds of their own know as well. */
const knownEverywhere: ReadonlySet<string> = new Set([
  'APIGroup',
  'APIGroupList',
  'APIResourceList',
  'APIVersions',
  'Status',
]);

/** Groups whose part of the real server knows no kinds but theirs, and that are known nowhere else. */
const apart: ReadonlySet<string> = new Set(['apiextensions.k8s.io', 'apiregistration.k8s.io']);

/** Groups of the table of which a body for another group never is. */
const unknownInBodies: ReadonlySet<string> = new Set([
  'apidiscovery.k8s.io',
  'audit.k8s.io',
  'custom.metrics.k8s.io',
  'external.metrics.k8s.io',
  'meta.k8s.io',
  'metrics.k8s.io',
]);

/** The type of a kind as a body names it; undefined when there is none. */
export function registeredKind(apiVersion: string, kind: string): StructType | undefined {
  return kindType(kindsOfEveryVersion.has(kind) ? 'v1' : apiVersion, kind);
}

/**
 * True when a body for `expectedGroup` may name this kind, if only to be told that it is another
 * one. Kinds of former versions have no type.
 */
export function isRegistered(apiVersion: string, kind: string, expectedGroup: string): boolean {
  const known = registeredKind(apiVersion, kind) !== undefined || isFormerKind(apiVersion, kind);
  if (!known || kindsOfEveryVersion.has(kind)) return known;
  const slash = apiVersion.indexOf('/');
  const group = slash < 0 ? '' : apiVersion.slice(0, slash);
  if (apart.has(expectedGroup)) {
    return group === expectedGroup || (apiVersion === 'v1' && knownEverywhere.has(kind));
  }
  // Files of the server's own name their kinds as bodies do.
  return group === expectedGroup || (!apart.has(group) && !unknownInBodies.has(group));
}
