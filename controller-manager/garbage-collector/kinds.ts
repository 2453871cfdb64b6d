/** The kinds that are collected, as discovery tells them, and how to find one by a reference. */
import type { Resource } from '../../client/client.ts';
import type { Discovery } from '../../client/discovery.ts';

const needed = ['delete', 'list', 'watch'];
const ignored = new Set(['events.', 'events.events.k8s.io']);

/** `plural.group`: one per kind, whatever its version. */
export function resourceId(resource: Resource): string {
  return `${resource.plural}.${groupOf(resource.apiVersion)}`;
}

function groupOf(apiVersion: string): string {
  const slash = apiVersion.indexOf('/');
  return slash < 0 ? '' : apiVersion.slice(0, slash);
}

export class Kinds {
  /** Those to watch, by resourceId. */
  readonly collectable = new Map<string, Resource>();
  private readonly byKind = new Map<string, Resource>();

  /** Takes over what discovery found; kinds of groups that failed stay as they were. */
  update(discovery: Discovery): void {
    const failed = new Set(discovery.failures.map((f) => groupOf(f.split(':')[0]!)));
    for (const [id, resource] of this.collectable) {
      if (!failed.has(groupOf(resource.apiVersion))) this.collectable.delete(id);
    }
    for (const { resource, verbs } of discovery.resources) {
      this.byKind.set(`${resource.kind}.${groupOf(resource.apiVersion)}`, resource);
      const id = resourceId(resource);
      if (!ignored.has(id) && needed.every((v) => verbs.has(v))) {
        this.collectable.set(id, resource);
      }
    }
  }

  /** The kind that a reference names, in the version the server prefers. */
  find(apiVersion: string, kind: string): Resource | undefined {
    return this.byKind.get(`${kind}.${groupOf(apiVersion)}`);
  }
}
