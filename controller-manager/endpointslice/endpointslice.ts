/** The endpoint slice controller: the endpoints of services with a selector, in slices. */
import {
  endpointSlices,
  nodes as nodeResource,
  pods as podResource,
  services as serviceResource,
} from '../../client/resources.ts';
import { keyOf, keyText } from '../../client/store.ts';
import { hasReason } from '../../machinery/meta/status-error.ts';
import type { EndpointSlice, Service } from '../../machinery/schema/wire.ts';
import { type ControllerContext, defineController, type Requeue } from '../controller.ts';
import { hasManagedEndpoints } from '../endpoints/pod-endpoints.ts';
import { indexServices, selects, servicesToUpdate } from '../endpoints/services-of-pod.ts';
import { TriggerTimes, withTriggerTime } from '../endpoints/trigger-times.ts';
import { isNamespaceTerminating } from '../pods/pod-control.ts';
import { type SliceChanges, SliceWriter } from './slice-writer.ts';
import { controllerName, managedByLabel, planSlices, serviceNameLabel } from './slices.ts';

const byService = 'service';
const lagMs = 100;
/** Changes that others make to our slices are answered, but not at their pace. */
const foreignChangeMs = 1_000;
const retryMs = 1_000;

export const endpointSliceController = defineController({
  name: 'endpointslice-controller',
  aliases: ['endpointslice'],
  serviceAccount: 'endpointslice-controller',
  setup,
});

/** The key of the service that a slice belongs to. */
export function serviceKeyOf(slice: EndpointSlice): string {
  return keyText(slice.metadata?.namespace, slice.metadata?.labels?.[serviceNameLabel] ?? '');
}

/** The shared index of slices by service. */
export function indexSlices(context: ControllerContext) {
  const slices = context.informer(endpointSlices);
  slices.addIndex(byService, (s) => [serviceKeyOf(s)]);
  const of = (service: string, manager: string): EndpointSlice[] =>
    slices.store
      .byIndex(byService, service)
      .filter((s) => s.metadata?.labels?.[managedByLabel] === manager);
  return { slices, of };
}

function setup(context: ControllerContext): void {
  const { client, options } = context;
  const recorder = context.recorder('endpoint-slice-controller');
  const services = context.informer(serviceResource);
  const pods = context.informer(podResource);
  const nodes = context.informer(nodeResource);
  const { slices, of } = indexSlices(context);
  indexServices(services);
  const writer = new SliceWriter(client, slices);
  const times = new TriggerTimes();
  const queue = context.queue({
    workers: options.concurrentServiceEndpointSyncs,
    reconcile,
    baseDelayMs: retryMs,
  });
  const wake = (service: Service): void => queue.add(keyOf(service));
  const wakeAll = (keys: Iterable<string>): void => {
    for (const key of keys) queue.add(key);
  };
  services.addHandler({ added: wake, updated: (_, s) => wake(s), deleted: wake });
  pods.addHandler({
    added: (pod) => wakeAll(servicesToUpdate(services, undefined, pod)),
    updated: (old, pod) => wakeAll(servicesToUpdate(services, old, pod)),
    deleted: (pod) => wakeAll(servicesToUpdate(services, pod, undefined)),
  });
  const isOurs = (s: EndpointSlice): boolean =>
    s.metadata?.labels?.[managedByLabel] === controllerName;
  slices.addHandler({
    added: noteSlice,
    updated(old, slice) {
      if (serviceKeyOf(old) !== serviceKeyOf(slice) || isOurs(old) !== isOurs(slice)) {
        queue.addAfter(serviceKeyOf(old), foreignChangeMs);
        queue.addAfter(serviceKeyOf(slice), foreignChangeMs);
      } else noteSlice(slice);
    },
    deleted(slice) {
      if (isOurs(slice)) queue.addAfter(serviceKeyOf(slice), foreignChangeMs);
    },
  });

  function noteSlice(slice: EndpointSlice): void {
    if (isOurs(slice) && !writer.isOwnWork(slice)) {
      queue.addAfter(serviceKeyOf(slice), foreignChangeMs);
    }
  }

  async function reconcile(key: string, signal: AbortSignal): Promise<Requeue | undefined> {
    const service = services.store.byKey(key);
    if (service === undefined) {
      times.forget(key);
      writer.forget(key);
      return undefined;
    }
    if (!hasManagedEndpoints(service)) return undefined;
    if (!writer.isCurrent(key)) return { requeueAfterMs: lagMs };
    const own = pods.store
      .list(service.metadata?.namespace ?? '')
      .filter((pod) => selects(service, pod.metadata?.labels ?? {}));
    const plan = planSlices({
      service,
      pods: own,
      slices: of(key, controllerName).filter((s) => s.metadata?.deletionTimestamp === undefined),
      nodeOf: (name) => nodes.store.byKey(name),
      maxEndpoints: options.maxEndpointsPerSlice,
    });
    const time = times.next(key, service, own);
    try {
      await carryOut(service, plan, time, signal);
      if (plan.skipped.length === 0) return undefined;
      const who = plan.skipped.join(', ');
      throw new Error(`skipping pods ${who} for service ${key}: their nodes are not found`);
    } catch (e) {
      if (isNamespaceTerminating(e) || signal.aborted) return undefined;
      if (!hasReason(e, 'Conflict')) {
        const why = e instanceof Error ? e.message : String(e);
        const text = `Error updating Endpoint Slices for Service ${key}: ${why}`;
        recorder.event(service, 'Warning', 'FailedToUpdateEndpointSlices', text);
      }
      throw e;
    }
  }

  async function carryOut(
    service: Service,
    plan: SliceChanges,
    time: string | undefined,
    signal: AbortSignal,
  ): Promise<void> {
    const stamped = (slice: EndpointSlice): EndpointSlice => ({
      ...slice,
      metadata: {
        ...slice.metadata,
        annotations: withTriggerTime(slice.metadata?.annotations, time),
      },
    });
    // A service that is being deleted gets none: the garbage collector takes them away.
    const going = service.metadata?.deletionTimestamp !== undefined;
    const changes = {
      create: going ? [] : plan.create.map(stamped),
      update: plan.update.map(stamped),
      remove: plan.remove,
    };
    await writer.write(keyOf(service), changes, signal);
  }
}
