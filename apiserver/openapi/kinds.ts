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
    return versions.map(({ group, version }) => ordered(group, version, name));
  };
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
