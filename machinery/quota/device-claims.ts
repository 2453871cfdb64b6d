/**
 * What resource claims use of quotas: devices by class, and what they count for where a class
 * stands for an extended resource. API: core/v1 ResourceQuota, resource.k8s.io/v1 ResourceClaim.
 */
import { Quantity } from '../meta/quantity.ts';
import type { DeviceClass, ResourceClaim } from '../schema/wire.ts';
import { type Amounts, addAmounts } from './amounts.ts';
import type { QuotaEvaluator } from './evaluators.ts';

const countOfClaims = 'count/resourceclaims.resource.k8s.io';
const devicesSuffix = '.deviceclass.resource.k8s.io/devices';
const implicitPrefix = 'deviceclass.resource.kubernetes.io/';
/** Of a request for all devices of a class: no allocation has more. */
const mostDevices = 32;

/** True for names that claims may count for, whatever device classes there are. */
export function mayCountClaims(name: string): boolean {
  const extended = name.startsWith('requests.') && name.includes('/');
  return name === countOfClaims || name.endsWith(devicesSuffix) || extended;
}

/** What of a device class matters here. */
export type CountedClass = Pick<DeviceClass, 'metadata' | 'spec'>;

/** Counts claims as the device classes are at each call. */
export function resourceClaimEvaluator(
  classes: () => Iterable<CountedClass>,
): QuotaEvaluator<ResourceClaim> {
  return {
    group: 'resource.k8s.io',
    plural: 'resourceclaims',
    tracks(name) {
      if (name === countOfClaims || name.endsWith(devicesSuffix)) return true;
      if (!name.startsWith('requests.')) return false;
      const resource = name.slice('requests.'.length);
      return [...classes()].some(
        (c) =>
          c.spec.extendedResourceName === resource ||
          `${implicitPrefix}${c.metadata?.name}` === resource,
      );
    },
    usage(claim) {
      const used: Amounts = new Map([[countOfClaims, Quantity.of(1)]]);
      const devices = devicesOf(claim);
      if (devices.size === 0) return used;
      const extended = new Map(
        [...classes()].map((c) => [c.metadata?.name ?? '', c.spec.extendedResourceName]),
      );
      for (const [name, count] of devices) {
        used.set(name + devicesSuffix, count);
        if (name === '' || count.sign() <= 0) continue;
        used.set(`requests.${implicitPrefix}${name}`, count);
        const resource = extended.get(name);
        if (resource) used.set(`requests.${resource}`, count);
      }
      return used;
    },
    inScope: () => false,
  };
}

type DeviceRequest = NonNullable<NonNullable<ResourceClaim['spec']['devices']>['requests']>[number];

/** By class; of alternatives the one of each class that takes the most. */
function devicesOf({ spec }: ResourceClaim): Amounts {
  const sums: Amounts = new Map();
  for (const request of spec.devices?.requests ?? []) addAmounts(sums, worstCase(request));
  return sums;
}

function worstCase({ exactly, firstAvailable }: DeviceRequest): Amounts {
  const most: Amounts = new Map();
  for (const choice of firstAvailable ?? []) {
    const count = countOf(choice);
    const before = most.get(choice.deviceClassName) ?? Quantity.zero;
    if (count.cmp(before) > 0) most.set(choice.deviceClassName, count);
  }
  if ((firstAvailable ?? []).length === 0 && exactly !== undefined) {
    most.set(exactly.deviceClassName, countOf(exactly));
  }
  return most;
}

/** Modes of later versions count nothing. */
function countOf(request: { allocationMode?: string; count?: number }): Quantity {
  const { allocationMode = 'ExactCount', count } = request;
  if (allocationMode === 'All') return Quantity.of(mostDevices);
  return Quantity.of(allocationMode === 'ExactCount' ? (count ?? 1) : 0);
}
