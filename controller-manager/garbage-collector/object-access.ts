/** What the collector asks of the server about single objects of any kind. */
import type { Client, ObjectKey, Resource } from '../../client/client.ts';
import { deepEqual } from '../../machinery/meta/equality.ts';
import { hasReason, StatusError } from '../../machinery/meta/status-error.ts';
import type { KubeObject, OwnerReference } from '../../machinery/schema/wire.ts';
import type { Identity } from './graph.ts';
import type { Kinds } from './kinds.ts';

/** A reference names a kind that the server does not serve (yet). */
export class UnknownKindError extends Error {
  override readonly name = 'UnknownKindError';
}

/** A cluster-scoped object names an owner that lives in a namespace: it cannot be found. */
export class NamespacedOwnerError extends Error {
  override readonly name = 'NamespacedOwnerError';
}

const conflictRetries = 5;

export class ObjectAccess {
  private readonly client: Client;
  private readonly kinds: Kinds;

  constructor(client: Client, kinds: Kinds) {
    this.client = client;
    this.kinds = kinds;
  }

  /** How to ask for an object. Throws UnknownKindError, NamespacedOwnerError. */
  locate(identity: Omit<Identity, 'uid'>): { resource: Resource; key: ObjectKey } {
    const { apiVersion, kind, namespace, name } = identity;
    const resource = this.kinds.find(apiVersion, kind);
    if (resource === undefined) {
      throw new UnknownKindError(`unable to get REST mapping for ${apiVersion}/${kind}.`);
    }
    if (resource.namespaced && namespace === '') {
      throw new NamespacedOwnerError('cluster-scoped objects cannot refer to namespaced owners');
    }
    return { resource, key: { namespace: resource.namespaced ? namespace : undefined, name } };
  }

  /** The object's metadata; undefined when there is none of this uid. */
  async get(identity: Identity, signal: AbortSignal): Promise<KubeObject | undefined> {
    const { resource, key } = this.locate(identity);
    try {
      const object = await this.client.get(resource, key, { metadataOnly: true, signal });
      return object.metadata?.uid === identity.uid ? object : undefined;
    } catch (e) {
      if (hasReason(e, 'NotFound')) return undefined;
      throw e;
    }
  }

  /** Deletes what was seen, unless its owners changed meanwhile; false when it is gone. */
  async delete(
    identity: Identity,
    seen: KubeObject,
    propagationPolicy: 'Orphan' | 'Background' | 'Foreground',
    signal: AbortSignal,
  ): Promise<boolean> {
    const { resource, key } = this.locate(identity);
    const { uid } = identity;
    const { resourceVersion, ownerReferences } = seen.metadata ?? {};
    const options = { uid, propagationPolicy, signal };
    try {
      const at = resourceVersion === undefined ? {} : { resourceVersion };
      await this.client.delete(resource, key, { ...options, ...at });
      return true;
    } catch (e) {
      if (hasReason(e, 'NotFound')) return false;
      if (!hasReason(e, 'Conflict')) throw e;
      const live = await this.get(identity, signal);
      if (live === undefined) return false;
      if (!deepEqual(live.metadata?.ownerReferences, ownerReferences)) throw e;
      // Something else changed: objects that change all the time must not escape.
      await this.client.delete(resource, key, options);
      return true;
    }
  }

  /** Removes references to owners. Gone already: fine. */
  async dropReferences(
    identity: Identity,
    owners: readonly string[],
    signal: AbortSignal,
  ): Promise<void> {
    await this.patchReferences(
      identity,
      owners.map((uid) => ({ $patch: 'delete', uid })),
      (references) => references.filter((r) => !owners.includes(r.uid)),
      signal,
    );
  }

  /** Makes references no longer block their owners. */
  async unblockReferences(
    identity: Identity,
    references: readonly OwnerReference[],
    signal: AbortSignal,
  ): Promise<void> {
    const free = (r: OwnerReference): OwnerReference => ({ ...r, blockOwnerDeletion: false });
    const blocking = references.filter((r) => r.blockOwnerDeletion === true).map(free);
    await this.patchReferences(identity, blocking, (all) => all.map(free), signal);
  }

  /** Takes a finalizer off; done when the object is gone or has none. */
  async removeFinalizer(identity: Identity, finalizer: string, signal: AbortSignal): Promise<void> {
    for (let tries = 1; ; tries++) {
      const live = await this.get(identity, signal);
      const { finalizers = [], resourceVersion } = live?.metadata ?? {};
      if (!finalizers.includes(finalizer)) return;
      const kept = finalizers.filter((f) => f !== finalizer);
      const { resource, key } = this.locate(identity);
      const patch = { metadata: { resourceVersion, finalizers: kept } };
      try {
        await this.client.patch(resource, key, patch, { type: 'merge', signal });
        return;
      } catch (e) {
        if (hasReason(e, 'NotFound')) return;
        if (!hasReason(e, 'Conflict') || tries >= conflictRetries) throw e;
      }
    }
  }

  /** Strategic merge where the kind has it; custom resources get the whole list instead. */
  private async patchReferences(
    identity: Identity,
    strategic: readonly object[],
    whole: (references: readonly OwnerReference[]) => readonly OwnerReference[],
    signal: AbortSignal,
  ): Promise<void> {
    const { resource, key } = this.locate(identity);
    const { uid } = identity;
    try {
      const patch = { metadata: { uid, ownerReferences: strategic } };
      await this.client.patch(resource, key, patch, { type: 'strategic', signal });
      return;
    } catch (e) {
      if (hasReason(e, 'NotFound')) return;
      if (!(e instanceof StatusError && e.code === 415)) throw e;
    }
    const live = await this.get(identity, signal);
    if (live === undefined) return;
    const { resourceVersion, ownerReferences = [] } = live.metadata ?? {};
    const patch = { metadata: { resourceVersion, ownerReferences: whole(ownerReferences) } };
    await this.client.patch(resource, key, patch, { type: 'merge', signal });
  }
}
