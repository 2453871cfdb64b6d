/** Objects that the server makes sure of: created where missing, completed where they fall short. */
import { normalize } from '../../machinery/codec/decode.ts';
import { hasReason } from '../../machinery/meta/status-error.ts';
import { applyDefaults } from '../../machinery/schema/defaults.ts';
import { kindType } from '../../machinery/schema/schema.ts';
import type { KubeObject } from '../../machinery/schema/wire.ts';
import type { ResourceAccess } from '../registry/resource.ts';

/** What an object that is there must become; undefined when nothing is to do. Pure. */
export type Revise<T extends KubeObject> = (existing: T) => T | 'recreate' | undefined;

const attempts = 3;

/**
 * Makes sure of `expected`, whose fields belong to `manager` when it is created. Another server of
 * the cluster may do the same at the same time: whoever is later looks again.
 */
export async function ensure<T extends KubeObject>(
  access: ResourceAccess,
  resource: string,
  expected: T,
  revise: Revise<T> = () => undefined,
  manager?: string,
): Promise<void> {
  const { name = '', namespace = '' } = expected.metadata ?? {};
  for (let attempt = 1; ; attempt++) {
    try {
      const existing = await access.get<T>(resource, namespace, name);
      if (existing === undefined) {
        await access.create(resource, expected, manager);
        return;
      }
      const next = revise(existing);
      if (next === undefined) return;
      if (next !== 'recreate') {
        await access.update<T>(resource, namespace, name, (current) => {
          const revised = revise(current);
          return revised === undefined || revised === 'recreate' ? current : revised;
        });
        return;
      }
      await access.delete(resource, namespace, name, existing.metadata?.uid);
    } catch (e) {
      const raced = hasReason(e, 'AlreadyExists', 'NotFound', 'Conflict');
      if (!raced || attempt === attempts) throw e;
    }
  }
}

/** An object in normal form with its defaults, as it would be stored. */
export function complete<T extends KubeObject>(object: T): T {
  const { apiVersion = '', kind = '' } = object;
  const type = kindType(apiVersion, kind);
  if (type === undefined) throw new Error(`${apiVersion} ${kind} is not in the schema table`);
  const full = normalize(structuredClone(object) as KubeObject, type);
  applyDefaults(apiVersion, kind, full);
  return full as T;
}

/** The same with labels or annotations added; existing values win. */
export function mergeMaps(
  expected: Readonly<Record<string, string>> | undefined,
  existing: Readonly<Record<string, string>> | undefined,
): Record<string, string> | undefined {
  return expected === undefined && existing === undefined
    ? undefined
    : { ...expected, ...existing };
}
