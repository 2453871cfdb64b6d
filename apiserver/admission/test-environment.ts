/** For tests: an environment over a list of objects, and attributes of a request. */
import type { KubeObject } from '../../machinery/schema/wire.ts';
import type { AccessAttributes } from '../auth/authorizer.ts';
import { MetricRegistry } from '../metrics/registry.ts';
import type { ResourceAccess } from '../registry/resource.ts';
import type { AdmissionAttributes, AdmissionEnvironment, AdmissionPlugin } from './admission.ts';

/** Objects by resource (`plural` or `plural.group`). */
export type Objects = Record<string, KubeObject[]>;

export interface TestEnvironment extends AdmissionEnvironment {
  readonly objects: Objects;
  /** Waits that were asked for, in milliseconds. */
  readonly waitedMs: number[];
}

/** Waits pass at once; `allow` answers authorization. */
export function testEnvironment(
  objects: Objects = {},
  allow: (a: AccessAttributes) => boolean = () => false,
): TestEnvironment {
  const find = (resource: string, namespace: string, name: string) =>
    (objects[resource] ?? []).find(
      (o) => (o.metadata?.namespace ?? '') === namespace && o.metadata?.name === name,
    );
  const access: ResourceAccess = {
    get: <T extends KubeObject>(resource: string, namespace: string, name: string) =>
      Promise.resolve(structuredClone(find(resource, namespace, name)) as T | undefined),
    list: <T extends KubeObject>(resource: string, namespace: string) =>
      Promise.resolve(
        (objects[resource] ?? []).filter(
          (o) => namespace === '' || o.metadata?.namespace === namespace,
        ) as T[],
      ),
    create: <T extends KubeObject>(resource: string, object: T) => {
      objects[resource] ??= [];
      objects[resource].push(object);
      return Promise.resolve(object);
    },
    update: async <T extends KubeObject>(
      resource: string,
      namespace: string,
      name: string,
      change: (current: T) => T,
    ) => {
      const found = find(resource, namespace, name) as T;
      const next = change(structuredClone(found));
      Object.assign(found, next);
      return next;
    },
    delete: async (resource, namespace, name) => {
      const found = find(resource, namespace, name);
      objects[resource] = (objects[resource] ?? []).filter((o) => o !== found);
    },
  };
  const waitedMs: number[] = [];
  return {
    objects,
    waitedMs,
    access,
    fresh: () => Promise.resolve(),
    now: () => Date.parse('2026-01-01T00:00:00Z'),
    wait: (ms) => {
      waitedMs.push(ms);
      return Promise.resolve();
    },
    authorize: (a) => Promise.resolve(allow(a)),
    decide: (a) => ({ decision: allow(a) ? 'allow' : 'noOpinion', reason: '' }),
    resourcesOf: (apiVersion, kind) =>
      apiVersion === 'apps/v1' && kind === 'ReplicaSet'
        ? [{ group: 'apps', version: 'v1', plural: 'replicasets', namespaced: true }]
        : [],
    forms: { find: () => undefined, others: () => [] },
    watched: <T extends KubeObject>(resource: string) => {
      const list = () => (objects[resource] ?? []) as T[];
      return {
        get revision() {
          return list().length;
        },
        get count() {
          return list().length;
        },
        list,
      };
    },
    present: <T extends KubeObject>(resource: string, namespace: string, name: string) =>
      find(resource, namespace, name) as T | undefined,
    metrics: new MetricRegistry(),
  };
}

/** Attributes of a create of a pod in namespace `ns` by `alice`, but for what is given. */
export function attributes(given: Partial<AdmissionAttributes> = {}): AdmissionAttributes {
  return {
    operation: 'CREATE',
    group: '',
    version: 'v1',
    resource: 'pods',
    subresource: '',
    kind: 'Pod',
    namespace: 'ns',
    name: given.object?.metadata?.name ?? given.oldObject?.metadata?.name ?? '',
    object: undefined,
    oldObject: undefined,
    options: {},
    dryRun: false,
    user: { name: 'alice', groups: ['system:authenticated'] },
    warn: () => {},
    ...given,
  };
}

/** Runs both phases; the text of the refusal, undefined when the request passes. */
export async function judge(
  plugin: AdmissionPlugin,
  a: AdmissionAttributes,
): Promise<string | undefined> {
  if (!plugin.handles(a)) return undefined;
  try {
    await plugin.admit?.(a);
    await plugin.validate?.(a);
    return undefined;
  } catch (e) {
    return (e as Error).message;
  }
}
