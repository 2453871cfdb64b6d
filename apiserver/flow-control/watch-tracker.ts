/** How many watches a write is likely to be shown to: part of what the write costs. */
import { member } from '../../machinery/meta/member.ts';
import { fieldRequirements } from '../auth/selector-requirements.ts';
import type { RequestInfo } from '../server/request-info.ts';

/** The fields that watches of a resource are told apart by: only those that leave it open count. */
const indexes: Readonly<Record<string, string>> = { pods: 'spec.nodeName' };

export class WatchTracker {
  readonly #counts = new Map<string, number>();

  /** Counts a watch until the returned function is called. */
  register(info: RequestInfo, fieldSelector: string): () => void {
    if (selectsIndexed(info.resource, fieldSelector)) return () => {};
    const key = keyOf(info, info.namespace, info.name);
    this.#counts.set(key, (this.#counts.get(key) ?? 0) + 1);
    return () => {
      const left = (this.#counts.get(key) ?? 1) - 1;
      if (left > 0) this.#counts.set(key, left);
      else this.#counts.delete(key);
    };
  }

  /** Watches of the resource, of its namespace and of the very object. */
  interested(info: RequestInfo): number {
    if (this.#counts.size === 0) return 0;
    const of = (namespace: string, name: string) =>
      this.#counts.get(keyOf(info, namespace, name)) ?? 0;
    let count = of('', '');
    if (info.namespace !== '') count += of(info.namespace, '');
    if (info.name !== '') count += of(info.namespace, info.name);
    return count;
  }
}

function keyOf(info: RequestInfo, namespace: string, name: string): string {
  return `${info.group}/${info.resource}/${namespace}/${name}`;
}

/** The value '' is that of objects without one, which many watches look for. */
function selectsIndexed(resource: string, fieldSelector: string): boolean {
  const field = member(indexes, resource);
  if (field === undefined || !fieldSelector.includes(field)) return false;
  return (fieldRequirements(fieldSelector) ?? []).some(
    (r) => r.key === field && r.operator === 'In' && r.values.length === 1 && r.values[0] !== '',
  );
}
