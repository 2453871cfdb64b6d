/** Resources over a memory store, as requests reach it but without HTTP: for tests. */
import assert from 'node:assert/strict';
import { toTyped } from '../../../machinery/codec/decode.ts';
import { StatusError } from '../../../machinery/meta/status-error.ts';
import { formatTime } from '../../../machinery/meta/times.ts';
import { applyDefaults } from '../../../machinery/schema/defaults.ts';
import type { KubeObject } from '../../../machinery/schema/wire.ts';
import { Cacher } from '../../storage/cache/cacher.ts';
import { MemoryStorage } from '../../storage/memory/memory.ts';
import { Catalog } from '../catalog.ts';
import { type ApiGroup, builtinGroups } from '../groups.ts';
import type { UpdateStrategy, WriteContext } from '../resource.ts';
import { type ServedResource, toServed, toStored } from '../served-resource.ts';
import { serverAccess } from '../server-access.ts';
import type { ServiceNetworkOptions } from './services.ts';

/** An object as a test writes and reads it. */
// biome-ignore lint/suspicious/noExplicitAny: tests reach into any field
export type Loose = any;

export interface TestRequest {
  readonly namespace?: string;
  /** '' or `status`, or a face such as `resize`. */
  readonly subresource?: string;
  readonly dryRun?: boolean;
  /** Other than v1: `events.k8s.io/v1`. */
  readonly apiVersion?: string;
}

export const testNamespace = 'ns';

const networkOptions = { serviceClusterIpRange: '10.0.0.0/24', nodePortRange: '30000-30009' };

/** Close it with `await using`. */
export class TestRegistry implements AsyncDisposable {
  readonly catalog: Catalog;
  /** Warnings of all requests so far. */
  readonly warnings: string[] = [];
  readonly #storage = new MemoryStorage();
  readonly #life = new AbortController();
  readonly #cacher: Cacher;
  #following: Promise<void> = Promise.resolve();

  private constructor(groups: readonly ApiGroup[]) {
    this.#cacher = new Cacher({
      storage: this.#storage,
      root: '/registry/',
      onProblem: (e) => {
        throw e;
      },
    });
    this.catalog = new Catalog({
      groups,
      subresources: [],
      storage: this.#storage,
      cacher: this.#cacher,
      now: () => Date.now(),
    });
  }

  /** The core group and what belongs to it. */
  static open(options: Partial<ServiceNetworkOptions> = {}): Promise<TestRegistry> {
    const needed = new Set(['', 'events.k8s.io', 'networking.k8s.io']);
    const groups = builtinGroups({ ...networkOptions, ...options });
    return TestRegistry.#start(groups.filter((g) => needed.has(g.name)));
  }

  /** Every group. */
  static openAll(): Promise<TestRegistry> {
    return TestRegistry.#start(builtinGroups(networkOptions));
  }

  static async #start(groups: readonly ApiGroup[]): Promise<TestRegistry> {
    const registry = new TestRegistry(groups);
    await registry.#cacher.start();
    registry.#following = registry.#cacher.run(registry.#life.signal);
    return registry;
  }

  /** What a POST of the body answers with. Throws StatusError. */
  async create(plural: string, body: Loose, request: TestRequest = {}): Promise<Loose> {
    const resource = this.#find(plural, request);
    const object = toStored(resource, decode(resource, body));
    const stored = await resource.store.create(object, this.#context(resource, request));
    return toServed(resource, stored.object<KubeObject>());
  }

  /** What a PUT of the changed object answers with; `change` alters it in place. */
  async update(
    plural: string,
    name: string,
    change: (object: Loose) => void,
    request: TestRequest = {},
  ): Promise<Loose> {
    const resource = this.#find(plural, request);
    const { definition } = resource;
    const face = request.subresource ?? '';
    const strategy = face === '' ? 'main' : strategyOf(resource, face);
    const namespace = definition.namespaced ? (request.namespace ?? testNamespace) : '';
    const outcome = await resource.store.update(
      {
        namespace,
        name,
        strategy,
        transform: (current) => {
          const next: Loose = current === undefined ? {} : toServed(resource, current);
          change(next);
          return Promise.resolve(toStored(resource, decode(resource, next)));
        },
      },
      this.#context(resource, request),
    );
    return toServed(resource, outcome.object.object<KubeObject>());
  }

  async delete(plural: string, name: string, request: TestRequest = {}): Promise<boolean> {
    const resource = this.#find(plural, request);
    const namespace = resource.definition.namespaced ? (request.namespace ?? testNamespace) : '';
    const context = this.#context(resource, request);
    return (await resource.store.delete(namespace, name, {}, context)).deleted;
  }

  /** Everything stored of a resource (`plural` or `plural.group`). */
  async list(resource: string): Promise<Loose[]> {
    await this.#cacher.fresh();
    const { cache } = this.catalog.stored(resource)!.store;
    return [...cache.objects('')].map((o) => o.object<KubeObject>());
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#life.abort();
    await this.#following;
    await this.#storage[Symbol.asyncDispose]();
  }

  #find(plural: string, request: TestRequest): ServedResource {
    const [version = 'v1', group = ''] = (request.apiVersion ?? 'v1').split('/').reverse();
    const resource = this.catalog.find(group, version, plural);
    assert.ok(resource, `${group}/${version} ${plural} is served`);
    return resource;
  }

  #context(resource: ServedResource, request: TestRequest): WriteContext {
    return {
      user: { name: 'tester', groups: [] },
      namespace: resource.definition.namespaced ? (request.namespace ?? testNamespace) : '',
      now: formatTime(Date.now()),
      dryRun: request.dryRun ?? false,
      subresource: request.subresource ?? '',
      ...(request.apiVersion === undefined ? {} : { requestVersion: request.apiVersion }),
      access: serverAccess(() => this.catalog),
      warn: (text) => this.warnings.push(text),
    };
  }
}

/** The problems that a request is refused with: `field: text`, or the message alone. */
export async function problems(request: Promise<unknown>): Promise<string[]> {
  try {
    await request;
    return [];
  } catch (e) {
    assert.ok(e instanceof StatusError, String(e));
    const causes = e.details?.causes ?? [];
    if (causes.length === 0) return [e.message];
    return causes.map((c) => `${c.field ?? ''}: ${c.message ?? ''}`);
  }
}

function strategyOf(resource: ServedResource, face: string): UpdateStrategy<KubeObject> {
  const { definition } = resource;
  if (face !== 'status') return definition.faces[face]!;
  assert.ok(definition.status !== false, `${definition.plural} have a status subresource`);
  const { status } = definition;
  return {
    ...status,
    prepareForUpdate: (next: Loose, prev: Loose, ctx) => {
      // As the handlers do: what is written is the status.
      const { status: given, metadata } = next;
      for (const key of Object.keys(next)) delete next[key];
      Object.assign(next, structuredClone(prev), { metadata });
      if (given === undefined) delete next.status;
      else next.status = given;
      status.prepareForUpdate?.(next, prev, ctx);
    },
  };
}

function decode(resource: ServedResource, body: Loose): KubeObject {
  const kind = { apiVersion: resource.apiVersion, kind: resource.definition.kind };
  const { object } = toTyped({ ...kind, ...structuredClone(body) }, resource.type);
  applyDefaults(resource.apiVersion, resource.definition.kind, object);
  return object as KubeObject;
}

/** Compares texts; an expected one that ends in `…` is the beginning of one. */
export function sameTexts(actual: readonly string[], expected: readonly string[]): void {
  const cut = actual.map((text, i) => {
    const wanted = expected[i];
    if (wanted === undefined || !wanted.endsWith('…')) return text;
    return text.startsWith(wanted.slice(0, -1)) ? wanted : text;
  });
  assert.deepEqual(cut, expected);
}
