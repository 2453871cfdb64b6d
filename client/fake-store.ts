/**
 * The objects behind the fake client: revisions, a change log to watch, optimistic concurrency,
 * graceful deletion and finalizers, as the API server has them. For tests only.
 */
import { randomUUID } from 'node:crypto';
import { isDeepStrictEqual } from 'node:util';
import {
  alreadyExists,
  conflict,
  expired,
  type GroupName,
  notFound,
} from '../machinery/meta/status-error.ts';
import type { KubeObject, ObjectMeta } from '../machinery/schema/wire.ts';
import type { DeleteOptions, ObjectKey, Resource } from './client.ts';

export interface Change {
  readonly revision: number;
  readonly type: 'ADDED' | 'MODIFIED' | 'DELETED';
  readonly object: KubeObject;
  /** What stood before; undefined for ADDED. */
  readonly previous: KubeObject | undefined;
}

/** An object as any kind has it. */
export interface AnyObject extends KubeObject {
  spec?: Record<string, unknown>;
  status?: Record<string, unknown>;
}

interface Kind {
  readonly objects: Map<string, KubeObject>;
  readonly log: Change[];
  readonly waiting: Set<() => void>;
}

export function groupNameOf(r: Resource): GroupName {
  const slash = r.apiVersion.indexOf('/');
  return { group: slash < 0 ? '' : r.apiVersion.slice(0, slash), resource: r.plural };
}

function keyText(key: ObjectKey): string {
  return `${key.namespace ?? ''}/${key.name}`;
}

/** One store holds all kinds under one revision counter. Objects inside are frozen. */
export class FakeStore {
  private readonly kinds = new Map<string, Kind>();
  private readonly now: () => number;
  private compacted = 0;
  revision = 0;

  constructor(now: () => number) {
    this.now = now;
  }

  kind(r: Resource): Kind {
    const { group, resource } = groupNameOf(r);
    const id = `${resource}.${group}`;
    let kind = this.kinds.get(id);
    if (kind === undefined) {
      kind = { objects: new Map(), log: [], waiting: new Set() };
      this.kinds.set(id, kind);
    }
    return kind;
  }

  get(r: Resource, key: ObjectKey): KubeObject {
    const object = this.kind(r).objects.get(keyText(key));
    if (object === undefined) throw notFound(groupNameOf(r), key.name);
    return object;
  }

  all(r: Resource): KubeObject[] {
    const entries = [...this.kind(r).objects].sort(([a], [b]) => (a < b ? -1 : 1));
    return entries.map(([, object]) => object);
  }

  /** Puts an object in as it is, filling in only what every stored object has. */
  insert(r: Resource, object: KubeObject): KubeObject {
    const metadata: ObjectMeta = {
      ...object.metadata,
      uid: object.metadata?.uid ?? randomUUID(),
      creationTimestamp:
        object.metadata?.creationTimestamp ??
        new Date(this.now()).toISOString().replace(/\.\d+Z$/, 'Z'),
    };
    const key = { namespace: metadata.namespace, name: metadata.name ?? '' };
    if (this.kind(r).objects.has(keyText(key))) throw alreadyExists(groupNameOf(r), key.name);
    return this.write(
      r,
      { apiVersion: r.apiVersion, kind: r.kind, ...object, metadata },
      undefined,
    );
  }

  /** Replaces an object; a resourceVersion in it must be the present one. */
  replace(r: Resource, next: KubeObject): KubeObject {
    const key = { namespace: next.metadata?.namespace, name: next.metadata?.name ?? '' };
    const previous = this.get(r, key);
    const at = next.metadata?.resourceVersion;
    if (at !== undefined && at !== '' && at !== previous.metadata?.resourceVersion) {
      throw conflict(
        groupNameOf(r),
        key.name,
        'the object has been modified; please apply your changes to the latest version and try again',
      );
    }
    const uid = next.metadata?.uid;
    if (uid !== undefined && uid !== previous.metadata?.uid) {
      throw conflict(
        groupNameOf(r),
        key.name,
        `Precondition failed: UID in precondition: ${uid}, UID in object meta: ${previous.metadata?.uid}`,
      );
    }
    const kept: AnyObject = {
      ...next,
      apiVersion: r.apiVersion,
      kind: r.kind,
      metadata: { ...next.metadata, ...serverOwned(previous.metadata) },
    };
    const before = previous as AnyObject;
    if (kept.metadata!.generation !== undefined && !isDeepStrictEqual(kept.spec, before.spec)) {
      kept.metadata!.generation++;
    }
    if (isDeepStrictEqual(kept, previous)) return previous;
    if (kept.metadata!.deletionTimestamp !== undefined && isReleased(r, kept)) {
      return this.remove(r, previous);
    }
    return this.write(r, kept, previous);
  }

  /** Deletes as the API server does: gracefully for pods, by mark where finalizers stand. */
  delete(r: Resource, key: ObjectKey, options: DeleteOptions): void {
    const previous = this.get(r, key) as AnyObject;
    const old = previous.metadata!;
    for (const [name, want, have] of [
      ['UID', options.uid, old.uid],
      ['ResourceVersion', options.resourceVersion, old.resourceVersion],
    ] as const) {
      if (want === undefined || want === have) continue;
      const why = `Precondition failed: ${name} in precondition: ${want}, ${name} in object meta: ${have}`;
      throw conflict(groupNameOf(r), key.name, why);
    }
    const finalizers = finalizersFor(old.finalizers ?? [], options.propagationPolicy);
    const graceSeconds = graceOf(r, previous, options.gracePeriodSeconds);
    const metadata: ObjectMeta = {
      ...old,
      deletionTimestamp:
        old.deletionTimestamp ??
        new Date(this.now() + graceSeconds * 1000).toISOString().replace(/\.\d+Z$/, 'Z'),
      deletionGracePeriodSeconds: graceSeconds,
    };
    if (finalizers.length > 0) metadata.finalizers = finalizers;
    else delete metadata.finalizers;
    if (old.deletionTimestamp === undefined && metadata.generation !== undefined) {
      metadata.generation++;
    }
    const next: AnyObject = { ...previous, metadata };
    if (r.plural === 'namespaces') next.status = { ...next.status, phase: 'Terminating' };
    if (graceSeconds === 0 && isReleased(r, next)) this.remove(r, previous);
    else if (!isDeepStrictEqual(next, previous)) this.write(r, next, previous);
  }

  /** Makes watches from older revisions fail with Expired. */
  compact(): void {
    this.compacted = this.revision;
  }

  /** Changes after a revision, without end; wakes on each write. Ends when the signal aborts. */
  async *changes(r: Resource, after: number, signal: AbortSignal | undefined) {
    if (after < this.compacted) {
      throw expired(`too old resource version: ${after} (${this.compacted})`);
    }
    const kind = this.kind(r);
    let next = kind.log.findIndex((c) => c.revision > after);
    if (next < 0) next = kind.log.length;
    while (signal?.aborted !== true) {
      const change = kind.log[next];
      if (change !== undefined) {
        next++;
        yield change;
        continue;
      }
      await new Promise<void>((resolve) => {
        const wake = (): void => {
          kind.waiting.delete(wake);
          signal?.removeEventListener('abort', wake);
          resolve();
        };
        kind.waiting.add(wake);
        signal?.addEventListener('abort', wake, { once: true });
      });
    }
  }

  private write(r: Resource, next: KubeObject, previous: KubeObject | undefined): KubeObject {
    this.revision++;
    const stored = structuredClone(next);
    stored.metadata!.resourceVersion = String(this.revision);
    freeze(stored);
    const { namespace, name } = stored.metadata!;
    const kind = this.kind(r);
    kind.objects.set(keyText({ namespace, name: name ?? '' }), stored);
    const type = previous === undefined ? 'ADDED' : 'MODIFIED';
    this.publish(kind, { revision: this.revision, type, object: stored, previous });
    return stored;
  }

  private remove(r: Resource, previous: KubeObject): KubeObject {
    this.revision++;
    const last = structuredClone(previous);
    last.metadata!.resourceVersion = String(this.revision);
    freeze(last);
    const { namespace, name } = last.metadata!;
    const kind = this.kind(r);
    kind.objects.delete(keyText({ namespace, name: name ?? '' }));
    this.publish(kind, { revision: this.revision, type: 'DELETED', object: last, previous });
    return last;
  }

  private publish(kind: Kind, change: Change): void {
    kind.log.push(change);
    for (const wake of [...kind.waiting]) wake();
  }
}

/** Fields of metadata that a client cannot change. */
function serverOwned(old: ObjectMeta | undefined): ObjectMeta {
  const kept: ObjectMeta = {};
  if (old?.uid !== undefined) kept.uid = old.uid;
  if (old?.creationTimestamp !== undefined) kept.creationTimestamp = old.creationTimestamp;
  if (old?.deletionTimestamp !== undefined) kept.deletionTimestamp = old.deletionTimestamp;
  if (old?.deletionGracePeriodSeconds !== undefined) {
    kept.deletionGracePeriodSeconds = old.deletionGracePeriodSeconds;
  }
  if (old?.generation !== undefined) kept.generation = old.generation;
  if (old?.resourceVersion !== undefined) kept.resourceVersion = old.resourceVersion;
  return kept;
}

function isReleased(r: Resource, object: AnyObject): boolean {
  if ((object.metadata?.finalizers ?? []).length > 0) return false;
  if (r.plural === 'namespaces') return ((object.spec?.['finalizers'] ?? []) as []).length === 0;
  return (object.metadata?.deletionGracePeriodSeconds ?? 0) === 0;
}

function finalizersFor(
  present: readonly string[],
  policy: DeleteOptions['propagationPolicy'],
): string[] {
  const rest = present.filter((f) => f !== 'foregroundDeletion' && f !== 'orphan');
  if (policy === 'Foreground') return [...rest, 'foregroundDeletion'];
  if (policy === 'Orphan') return [...rest, 'orphan'];
  if (policy === 'Background') return rest;
  return [...present];
}

function graceOf(r: Resource, object: AnyObject, asked: number | undefined): number {
  if (r.plural !== 'pods') return 0;
  const phase = object.status?.['phase'];
  const placed = (object.spec?.['nodeName'] ?? '') !== '';
  if (!placed || phase === 'Succeeded' || phase === 'Failed') return 0;
  const wanted = asked ?? Number(object.spec?.['terminationGracePeriodSeconds'] ?? 30);
  const running = object.metadata?.deletionGracePeriodSeconds;
  return running === undefined ? wanted : Math.min(running, wanted);
}

function freeze(value: unknown): void {
  if (typeof value !== 'object' || value === null || Object.isFrozen(value)) return;
  Object.freeze(value);
  for (const child of Object.values(value)) freeze(child);
}
