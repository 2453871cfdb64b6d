/** The endpoints controller: one Endpoints object per service with a selector. */

import { OwnWrites } from '../../client/own-writes.ts';
import {
  endpoints as endpointsResource,
  pods as podResource,
  services as serviceResource,
} from '../../client/resources.ts';
import { keyOf, splitKey } from '../../client/store.ts';
import { deepEqual } from '../../machinery/meta/equality.ts';
import { hasReason } from '../../machinery/meta/status-error.ts';
import type { EndpointSubset, Endpoints, Service } from '../../machinery/schema/wire.ts';
import { type ControllerContext, defineController, type Requeue } from '../controller.ts';
import { isNamespaceTerminating } from '../pods/pod-control.ts';
import { hasManagedEndpoints, isHeadless } from './pod-endpoints.ts';
import { indexServices, selects, servicesToUpdate } from './services-of-pod.ts';
import { subsetsOf, truncate } from './subsets.ts';
import { TriggerTimes, withTriggerTime } from './trigger-times.ts';

const headlessLabel = 'service.kubernetes.io/headless';
const managedByLabel = 'endpoints.kubernetes.io/managed-by';
const controllerName = 'endpoint-controller';
const overCapacity = 'endpoints.kubernetes.io/over-capacity';
const leaderAnnotation = 'control-plane.alpha.kubernetes.io/leader';
const lagMs = 100;

export const endpointsController = defineController({
  name: 'endpoints-controller',
  aliases: ['endpoint'],
  serviceAccount: 'endpoint-controller',
  setup,
});

/** What an Endpoints object should look like; the present one when it does already. */
export function plannedEndpoints(
  service: Service,
  present: Endpoints | undefined,
  wanted: readonly EndpointSubset[],
  triggerTime: string | undefined,
): Endpoints {
  const { subsets, truncated } = truncate(wanted);
  const labels: Record<string, string> = { ...service.metadata?.labels };
  delete labels[headlessLabel];
  if (isHeadless(service)) labels[headlessLabel] = '';
  labels[managedByLabel] = controllerName;
  const annotated = present?.metadata?.annotations?.[overCapacity] !== undefined;
  const current =
    present !== undefined &&
    deepEqual(present.subsets, subsets) &&
    sameBut(headlessLabel, present.metadata?.labels, labels) &&
    annotated === truncated;
  if (current) return present;
  const annotations = withTriggerTime(present?.metadata?.annotations, triggerTime);
  delete annotations[overCapacity];
  if (truncated) annotations[overCapacity] = 'truncated';
  const { namespace, name } = service.metadata ?? {};
  return {
    apiVersion: 'v1',
    kind: 'Endpoints',
    ...present,
    metadata: {
      ...present?.metadata,
      ...(namespace === undefined ? {} : { namespace }),
      ...(name === undefined ? {} : { name }),
      labels,
      annotations,
    },
    subsets: [...subsets],
  };
}

type Labels = Readonly<Record<string, string>>;

function sameBut(key: string, a: Labels | undefined, b: Labels): boolean {
  const without = ({ [key]: _, ...rest }: Labels): Labels => rest;
  return deepEqual(without(a ?? {}), without(b));
}

function setup(context: ControllerContext): void {
  const { client, options } = context;
  const recorder = context.recorder(controllerName);
  const services = context.informer(serviceResource);
  const pods = context.informer(podResource);
  const endpoints = context.informer(endpointsResource);
  indexServices(services);
  const writes = new OwnWrites(endpoints);
  const times = new TriggerTimes();
  const queue = context.queue({ workers: options.concurrentEndpointSyncs, reconcile });
  const wake = (service: Service): void => queue.add(keyOf(service));
  services.addHandler({ added: wake, updated: (_, s) => wake(s), deleted: wake });
  const wakeAll = (keys: Iterable<string>): void => {
    for (const key of keys) queue.add(key);
  };
  pods.addHandler({
    added: (pod) => wakeAll(servicesToUpdate(services, undefined, pod)),
    updated: (old, pod) => wakeAll(servicesToUpdate(services, old, pod)),
    deleted: (pod) => wakeAll(servicesToUpdate(services, pod, undefined)),
  });
  endpoints.addHandler({
    // At the start only: leftovers of services that went while nobody watched. What somebody
    // makes without a service later is theirs, and so are leader locks of old.
    added(object) {
      const lock = object.metadata?.annotations?.[leaderAnnotation] !== undefined;
      if (!endpoints.hasSynced && !lock) queue.add(keyOf(object));
    },
    updated: (_, object) => wakeManaged(object),
    deleted: (object) => wakeManaged(object),
  });

  function wakeManaged(object: Endpoints): void {
    if (services.store.byKey(keyOf(object)) !== undefined) queue.add(keyOf(object));
  }

  async function reconcile(key: string, signal: AbortSignal): Promise<Requeue | undefined> {
    const service = services.store.byKey(key);
    if (service === undefined) {
      times.forget(key);
      writes.forget(key);
      await removeLeftover(key, signal);
      return undefined;
    }
    if (!hasManagedEndpoints(service)) return undefined;
    if (!writes.isCurrent(key)) return { requeueAfterMs: lagMs };
    const own = pods.store
      .list(service.metadata?.namespace ?? '')
      .filter((pod) => selects(service, pod.metadata?.labels ?? {}));
    const time = times.next(key, service, own);
    const present = endpoints.store.byKey(key);
    const wanted = plannedEndpoints(service, present, subsetsOf(service, own), time);
    if (wanted !== present) await write(service, wanted, present === undefined, signal);
    return undefined;
  }

  async function write(
    service: Service,
    wanted: Endpoints,
    create: boolean,
    signal: AbortSignal,
  ): Promise<void> {
    const key = keyOf(service);
    try {
      const written = create
        ? await client.create(endpointsResource, wanted, { signal })
        : await client.update(endpointsResource, wanted, { signal });
      writes.wrote(key, written);
    } catch (e) {
      if (isNamespaceTerminating(e)) return;
      if (!hasReason(e, 'Conflict') && !signal.aborted) {
        const why = e instanceof Error ? e.message : String(e);
        const reason = create ? 'FailedToCreateEndpoint' : 'FailedToUpdateEndpoint';
        const text = create
          ? `Failed to create endpoint for service ${key}: ${why}`
          : `Failed to update endpoint ${key}: ${why}`;
        recorder.event(wanted, 'Warning', reason, text);
      }
      throw e;
    }
  }

  async function removeLeftover(key: string, signal: AbortSignal): Promise<void> {
    if (endpoints.store.byKey(key) === undefined) return;
    try {
      await client.delete(endpointsResource, splitKey(key), { signal });
    } catch (e) {
      if (!hasReason(e, 'NotFound')) throw e;
    }
  }
}
