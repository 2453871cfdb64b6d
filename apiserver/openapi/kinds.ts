/** Which types stand for which kinds in documents. */
import { kinds, kindType, type StructType, structType } from '../../machinery/schema/schema.ts';
import type { KindRef, Payload } from './operations.ts';

/** The struct of a payload that is one. Throws for kinds that the table does not have. */
export function structOf(payload: Payload | StructType): StructType {
  if (typeof payload === 'string') return structType(`meta/v1.${payload}`);
  if ('fields' in payload) return payload;
  const { group, version, kind } = payload;
  const type = kindType(group === '' ? version : `${group}/${version}`, kind);
  if (type === undefined) throw new Error(`no type for ${group}/${version} ${kind}`);
  return type;
}

/** Kinds that every group version has, under the names of the core group in the table. */
const everywhere = new Set(['DeleteOptions', 'WatchEvent']);

/** The kinds that a type is published as in the document of one group version. */
export function kindsIn(group: string, version: string): (type: StructType) => readonly KindRef[] {
  const byType = kindsByType();
  return (type) => {
    const all = byType.get(type.id) ?? [];
    const name = all[0]?.kind;
    if (name === undefined || !everywhere.has(name)) return all;
    const core = ordered('', 'v1', name);
    return group === '' ? [core] : [core, ordered(group, version, name)];
  };
}

/** The kinds that a type is published as when all group versions are in one document. */
export function kindsInAll(
  versions: readonly { group: string; version: string }[],
): (type: StructType) => readonly KindRef[] {
  const byType = kindsByType();
  return (type) => {
    const all = byType.get(type.id) ?? [];
    const name = all[0]?.kind;
    if (name === undefined || !everywhere.has(name)) return all;
    const unserved = Object.entries(knownOnly).flatMap(([group, list]) =>
      list.map((version) => ({ group, version })),
    );
    return [...versions, ...unserved]
      .map(({ group, version }) => ordered(group, version, name))
      .sort(byGroupVersion);
  };
}

function byGroupVersion(a: KindRef, b: KindRef): number {
  const text = ({ group, version }: KindRef) => `${group}/${version}`;
  return text(a) < text(b) ? -1 : 1;
}

function ordered(group: string, version: string, kind: string): KindRef {
  return { group, kind, version };
}

let cache: ReadonlyMap<string, readonly KindRef[]> | undefined;

/** By type id; in the order of the table. */
function kindsByType(): ReadonlyMap<string, readonly KindRef[]> {
  if (cache !== undefined) return cache;
  const byType = new Map<string, KindRef[]>();
  for (const key of kinds()) {
    const parts = key.split('/');
    const kind = parts.pop()!;
    const version = parts.pop()!;
    const type = kindType(key.slice(0, -kind.length - 1), kind);
    if (type === undefined) continue;
    const list = byType.get(type.id) ?? [];
    list.push(ordered(parts[0] ?? '', version, kind));
    byType.set(type.id, list);
  }
  cache = byType;
  return byType;
}

/** Group versions that the real server knows and does not serve by default. */
const knownOnly: Readonly<Record<string, readonly string[]>> = {
  'admission.k8s.io': ['v1', 'v1beta1'],
  'admissionregistration.k8s.io': ['v1alpha1', 'v1beta1'],
  'apiextensions.k8s.io': ['v1beta1'],
  'apiregistration.k8s.io': ['v1beta1'],
  apps: ['v1beta1', 'v1beta2'],
  'authentication.k8s.io': ['v1alpha1', 'v1beta1'],
  'authorization.k8s.io': ['v1beta1'],
  batch: ['v1beta1'],
  'certificates.k8s.io': ['v1alpha1', 'v1beta1'],
  'coordination.k8s.io': ['v1alpha2', 'v1beta1'],
  'discovery.k8s.io': ['v1beta1'],
  'events.k8s.io': ['v1beta1'],
  extensions: ['v1beta1'],
  'flowcontrol.apiserver.k8s.io': ['v1beta1', 'v1beta2', 'v1beta3'],
  'imagepolicy.k8s.io': ['v1alpha1'],
  'internal.apiserver.k8s.io': ['v1alpha1'],
  'networking.k8s.io': ['v1beta1'],
  'node.k8s.io': ['v1alpha1', 'v1beta1'],
  policy: ['v1beta1'],
  'rbac.authorization.k8s.io': ['v1alpha1', 'v1beta1'],
  'resource.k8s.io': ['v1alpha3', 'v1beta1', 'v1beta2'],
  'scheduling.k8s.io': ['v1alpha2', 'v1beta1'],
  'storage.k8s.io': ['v1alpha1', 'v1beta1'],
  'storagemigration.k8s.io': ['v1beta1'],
};
