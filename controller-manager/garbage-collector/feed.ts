/** Brings the objects of one kind into the graph: from a shared informer or a watch of its own. */
import type { Resource } from '../../client/client.ts';
import type { InformerHandler } from '../../client/informer.ts';
import type { ReflectorSink } from '../../client/reflector.ts';
import { keyOf } from '../../client/store.ts';
import type { KubeObject } from '../../machinery/schema/wire.ts';
import type { Identity, OwnerGraph } from './graph.ts';

/** The identity of an object of this kind. */
export function identityOf(resource: Resource, object: KubeObject): Identity {
  const { namespace = '', name = '', uid = '' } = object.metadata ?? {};
  return { apiVersion: resource.apiVersion, kind: resource.kind, namespace, name, uid };
}

/** Hangs the graph on a shared informer. */
export function informerFeed(resource: Resource, graph: OwnerGraph): InformerHandler<KubeObject> {
  const see = (object: KubeObject): void =>
    graph.observe(identityOf(resource, object), object.metadata ?? {});
  return {
    added: see,
    updated: (_, object) => see(object),
    deleted: (object) => graph.forget(identityOf(resource, object)),
  };
}

/** A sink for a reflector: keeps only the uid of each key, to notice what a new list lacks. */
export class GraphSink implements ReflectorSink<KubeObject> {
  private readonly resource: Resource;
  private readonly graph: OwnerGraph;
  private readonly changed: () => void;
  private readonly uids = new Map<string, string>();
  synced = false;

  constructor(resource: Resource, graph: OwnerGraph, changed: () => void) {
    this.resource = resource;
    this.graph = graph;
    this.changed = changed;
  }

  replace(objects: readonly KubeObject[]): void {
    const gone = new Set(this.uids.keys());
    for (const object of objects) {
      gone.delete(keyOf(object));
      this.upsert(object);
    }
    for (const key of gone) this.drop(key);
    this.synced = true;
    this.changed();
  }

  upsert(object: KubeObject): void {
    const key = keyOf(object);
    const uid = object.metadata?.uid ?? '';
    const old = this.uids.get(key);
    if (old !== undefined && old !== uid) this.drop(key);
    this.uids.set(key, uid);
    // Copies: the rest of the object is let go.
    const { ownerReferences, finalizers, deletionTimestamp } = object.metadata ?? {};
    this.graph.observe(identityOf(this.resource, object), {
      ...(ownerReferences === undefined ? {} : { ownerReferences }),
      ...(finalizers === undefined ? {} : { finalizers }),
      ...(deletionTimestamp === undefined ? {} : { deletionTimestamp }),
    });
    this.changed();
  }

  delete(object: KubeObject): void {
    this.drop(keyOf(object));
    this.changed();
  }

  private drop(key: string): void {
    const uid = this.uids.get(key);
    if (uid === undefined) return;
    this.uids.delete(key);
    const node = this.graph.node(uid);
    if (node !== undefined) this.graph.forget(node.identity);
  }
}
