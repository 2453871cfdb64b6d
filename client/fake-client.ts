/**
 * An in-memory Client for component tests: create, read, update, patch, delete and watch over
 * one FakeStore. It does not validate, default or authorize; it does keep revisions, conflicts,
 * the status subresource, generated names, graceful deletion and finalizers.
 */
import { parseFieldSelector } from '../machinery/meta/fields.ts';
import { parseLabelSelector } from '../machinery/meta/labels.ts';
import { methodNotSupported, notFound } from '../machinery/meta/status-error.ts';
import type { KubeList, KubeObject, Pod } from '../machinery/schema/wire.ts';
import type {
  CallOptions,
  Client,
  DeleteOptions,
  ListOptions,
  ObjectKey,
  PatchOptions,
  Resource,
  WatchEvent,
  WatchOptions,
} from './client.ts';
import { discoveryDocument } from './discovery.ts';
import { applyFakePatch } from './fake-patch.ts';
import { type AnyObject, type Change, FakeStore, groupNameOf } from './fake-store.ts';

/** One request as the fake saw it, in order. */
export interface FakeCall {
  readonly verb: 'get' | 'list' | 'create' | 'update' | 'patch' | 'delete' | 'watch' | 'post';
  readonly resource: string;
  readonly namespace: string | undefined;
  readonly name: string | undefined;
  readonly subresource: string | undefined;
  /** The object, patch or options sent. */
  readonly body: unknown;
}

/** Kinds whose status is written through the subresource only. */
const withStatus = new Set(
  (
    'namespaces nodes persistentvolumeclaims persistentvolumes pods replicationcontrollers ' +
    'resourcequotas services apiservices daemonsets deployments replicasets statefulsets ' +
    'horizontalpodautoscalers cronjobs jobs certificatesigningrequests ingresses servicecidrs ' +
    'poddisruptionbudgets volumeattachments customresourcedefinitions resourceclaims ' +
    'flowschemas prioritylevelconfigurations validatingadmissionpolicies'
  ).split(' '),
);

const nameAlphabet = 'bcdfghjklmnpqrstvwxz2456789';

export class FakeClient implements Client {
  readonly store: FakeStore;
  /** Every write so far, oldest first. */
  readonly writes: FakeCall[] = [];
  /** Runs before each request; what it throws is the answer. */
  before: ((call: FakeCall) => void | Promise<void>) | undefined;
  /** Answers for `raw`, by `METHOD /path`. */
  readonly rawAnswers = new Map<string, unknown>();
  /** What discovery tells. */
  served: readonly Resource[] = [];
  private names = 0;

  constructor(now: () => number = Date.now) {
    this.store = new FakeStore(now);
  }

  /** Puts objects in without going through the verbs: status, uid and times stay as given. */
  seed<T extends KubeObject>(r: Resource<T>, ...objects: T[]): T[] {
    return objects.map((object) => this.store.insert(r, object) as T);
  }

  /** All objects of a kind as they stand, in the order of their keys. */
  objects<T extends KubeObject>(r: Resource<T>): T[] {
    return this.store.all(r) as T[];
  }

  /** The writes in short form: `create pods a/b`, `update pods/status a/b`. */
  writesText(): string[] {
    return this.writes.map((c) => {
      const what = c.subresource === undefined ? c.resource : `${c.resource}/${c.subresource}`;
      return `${c.verb} ${what} ${c.namespace === undefined ? '' : `${c.namespace}/`}${c.name}`;
    });
  }

  async get<T extends KubeObject>(
    r: Resource<T>,
    key: ObjectKey,
    options: CallOptions = {},
  ): Promise<T> {
    await this.enter('get', r, key, undefined, options);
    return structuredClone(this.store.get(r, key)) as T;
  }

  async list<T extends KubeObject>(
    r: Resource<T>,
    options: ListOptions = {},
  ): Promise<KubeList<T>> {
    await this.enter('list', r, { namespace: options.namespace, name: '' }, undefined);
    const matches = matcher(options);
    return {
      apiVersion: r.apiVersion,
      kind: `${r.kind}List`,
      metadata: { resourceVersion: String(this.store.revision) },
      items: this.store.all(r).filter(matches).map(shape(options)) as T[],
    };
  }

  async create<T extends KubeObject>(
    r: Resource<T>,
    object: T,
    options: CallOptions = {},
  ): Promise<T> {
    const next = structuredClone(object) as AnyObject & T;
    const metadata = { ...next.metadata };
    next.metadata = metadata;
    if ((metadata.name ?? '') === '' && metadata.generateName !== undefined) {
      metadata.name = metadata.generateName + this.suffix();
    }
    await this.enter('create', r, keyOf(next), object, options);
    delete metadata.uid;
    delete metadata.creationTimestamp;
    delete metadata.deletionTimestamp;
    delete metadata.resourceVersion;
    if (next.spec !== undefined) metadata.generation = 1;
    if (withStatus.has(r.plural)) delete next.status;
    if (r.plural === 'pods') next.status = { phase: 'Pending' };
    if (r.plural === 'namespaces') {
      next.spec = { finalizers: ['kubernetes'], ...next.spec };
      next.status = { phase: 'Active' };
    }
    if (options.dryRun === true) return next;
    return structuredClone(this.store.insert(r, next)) as T;
  }

  async update<T extends KubeObject>(
    r: Resource<T>,
    object: T,
    options: CallOptions = {},
  ): Promise<T> {
    await this.enter('update', r, keyOf(object), object, options);
    const previous = this.store.get(r, keyOf(object));
    return structuredClone(this.put(r, object, previous, options.subresource)) as T;
  }

  async patch<T extends KubeObject>(
    r: Resource<T>,
    key: ObjectKey,
    patch: unknown,
    options: PatchOptions,
  ): Promise<T> {
    await this.enter('patch', r, key, patch, options);
    const previous = this.store.get(r, key);
    const next = applyFakePatch(options.type, previous, patch) as KubeObject;
    return structuredClone(this.put(r, next, previous, options.subresource)) as T;
  }

  async post<R>(r: Resource, key: ObjectKey, subresource: string, body: unknown): Promise<R> {
    await this.enter('post', r, key, body, { subresource });
    const object = this.store.get(r, key);
    if (subresource === 'binding') {
      const target = (body as { target: { name: string } }).target;
      const pod = structuredClone(object) as Pod;
      pod.spec!.nodeName = target.name;
      pod.status ??= {};
      pod.status.conditions = [
        ...(pod.status.conditions ?? []).filter((c) => c.type !== 'PodScheduled'),
        { type: 'PodScheduled', status: 'True' },
      ];
      this.store.replace(r, pod);
    } else if (subresource === 'eviction') {
      const options = (body as { deleteOptions?: DeleteOptions }).deleteOptions ?? {};
      this.store.delete(r, key, options);
    } else if (subresource === 'token') {
      return { ...(body as object), status: { token: `token-of-${key.name}` } } as R;
    } else throw methodNotSupported(groupNameOf(r), 'create');
    return { apiVersion: 'v1', kind: 'Status', metadata: {}, status: 'Success' } as R;
  }

  async delete(r: Resource, key: ObjectKey, options: DeleteOptions = {}): Promise<void> {
    await this.enter('delete', r, key, options);
    this.store.delete(r, key, options);
  }

  async deleteCollection(
    r: Resource,
    selection: ListOptions,
    options: Omit<DeleteOptions, 'signal'> = {},
  ): Promise<void> {
    await this.enter('delete', r, { namespace: selection.namespace, name: '' }, options);
    const matches = matcher(selection);
    for (const object of this.store.all(r).filter(matches)) {
      this.store.delete(r, keyOf(object), options);
    }
  }

  async *watch<T extends KubeObject>(
    r: Resource<T>,
    options: WatchOptions,
  ): AsyncIterable<WatchEvent<T>> {
    await this.enter('watch', r, { namespace: options.namespace, name: '' }, undefined);
    const matches = matcher(options);
    let after = Number(options.resourceVersion ?? this.store.revision);
    if (options.sendInitialEvents === true) {
      after = this.store.revision;
      for (const object of this.store.all(r).filter(matches)) {
        yield { type: 'ADDED', object: shape(options)(object) as T };
      }
      const annotations = { 'k8s.io/initial-events-end': 'true' };
      const metadata = { resourceVersion: String(after), annotations };
      const { apiVersion, kind } = r;
      yield { type: 'BOOKMARK', object: { apiVersion, kind, metadata } as KubeObject as T };
    }
    for await (const change of this.store.changes(r, after, options.signal)) {
      const event = seenThrough(change, matches);
      if (event === undefined) continue;
      yield { type: event.type, object: shape(options)(event.object) as T };
    }
  }

  async raw(method: string, path: string): Promise<unknown> {
    if (path === '/api' || path === '/apis') return discoveryDocument(path, this.served);
    const answer = this.rawAnswers.get(`${method} ${path}`);
    if (answer === undefined) throw notFound({ group: '', resource: 'path' }, path);
    return structuredClone(answer);
  }

  /** Stores an update, keeping what its subresource may not touch. */
  private put(
    r: Resource,
    object: KubeObject,
    previous: KubeObject,
    subresource: string | undefined,
  ): KubeObject {
    const next = object as AnyObject;
    const old = previous as AnyObject;
    const stored: AnyObject = { ...next };
    if (subresource === 'status' || subresource === 'approval') {
      // Annotations may be written along; owners may not.
      const { ownerReferences: _, ...metadata } = next.metadata ?? {};
      stored.metadata = metadata;
      const owners = old.metadata?.ownerReferences;
      if (owners !== undefined) stored.metadata.ownerReferences = owners;
      if (old.spec !== undefined) stored.spec = old.spec;
    } else if (withStatus.has(r.plural)) {
      delete stored.status;
      if (old.status !== undefined) stored.status = old.status;
      if (r.plural === 'namespaces' && subresource !== 'finalize' && old.spec !== undefined) {
        stored.spec = old.spec;
      }
    }
    return this.store.replace(r, stored);
  }

  private suffix(): string {
    let n = this.names++;
    let text = '';
    for (let i = 0; i < 5; i++) {
      text = nameAlphabet[n % nameAlphabet.length]! + text;
      n = Math.floor(n / nameAlphabet.length);
    }
    return text;
  }

  private async enter(
    verb: FakeCall['verb'],
    r: Resource,
    key: ObjectKey,
    body: unknown,
    options: CallOptions = {},
  ): Promise<void> {
    options.signal?.throwIfAborted();
    const call: FakeCall = {
      verb,
      resource: r.plural,
      namespace: key.namespace,
      name: key.name === '' ? undefined : key.name,
      subresource: options.subresource,
      body: structuredClone(body),
    };
    if (verb !== 'get' && verb !== 'list' && verb !== 'watch') this.writes.push(call);
    await this.before?.(call);
  }
}

function keyOf(object: KubeObject): ObjectKey {
  return { namespace: object.metadata?.namespace, name: object.metadata?.name ?? '' };
}

function matcher(options: ListOptions): (object: KubeObject) => boolean {
  const labels = parseLabelSelector(options.labelSelector ?? '');
  const fields = parseFieldSelector(options.fieldSelector ?? '');
  return (object) => {
    if (options.namespace !== undefined && object.metadata?.namespace !== options.namespace) {
      return false;
    }
    if (!labels.matches(object.metadata?.labels ?? {})) return false;
    const values: Record<string, string> = {};
    for (const { field } of fields.requirements) values[field] = fieldValue(object, field);
    return fields.matches(values);
  };
}

function shape(options: ListOptions): (object: KubeObject) => KubeObject {
  if (options.metadataOnly !== true) return (object) => object;
  return ({ metadata }) => ({
    apiVersion: 'meta.k8s.io/v1',
    kind: 'PartialObjectMetadata',
    ...(metadata === undefined ? {} : { metadata }),
  });
}

function fieldValue(object: unknown, path: string): string {
  let value = object;
  for (const step of path.split('.'))
    value = (value as Record<string, unknown> | undefined)?.[step];
  return value === undefined || value === null ? '' : String(value);
}

/** A change as a selective watcher sees it: entering is ADDED, leaving is DELETED. */
function seenThrough(
  change: Change,
  matches: (object: KubeObject) => boolean,
): WatchEvent<KubeObject> | undefined {
  const before = change.previous !== undefined && matches(change.previous);
  const now = change.type !== 'DELETED' && matches(change.object);
  if (now) return { type: before ? 'MODIFIED' : 'ADDED', object: change.object };
  if (!before) return undefined;
  if (change.type === 'DELETED') return { type: 'DELETED', object: change.object };
  const metadata = { ...change.previous?.metadata };
  const { resourceVersion } = change.object.metadata!;
  if (resourceVersion !== undefined) metadata.resourceVersion = resourceVersion;
  return { type: 'DELETED', object: { ...change.previous, metadata } };
}
