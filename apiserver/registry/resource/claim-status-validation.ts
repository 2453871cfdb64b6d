/** The rules of the status of ResourceClaims. */
import { deepEqual } from '../../../machinery/meta/equality.ts';
import {
  type FieldError,
  FieldPath,
  forbiddenField,
  invalidValue,
  required,
  tooLong,
  tooMany,
} from '../../../machinery/meta/field-error.ts';
import { validateInterfaceAddress } from '../../../machinery/meta/ip.ts';
import { byteLength } from '../../../machinery/meta/names.ts';
import {
  validateConditions,
  validateImmutableField,
} from '../../../machinery/meta/object-meta-validation.ts';
import type { ResourceClaim } from '../../../machinery/schema/wire.ts';
import { validateDnsLabel, validateOneOf } from '../core/field-checks.ts';
import { validateNodeSelector } from '../core/pod/affinity.ts';
import { validateCsiDriverName } from '../core/volume/sources.ts';
import { internalForm } from '../internal-form.ts';
import {
  maxConfigs,
  type RequestNames,
  requestNames,
  validateConfig,
  validateRequestRef,
  validateRequestRefs,
} from './claim-spec-validation.ts';
import {
  validateBindingConditions,
  validateItems,
  validatePoolName,
  validateRawObject,
  validateSet,
  validateUid,
} from './field-checks.ts';

type Status = NonNullable<ResourceClaim['status']>;
type Allocation = NonNullable<Status['allocation']>;
type AllocatedDevices = NonNullable<Allocation['devices']>;
type Result = NonNullable<AllocatedDevices['results']>[number];
type AllocatedConfig = NonNullable<AllocatedDevices['config']>[number];
type Consumer = NonNullable<Status['reservedFor']>[number];
type DeviceStatus = NonNullable<Status['devices']>[number];

const maxConsumers = 256;
const maxResults = 32;
const maxConditions = 8;
const maxData = 10 * 1024;
const maxInterfaceName = 256;
const maxHardwareAddress = 128;
const maxIps = 16;
const path = FieldPath.of('status');

/** A changed status. */
export function validateClaimStatus(next: ResourceClaim, prev: ResourceClaim): FieldError[] {
  const status = next.status ?? {};
  const allocation = status.allocation ?? undefined;
  const before = prev.status?.allocation ?? undefined;
  const allocated = new Set((allocation?.devices?.results ?? []).map((r) => textOf(deviceOf(r))));
  const reserved = path.child('reservedFor');
  const errors = [
    ...validateSet(
      status.reservedFor,
      maxConsumers,
      validateConsumer,
      (c) => c.uid ?? '',
      reserved,
    ),
    ...validateSet(
      status.devices,
      Number.POSITIVE_INFINITY,
      (d, at) => validateDevice(d, allocated, at),
      deviceOf,
      path.child('devices'),
    ),
    ...validateReservation(next, prev, reserved),
  ];
  if (allocation === undefined) return errors;
  const at = path.child('allocation');
  if (before === undefined) {
    return [...errors, ...validateAllocation(allocation, requestNames(next.spec), at)];
  }
  if (deepEqual(allocation, before)) return errors;
  const shown = internalForm('resource/v1.AllocationResult', allocation);
  return [...errors, ...validateImmutableField(shown, before, at)];
}

/** Consumers need an allocation; a claim on its way out gets no new ones. */
function validateReservation(
  next: ResourceClaim,
  prev: ResourceClaim,
  at: FieldPath,
): FieldError[] {
  const consumers = next.status?.reservedFor ?? [];
  if (consumers.length === 0) return [];
  if (!next.status?.allocation) {
    return [forbiddenField(at, 'may not be specified when `allocated` is not set')];
  }
  if (next.metadata?.deletionTimestamp === undefined) return [];
  const before = new Set((prev.status?.reservedFor ?? []).map(textOf));
  if (consumers.every((c) => before.has(textOf(c)))) return [];
  const text =
    'new entries may not be added while `deallocationRequested` or `deletionTimestamp` are set';
  return [forbiddenField(at, text)];
}

function textOf(value: object): string {
  return JSON.stringify(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1)));
}

function validateConsumer(c: Consumer, at: FieldPath): FieldError[] {
  return (['resource', 'name', 'uid'] as const).flatMap((f) =>
    c[f] ? [] : [required(at.child(f))],
  );
}

/** What tells an allocated device from others, as the real server's messages show it. */
function deviceOf(d: Pick<Result, 'driver' | 'pool' | 'device' | 'shareID'>): object {
  return {
    Driver: d.driver ?? '',
    Pool: d.pool ?? '',
    Device: d.device ?? '',
    ShareID: d.shareID ?? '',
  };
}

function validateAllocation(a: Allocation, names: RequestNames, at: FieldPath): FieldError[] {
  const devices = at.child('devices');
  return [
    ...validateItems(
      a.devices?.results,
      maxResults,
      (r, p) => validateResult(r, names, p),
      devices.child('results'),
    ),
    ...validateItems(
      a.devices?.config,
      2 * maxConfigs,
      (c, p) => validateAllocatedConfig(c, names, p),
      devices.child('config'),
    ),
    ...(a.nodeSelector ? validateNodeSelector(a.nodeSelector, at.child('nodeSelector')) : []),
  ];
}

function validateResult(r: Result, names: RequestNames, at: FieldPath): FieldError[] {
  return [
    ...validateRequestRef(r.request ?? '', names, at.child('request')),
    ...validateDeviceNames(r, at),
    ...validateBindingConditions(r, at),
    ...(r.shareID ? validateUid(r.shareID, at.child('shareID')) : []),
  ];
}

function validateDeviceNames(
  d: Pick<Result, 'driver' | 'pool' | 'device'>,
  at: FieldPath,
): FieldError[] {
  return [
    ...validateCsiDriverName(d.driver ?? '', at.child('driver')),
    ...validatePoolName(d.pool ?? '', at.child('pool')),
    ...validateDnsLabel(d.device ?? '', at.child('device')),
  ];
}

function validateAllocatedConfig(
  c: AllocatedConfig,
  names: RequestNames,
  at: FieldPath,
): FieldError[] {
  const source = at.child('source');
  return [
    ...(c.source
      ? validateOneOf(c.source, ['FromClaim', 'FromClass'], source)
      : [required(source)]),
    ...validateRequestRefs(c.requests, names, at),
    ...validateConfig(c, at),
  ];
}

function validateDevice(
  d: DeviceStatus,
  allocated: ReadonlySet<string>,
  at: FieldPath,
): FieldError[] {
  const errors = validateDeviceNames(d, at);
  if (d.shareID) errors.push(...validateUid(d.shareID, at.child('shareID')));
  const id = deviceOf(d);
  if (!allocated.has(textOf(id))) {
    errors.push(invalidValue(at, id, 'must be an allocated device in the claim'));
  }
  const conditions = d.conditions ?? [];
  const conditionsAt = at.child('conditions');
  if (conditions.length > maxConditions) {
    errors.push(tooMany(conditionsAt, conditions.length, maxConditions));
  }
  errors.push(...validateConditions(conditions, conditionsAt));
  if (d.data !== undefined && d.data !== null) {
    errors.push(...validateRawObject(d.data, maxData, at.child('data')));
  }
  return [...errors, ...validateNetworkData(d.networkData, at.child('networkData'))];
}

function validateNetworkData(
  data: DeviceStatus['networkData'] | null,
  at: FieldPath,
): FieldError[] {
  if (!data) return [];
  const limited = (value: string | undefined, max: number, p: FieldPath): FieldError[] =>
    byteLength(value ?? '') > max ? [tooLong(p, max)] : [];
  return [
    ...limited(data.interfaceName, maxInterfaceName, at.child('interfaceName')),
    ...limited(data.hardwareAddress, maxHardwareAddress, at.child('hardwareAddress')),
    ...validateSet(data.ips, maxIps, validateInterfaceAddress, (ip) => ip, at.child('ips')),
  ];
}
