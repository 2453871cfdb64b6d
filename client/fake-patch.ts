/** Patches as the fake client applies them: enough of each kind for what components send. */
import { badRequest } from '../machinery/meta/status-error.ts';
import type { PatchType } from './client.ts';

type Json = Record<string, unknown>;

/** Lists that strategic merge joins by a key; the rest are replaced. */
const mergeKeys: Readonly<Record<string, string>> = {
  ownerReferences: 'uid',
  conditions: 'type',
  containers: 'name',
  initContainers: 'name',
  volumes: 'name',
  env: 'name',
  secrets: 'name',
  addresses: 'type',
};

/** A patched copy; the target is left as it is. Server-side apply is not offered. */
export function applyFakePatch(type: PatchType, target: unknown, patch: unknown): unknown {
  if (type === 'json') return jsonPatch(structuredClone(target), patch);
  if (type === 'merge') return merge(target, patch, false);
  if (type === 'strategic') return merge(target, patch, true);
  throw badRequest('the fake client does not know server-side apply');
}

function isObject(value: unknown): value is Json {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function merge(target: unknown, patch: unknown, strategic: boolean): unknown {
  if (!isObject(patch)) return patch;
  if (strategic && patch['$patch'] === 'replace') {
    const { $patch: _, ...rest } = patch;
    return rest;
  }
  const result: Json = isObject(target) ? { ...target } : {};
  for (const [key, value] of Object.entries(patch)) {
    const deletes = strategic ? /^\$deleteFromPrimitiveList\/(.+)$/.exec(key) : null;
    if (deletes !== null) {
      const list = result[deletes[1]!];
      const gone = value as unknown[];
      if (Array.isArray(list)) result[deletes[1]!] = list.filter((x) => !gone.includes(x));
    } else if (value === null) delete result[key];
    else if (strategic && key.startsWith('$')) continue;
    else if (strategic && Array.isArray(value) && mergeKeys[key] !== undefined) {
      result[key] = mergeList(result[key], value, mergeKeys[key]);
    } else if (strategic && key === 'finalizers' && Array.isArray(value)) {
      result[key] = [...new Set([...((result[key] ?? []) as unknown[]), ...value])];
    } else result[key] = merge(result[key], value, strategic);
  }
  return result;
}

function mergeList(target: unknown, patch: unknown[], key: string): unknown[] {
  const list = Array.isArray(target) ? [...(target as Json[])] : [];
  for (const item of patch as Json[]) {
    const at = list.findIndex((x) => x[key] === item[key]);
    if (item['$patch'] === 'delete') {
      if (at >= 0) list.splice(at, 1);
    } else if (at >= 0) list[at] = merge(list[at], item, true) as Json;
    else list.push(item);
  }
  return list;
}

function jsonPatch(target: unknown, patch: unknown): unknown {
  if (!Array.isArray(patch)) throw badRequest('a JSON patch is a list');
  const root = { '': target };
  for (const { op, path, value } of patch as { op: string; path: string; value?: unknown }[]) {
    const steps = path.split('/').map((s) => s.replaceAll('~1', '/').replaceAll('~0', '~'));
    const last = steps.pop()!;
    let parent: unknown = root;
    for (const step of ['', ...steps.slice(1)]) parent = (parent as Json)?.[step];
    if (steps.length === 0) parent = root;
    if (typeof parent !== 'object' || parent === null) throw badRequest(`no ${path} to patch`);
    const slots = parent as Json & unknown[];
    if (op === 'test') {
      if (JSON.stringify(slots[last as never]) !== JSON.stringify(value)) {
        throw badRequest(`test of ${path} failed`);
      }
    } else if (op === 'remove') {
      if (Array.isArray(parent)) parent.splice(Number(last), 1);
      else delete slots[last as never];
    } else if (op === 'add' && Array.isArray(parent)) {
      parent.splice(last === '-' ? parent.length : Number(last), 0, value);
    } else if (op === 'add' || op === 'replace') slots[last as never] = value as never;
    else throw badRequest(`the fake client does not know the JSON patch operation ${op}`);
  }
  return root[''];
}
