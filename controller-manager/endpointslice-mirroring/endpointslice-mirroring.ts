/** Mirrors Endpoints of services without a selector to slices, for those who only read slices. */
import {
  endpoints as endpointsResource,
  services as serviceResource,
} from '../../client/resources.ts';
import { keyOf } from '../../client/store.ts';
import type { EndpointSlice, Endpoints, Service } from '../../machinery/schema/wire.ts';
import { type ControllerContext, defineController, type Requeue } from '../controller.ts';
import { indexSlices, serviceKeyOf } from '../endpointslice/endpointslice.ts';
import { SliceWriter } from '../endpointslice/slice-writer.ts';
import { managedByLabel } from '../endpointslice/slices.ts';
import { isNamespaceTerminating } from '../pods/pod-control.ts';
import { mirrorName, planMirror } from './mirror.ts';

const skipLabel = 'endpointslice.kubernetes.io/skip-mirror';
const leaderAnnotation = 'control-plane.alpha.kubernetes.io/leader';
const lagMs = 100;
const retryMs = 1_000;
const maxRetryMs = 100_000;

export const endpointSliceMirroringController = defineController({
  name: 'endpointslice-mirroring-controller',
  aliases: ['endpointslicemirroring'],
  serviceAccount: 'endpointslicemirroring-controller',
  setup,
});

function isMirrored({ metadata }: Endpoints): boolean {
  return (
    metadata?.labels?.[skipLabel] !== 'true' &&
    metadata?.annotations?.[leaderAnnotation] === undefined
  );
}

function setup(context: ControllerContext): void {
  const { client, options } = context;
  const recorder = context.recorder('endpoint-slice-mirroring-controller');
  const services = context.informer(serviceResource);
  const endpoints = context.informer(endpointsResource);
  const { slices, of } = indexSlices(context);
  const writer = new SliceWriter(client, slices);
  const queue = context.queue({
    name: 'endpoint_slice_mirroring',
    workers: options.mirroringConcurrentServiceEndpointSyncs,
    reconcile,
    baseDelayMs: retryMs,
    maxDelayMs: maxRetryMs,
  });
  const wake = (object: Endpoints | Service): void => queue.add(keyOf(object));
  endpoints.addHandler({
    added: (e) => {
      if (isMirrored(e)) wake(e);
    },
    updated: (old, e) => {
      if (isMirrored(old) || isMirrored(e)) wake(e);
    },
    deleted: (e) => {
      if (isMirrored(e)) wake(e);
    },
  });
  const isBare = (service: Service): boolean => service.spec?.selector === undefined;
  services.addHandler({
    added: (service) => {
      if (isBare(service)) wake(service);
    },
    updated: (old, service) => {
      if (isBare(old) !== isBare(service)) wake(service);
    },
    deleted: (service) => {
      if (isBare(service)) wake(service);
    },
  });
  const isOurs = (s: EndpointSlice): boolean => s.metadata?.labels?.[managedByLabel] === mirrorName;
  slices.addHandler({
    added: noteSlice,
    updated(old, slice) {
      if (serviceKeyOf(old) !== serviceKeyOf(slice) || isOurs(old) !== isOurs(slice)) {
        if (isOurs(old)) queue.add(serviceKeyOf(old));
        if (isOurs(slice)) queue.add(serviceKeyOf(slice));
      } else noteSlice(slice);
    },
    deleted(slice) {
      if (isOurs(slice)) queue.add(serviceKeyOf(slice));
    },
  });

  function noteSlice(slice: EndpointSlice): void {
    if (isOurs(slice) && !writer.isOwnWork(slice)) queue.add(serviceKeyOf(slice));
  }

  async function reconcile(key: string, signal: AbortSignal): Promise<Requeue | undefined> {
    const object = endpoints.store.byKey(key);
    const service = services.store.byKey(key);
    if (!writer.isCurrent(key)) return { requeueAfterMs: lagMs };
    const present = of(key, mirrorName).filter((s) => s.metadata?.deletionTimestamp === undefined);
    if (object === undefined || service === undefined || !isMirrored(object) || !isBare(service)) {
      await writer.write(key, { create: [], update: [], remove: present }, signal);
      if (object === undefined || service === undefined) writer.forget(key);
      return undefined;
    }
    const max = options.mirroringMaxEndpointsPerSubset;
    const plan = planMirror(object, present, max);
    if (plan.invalid > 0) {
      const text = `Skipped ${plan.invalid} invalid IP addresses when mirroring to EndpointSlices`;
      recorder.event(object, 'Warning', 'InvalidIPAddress', text);
    }
    if (plan.skipped > plan.invalid) {
      const text =
        `A max of ${max} addresses can be mirrored to EndpointSlices per Endpoints subset. ` +
        `${plan.skipped} addresses were skipped`;
      recorder.event(object, 'Warning', 'TooManyAddressesToMirror', text);
    }
    const going = object.metadata?.deletionTimestamp !== undefined;
    try {
      await writer.write(key, { ...plan, ...(going ? { create: [] } : {}) }, signal);
    } catch (e) {
      if (!isNamespaceTerminating(e)) throw e;
    }
    return undefined;
  }
}
