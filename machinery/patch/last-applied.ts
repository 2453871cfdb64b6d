/**
 * The annotation in which kubectl's client-side apply notes what it applied: it tells which
 * fields a server-side apply by kubectl may take over, and is kept in step with it.
 */
import { deepCopy } from '../meta/copy.ts';
import { byteLength } from '../meta/names.ts';
import type { KubeObject } from '../schema/wire.ts';
import { difference, type FieldSet } from './field-set.ts';
import { fieldSetOf } from './named-fields.ts';
import type { Shape } from './shape.ts';
import { compare } from './typed.ts';
import { typeProblems } from './typed-validate.ts';

const lastAppliedKey = 'kubectl.kubernetes.io/last-applied-configuration';

/** Fields of the last-applied annotation that the object still has as they were applied. */
export function lastAppliedFields(
  shape: Shape,
  apiVersion: string,
  live: KubeObject,
): FieldSet | undefined {
  const text = live.metadata?.annotations?.[lastAppliedKey] ?? '';
  if (text === '') return undefined;
  try {
    const config = JSON.parse(text) as KubeObject;
    if (config.apiVersion !== apiVersion || typeProblems(shape, config) !== undefined) {
      return undefined;
    }
    const change = compare(shape, config, live);
    let set = difference(fieldSetOf(shape, config), change.modified);
    set = difference(set, change.added);
    return difference(set, change.removed);
  } catch {
    // An annotation that cannot be read allows nothing; the conflicts stand.
    return undefined;
  }
}

const annotationsLimitBytes = 256 * 1024;

/** Keeps the annotation in step, where the object has one; `out` in place. */
export function syncLastApplied(out: KubeObject, config: KubeObject): void {
  const annotations = out.metadata?.annotations;
  if ((annotations?.[lastAppliedKey] ?? '') === '') return;
  const applied = deepCopy(config);
  if (applied.metadata?.annotations !== undefined) {
    delete applied.metadata.annotations[lastAppliedKey];
  }
  annotations![lastAppliedKey] = `${sortedJson(applied)}\n`;
  const sizeBytes = Object.entries(annotations!).reduce(
    (sum, [k, v]) => sum + byteLength(k) + byteLength(v),
    0,
  );
  if (sizeBytes > annotationsLimitBytes) delete annotations![lastAppliedKey];
}

/** JSON with sorted members, as Go writes a map. */
function sortedJson(value: unknown): string {
  const text = JSON.stringify(value, (_, v: unknown) =>
    typeof v === 'object' && v !== null && !Array.isArray(v)
      ? Object.fromEntries(Object.entries(v).toSorted(([a], [b]) => (a < b ? -1 : 1)))
      : v,
  );
  return text.replace(
    /[<>&\u2028\u2029]/g,
    (c) => `\\u${c.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}
