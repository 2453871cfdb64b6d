/**
 * The namespace controller: when a namespace is being deleted, deletes all that is in it, pods
 * before the rest (KEP-5080), then takes its finalizer off.
 */
import type { Resource } from '../../client/client.ts';
import { discover } from '../../client/discovery.ts';
import { namespaces as namespaceResource, pods } from '../../client/resources.ts';
import { hasReason } from '../../machinery/meta/status-error.ts';
import { parseTime } from '../../machinery/meta/times.ts';
import type { KubeObject, Namespace } from '../../machinery/schema/wire.ts';
import { type ControllerContext, defineController, type Requeue } from '../controller.ts';
import { isPodTerminal } from '../pods/pod-state.ts';
import { namespaceConditions, type Remains } from './conditions.ts';

const finalizer = 'kubernetes';
/** Until all API servers know that nothing is created in the namespace any more (as upstream). */
const settleMs = 5_000;
/** How long other controllers are given to take their finalizers off. */
const finalizerEstimateSeconds = 15;
const maxRetryMs = 60_000;

/** What one kind has left, and how long it may take. */
interface Left {
  readonly estimateSeconds: number;
  readonly count: number;
  readonly finalizers: ReadonlyMap<string, number>;
}

const nothingLeft: Left = { estimateSeconds: 0, count: 0, finalizers: new Map() };

export const namespaceController = defineController({
  name: 'namespace-controller',
  aliases: ['namespace'],
  serviceAccount: 'namespace-controller',
  setup,
});

function setup(context: ControllerContext): void {
  const { client, clock } = context;
  const namespaces = context.informer(namespaceResource);
  const queue = context.queue({
    workers: context.options.concurrentNamespaceSyncs,
    reconcile,
    maxDelayMs: maxRetryMs,
  });
  const wake = (namespace: Namespace): void => {
    if (namespace.metadata?.deletionTimestamp === undefined) return;
    queue.addAfter(namespace.metadata.name ?? '', settleMs);
  };
  namespaces.addHandler({ added: wake, updated: (_, n) => wake(n) });
  const podCache = context.informer(pods);
  podCache.addHandler({
    deleted(pod) {
      // The last pod is gone: no need to wait out the estimate of its grace period.
      const name = pod.metadata?.namespace ?? '';
      const dying = namespaces.store.byKey(name)?.metadata?.deletionTimestamp;
      if (dying === undefined || podCache.store.list(name).length > 0) return;
      if (clock.now() - parseTime(dying) >= settleMs) queue.add(name);
    },
  });

  async function reconcile(name: string, signal: AbortSignal): Promise<Requeue | undefined> {
    const namespace = await read(name, signal);
    if (namespace?.metadata?.deletionTimestamp === undefined) return undefined;
    if ((namespace.spec?.finalizers ?? []).length === 0) return undefined;
    const terminating = await markTerminating(namespace, signal);
    const estimate = await empty(terminating, signal);
    if (estimate > 0) return { requeueAfterMs: (Math.floor(estimate / 2) + 1) * 1000 };
    await finalize(name, signal);
    return undefined;
  }

  async function read(name: string, signal: AbortSignal): Promise<Namespace | undefined> {
    try {
      return await client.get(namespaceResource, { name }, { signal });
    } catch (e) {
      if (hasReason(e, 'NotFound')) return undefined;
      throw e;
    }
  }

  async function markTerminating(namespace: Namespace, signal: AbortSignal): Promise<Namespace> {
    if (namespace.status?.phase === 'Terminating') return namespace;
    const next = { ...namespace, status: { ...namespace.status, phase: 'Terminating' } };
    return await client.update(namespaceResource, next, { subresource: 'status', signal });
  }

  /** One round over all kinds; the seconds to wait when something is left. */
  async function empty(namespace: Namespace, signal: AbortSignal): Promise<number> {
    const { name = '', deletionTimestamp = '' } = namespace.metadata ?? {};
    const sinceMs = clock.now() - parseTime(deletionTimestamp);
    const { resources, failures } = await discover(client, signal);
    const errors: string[] = [];
    const remains = {
      discoveryFailures: failures,
      deletionErrors: errors,
      resources: new Map<string, number>(),
      finalizers: new Map<string, number>(),
    };
    let estimate = 0;
    const clear = async (resource: Resource, bulk: boolean, graceSeconds: number) => {
      try {
        const left = await emptyKind(resource, name, bulk, graceSeconds, signal);
        estimate = Math.max(estimate, left.estimateSeconds);
        if (left.count > 0) remains.resources.set(fullName(resource), left.count);
        for (const [f, n] of left.finalizers) {
          remains.finalizers.set(f, (remains.finalizers.get(f) ?? 0) + n);
        }
      } catch (e) {
        if (signal.aborted) throw e;
        errors.push(e instanceof Error ? e.message : String(e));
      }
    };
    const grace = await podGraceSeconds(name, signal);
    await clear(pods, true, grace * 1000 > sinceMs ? grace : 0);
    if (remains.resources.size === 0) {
      for (const { resource, verbs } of resources) {
        const deletable = resource.namespaced && verbs.has('delete') && verbs.has('list');
        if (!deletable || fullName(resource) === 'pods.') continue;
        await clear(resource, verbs.has('deletecollection'), 0);
      }
    }
    await report(namespace, remains, signal);
    const [problem] = [...failures, ...errors];
    if (problem !== undefined) throw new Error(`deletion of namespace ${name}: ${problem}`);
    return estimate;
  }

  async function podGraceSeconds(namespace: string, signal: AbortSignal): Promise<number> {
    const { items } = await client.list(pods, { namespace, signal });
    const graces = items
      .filter((p) => !isPodTerminal(p))
      .map((p) => p.spec?.terminationGracePeriodSeconds ?? 0);
    return Math.max(0, ...graces);
  }

  /** Deletes what a namespace has of one kind and counts what stays for now. */
  async function emptyKind(
    resource: Resource,
    namespace: string,
    bulk: boolean,
    graceSeconds: number,
    signal: AbortSignal,
  ): Promise<Left> {
    const present = await listNames(resource, namespace, signal);
    if (present.length === 0) return nothingLeft;
    const options = { propagationPolicy: 'Background' } as const;
    if (bulk) await client.deleteCollection(resource, { namespace, signal }, options);
    else {
      for (const object of present) {
        const key = { namespace, name: object.metadata?.name ?? '' };
        try {
          await client.delete(resource, key, { ...options, signal });
        } catch (e) {
          if (!hasReason(e, 'NotFound', 'MethodNotAllowed')) throw e;
        }
      }
    }
    const left = await listNames(resource, namespace, signal);
    if (left.length === 0) return nothingLeft;
    const finalizers = new Map<string, number>();
    for (const f of left.flatMap((o) => o.metadata?.finalizers ?? [])) {
      finalizers.set(f, (finalizers.get(f) ?? 0) + 1);
    }
    const estimateSeconds =
      graceSeconds > 0 ? graceSeconds : finalizers.size > 0 ? finalizerEstimateSeconds : 0;
    if (estimateSeconds > 0) return { estimateSeconds, count: left.length, finalizers };
    const group = groupOf(resource);
    throw new Error(
      `unexpected items still remain in namespace: ${namespace} for gvr: ` +
        `${group === '' ? '/' : ''}${resource.apiVersion}, Resource=${resource.plural}`,
    );
  }

  async function listNames(
    resource: Resource,
    namespace: string,
    signal: AbortSignal,
  ): Promise<KubeObject[]> {
    try {
      const { items } = await client.list(resource, { namespace, metadataOnly: true, signal });
      return items;
    } catch (e) {
      // Not served any more, or discovery promised too much.
      if (hasReason(e, 'NotFound', 'MethodNotAllowed')) return [];
      throw e;
    }
  }

  async function report(
    namespace: Namespace,
    remains: Remains,
    signal: AbortSignal,
  ): Promise<void> {
    const old = namespace.status?.conditions ?? [];
    const conditions = namespaceConditions(old, remains, clock.now());
    if (conditions === old) return;
    const status = { ...namespace.status, conditions: [...conditions] };
    try {
      const next = { ...namespace, status };
      await client.update(namespaceResource, next, { subresource: 'status', signal });
    } catch (e) {
      // Only information: the deletion itself goes on.
      if (!hasReason(e, 'Conflict', 'NotFound')) throw e;
    }
  }

  async function finalize(name: string, signal: AbortSignal): Promise<void> {
    const namespace = await read(name, signal);
    if (namespace?.metadata?.deletionTimestamp === undefined) return;
    const finalizers = (namespace.spec?.finalizers ?? []).filter((f) => f !== finalizer);
    const next = { ...namespace, spec: { ...namespace.spec, finalizers } };
    try {
      await client.update(namespaceResource, next, { subresource: 'finalize', signal });
    } catch (e) {
      if (!hasReason(e, 'NotFound')) throw e;
    }
  }
}

function fullName(resource: Resource): string {
  return `${resource.plural}.${groupOf(resource)}`;
}

function groupOf(resource: Resource): string {
  const slash = resource.apiVersion.indexOf('/');
  return slash < 0 ? '' : resource.apiVersion.slice(0, slash);
}
