/**
 * Ownership: an owner adopts what matches its selector and has no controller, and releases what
 * it controls and no longer matches (Kubernetes API conventions, controllerRef).
 */
import type { Client, Resource } from '../../client/client.ts';
import type { Selector } from '../../machinery/meta/labels.ts';
import { controllerOf, newControllerRef } from '../../machinery/meta/owner.ts';
import { hasReason } from '../../machinery/meta/status-error.ts';
import type { KubeObject } from '../../machinery/schema/wire.ts';

export interface ClaimOptions<T extends KubeObject> {
  readonly client: Client;
  readonly owner: KubeObject;
  readonly ownerResource: Resource;
  readonly resource: Resource<T>;
  readonly selector: Selector;
  readonly candidates: readonly T[];
  /** Beyond the selector: only these may be adopted or kept. */
  readonly filter?: (object: T) => boolean;
  /** Put on what is adopted and taken off what is released. */
  readonly finalizers?: readonly string[];
  readonly signal: AbortSignal;
}

/** What is the owner's after adopting and releasing. Throws the first failure at the end. */
export async function claim<T extends KubeObject>(options: ClaimOptions<T>): Promise<T[]> {
  const { owner, selector, candidates, filter } = options;
  const ownerUid = owner.metadata?.uid;
  const dying = owner.metadata?.deletionTimestamp !== undefined;
  const mayAdopt = once(() => checkOwnerLives(options));
  const claimed: T[] = [];
  let failure: { error: unknown } | undefined;
  for (const object of candidates) {
    const fits = selector.matches(object.metadata?.labels ?? {}) && (filter?.(object) ?? true);
    const controller = controllerOf(object);
    if (controller !== undefined && controller.uid !== ownerUid) continue;
    if (controller !== undefined && fits) {
      claimed.push(object);
      continue;
    }
    if (dying || (controller === undefined && !fits)) continue;
    try {
      if (controller !== undefined) await release(options, object);
      else if (object.metadata?.deletionTimestamp === undefined) {
        if (object.metadata?.namespace !== owner.metadata?.namespace) continue;
        await mayAdopt(object);
        await adopt(options, object);
        claimed.push(object);
      }
    } catch (error) {
      if (!hasReason(error, 'NotFound')) failure ??= { error };
    }
  }
  if (failure !== undefined) throw failure.error;
  return claimed;
}

async function adopt<T extends KubeObject>(o: ClaimOptions<T>, object: T): Promise<void> {
  const { apiVersion, kind } = o.ownerResource;
  const { namespace, name = '', uid } = object.metadata ?? {};
  const patch = {
    metadata: {
      uid,
      ownerReferences: [newControllerRef(o.owner, apiVersion, kind)],
      ...(o.finalizers === undefined ? {} : { finalizers: o.finalizers }),
    },
  };
  const options = { type: 'strategic', signal: o.signal } as const;
  await o.client.patch(o.resource, { namespace, name }, patch, options);
}

async function release<T extends KubeObject>(o: ClaimOptions<T>, object: T): Promise<void> {
  const { namespace, name = '', uid } = object.metadata ?? {};
  const patch = {
    metadata: {
      uid,
      ownerReferences: [{ $patch: 'delete', uid: o.owner.metadata?.uid }],
      ...(o.finalizers === undefined
        ? {}
        : { '$deleteFromPrimitiveList/finalizers': o.finalizers }),
    },
  };
  try {
    const options = { type: 'strategic', signal: o.signal } as const;
    await o.client.patch(o.resource, { namespace, name }, patch, options);
  } catch (e) {
    // Gone, made again under the name, or without owners by now: all of it is released.
    if (!hasReason(e, 'NotFound', 'Invalid')) throw e;
  }
}

/** Before the first adoption: the cache may not show yet that the owner is being deleted. */
async function checkOwnerLives<T extends KubeObject>(o: ClaimOptions<T>): Promise<string> {
  const { namespace, name = '', uid } = o.owner.metadata ?? {};
  const fresh = await o.client.get(o.ownerResource, { namespace, name }, { signal: o.signal });
  const full = `${namespace}/${name}`;
  if (fresh.metadata?.uid !== uid) {
    return `original ${o.ownerResource.kind} ${full} is gone: got uid ${fresh.metadata?.uid}, wanted ${uid}`;
  }
  const at = fresh.metadata?.deletionTimestamp;
  return at === undefined ? '' : `${full} has just been deleted at ${at}`;
}

function once(check: () => Promise<string>): (object: KubeObject) => Promise<void> {
  let result: Promise<string> | undefined;
  return async (object) => {
    result ??= check();
    const why = await result;
    const { namespace, name, uid } = object.metadata ?? {};
    if (why !== '') throw new Error(`can't adopt ${namespace}/${name} (${uid}): ${why}`);
  };
}
