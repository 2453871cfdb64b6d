/**
 * managedFields of an object as its Scale shows them, and back. Rules of the real server's scale
 * handler: what owns the object's number of replicas owns spec.replicas of the Scale.
 */
import {
  difference,
  type FieldSet,
  intersection,
  isEmptySet,
  setOf,
} from '../../machinery/patch/field-set.ts';
import { storedManagers } from '../../machinery/patch/managed-fields.ts';
import {
  encodeManagers,
  type Manager,
  type Managers,
  managerId,
} from '../../machinery/patch/managers.ts';
import type { ManagedFieldsEntry } from '../../machinery/schema/wire.ts';

/** The version in which scales are served. */
export const scaleVersion = 'autoscaling/v1';

const inScale = setOf(['f:spec', 'f:replicas']);

type Entries = readonly ManagedFieldsEntry[] | undefined;

/** Which object the entries belong to, and where its number stands (`['spec', 'replicas']`). */
export interface Scaled {
  readonly apiVersion: string;
  readonly replicasPath: readonly string[];
}

/** Entries of an object, turned into those of its Scale. */
export function scaleEntries(entries: Entries, scaled: Scaled): ManagedFieldsEntry[] | undefined {
  const path = pathOf(scaled);
  const managers: Managers = new Map();
  for (const m of storedManagers(entries).values()) {
    if (!isSameGroup(m, scaled) || !owns(m, path)) continue;
    const shown = { ...m, apiVersion: scaleVersion, set: inScale };
    managers.set(managerId(shown), shown);
  }
  return encodeManagers(managers);
}

/**
 * Entries of the object after a write of its Scale left `written` there. An updater's entry loses
 * the replicas and comes back, without a time, as an entry of the Scale's writer.
 */
export function objectEntries(
  entries: Entries,
  written: Entries,
  scaled: Scaled,
): ManagedFieldsEntry[] | undefined {
  const path = pathOf(scaled);
  const ofScale = storedManagers(written);
  const managers: Managers = new Map();
  for (const [id, m] of storedManagers(entries)) {
    if (!isSameGroup(m, scaled)) continue;
    if (!owns(m, path)) managers.set(id, m);
    else if (ofScale.delete(id)) managers.set(id, m);
    else {
      const rest = difference(m.set, path);
      if (!isEmptySet(rest)) managers.set(id, { ...m, set: rest });
    }
  }
  for (const [id, m] of ofScale) {
    if (!owns(m, inScale)) continue;
    const { apiVersion } = scaled;
    managers.set(id, { ...m, apiVersion, time: undefined, set: path });
  }
  return encodeManagers(managers);
}

function pathOf({ replicasPath }: Scaled): FieldSet {
  return setOf(replicasPath.map((name) => `f:${name}`));
}

function owns(m: Manager, path: FieldSet): boolean {
  return !isEmptySet(intersection(m.set, path));
}

/** Entries of versions that the object never had are dropped. */
function isSameGroup(m: Manager, { apiVersion }: Scaled): boolean {
  return groupOf(m.apiVersion) === groupOf(apiVersion);
}

function groupOf(apiVersion: string): string {
  return apiVersion.includes('/') ? apiVersion.split('/')[0]! : '';
}
