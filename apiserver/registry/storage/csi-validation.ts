/** The rules of CSIDrivers, CSINodes and CSIStorageCapacities. */
import { carryEmptied } from '../../../machinery/meta/emptied.ts';
import { deepEqual } from '../../../machinery/meta/equality.ts';
import {
  duplicate,
  type FieldError,
  FieldPath,
  invalidValue,
  required,
} from '../../../machinery/meta/field-error.ts';
import { byteLength, isDns1123Subdomain } from '../../../machinery/meta/names.ts';
import {
  validateImmutableField,
  validateLabelSelector,
  validateNonnegative,
} from '../../../machinery/meta/object-meta-validation.ts';
import type { CSIDriver, CSINode, CSIStorageCapacity } from '../../../machinery/schema/wire.ts';
import { selectorValue } from '../apps/selector-validation.ts';
import {
  invalidFor,
  validateNonnegativeQuantity,
  validateOneOf,
  validateQualifiedName,
} from '../core/field-checks.ts';
import { validateCsiDriverName } from '../core/volume/sources.ts';
import { internalForm } from '../internal-form.ts';

const nodeIdLimit = 256;
const minTokenSeconds = 600;
const maxTokenSeconds = 2 ** 32;
const minUpdatePeriodSeconds = 10;
const specPath = FieldPath.of('spec');

type NodeDriver = CSINode['spec']['drivers'][number];

export function validateCsiDriver(next: CSIDriver): FieldError[] {
  const at = specPath;
  const spec = next.spec;
  const errors: FieldError[] = [];
  // The first path is misspelt on the real server.
  if (spec.attachRequired === undefined) errors.push(required(at.child('attachedRequired')));
  for (const f of ['podInfoOnMount', 'storageCapacity'] as const) {
    if (spec[f] === undefined) errors.push(required(at.child(f)));
  }
  if (spec.fsGroupPolicy !== undefined) {
    const policies = ['File', 'None', 'ReadWriteOnceWithFSType'];
    errors.push(...validateOneOf(spec.fsGroupPolicy, policies, at.child('fsGroupPolicy')));
  }
  errors.push(...validateTokenRequests(spec.tokenRequests ?? [], at.child('tokenRequests')));
  for (const mode of spec.volumeLifecycleModes ?? []) {
    const modesAt = at.child('volumeLifecycleModes');
    errors.push(...validateOneOf(mode, ['Persistent', 'Ephemeral'], modesAt));
  }
  if (spec.seLinuxMount === undefined) errors.push(required(at.child('seLinuxMount')));
  const period = spec.nodeAllocatableUpdatePeriodSeconds;
  if (period !== undefined && period < minUpdatePeriodSeconds) {
    const text = `must be greater than or equal to ${minUpdatePeriodSeconds} seconds`;
    errors.push(invalidValue(at.child('nodeAllocatableUpdatePeriodSeconds'), period, text));
  }
  const inSecrets = spec.serviceAccountTokenInSecrets;
  if (inSecrets !== undefined && (spec.tokenRequests ?? []).length === 0) {
    const text = 'serviceAccountTokenInSecrets is set but no tokenRequests are specified';
    errors.push(invalidValue(at.child('serviceAccountTokenInSecrets'), inSecrets, text));
  }
  return errors;
}

export function validateCsiDriverUpdate(next: CSIDriver, prev: CSIDriver): FieldError[] {
  const modes = 'volumeLifecycleModes' as const;
  return [
    ...validateCsiDriver(next),
    ...validateImmutableField(
      next.spec.attachRequired,
      prev.spec.attachRequired,
      specPath.child('attachedRequired'),
    ),
    ...validateImmutableField(next.spec[modes], prev.spec[modes], specPath.child(modes)),
  ];
}

/** What a driver that asks for tokens should say. */
export function csiDriverWarnings(next: CSIDriver, prev: CSIDriver | undefined): string[] {
  const requests = next.spec.tokenRequests ?? [];
  const asksAnew = prev === undefined || !deepEqual(requests, prev.spec.tokenRequests);
  if (!asksAnew || requests.length === 0) return [];
  if (next.spec.serviceAccountTokenInSecrets !== undefined) return [];
  return [
    'spec.serviceAccountTokenInSecrets is unset; if supported by this CSI driver, set to true to ' +
      'prevent possible logging of tokens in volume attributes',
  ];
}

function validateTokenRequests(
  requests: NonNullable<CSIDriver['spec']['tokenRequests']>,
  at: FieldPath,
): FieldError[] {
  const errors: FieldError[] = [];
  const audiences = new Set<string>();
  for (const [i, { audience = '', expirationSeconds }] of requests.entries()) {
    if (audiences.has(audience)) {
      errors.push(duplicate(at.index(i).child('audience'), audience));
      continue;
    }
    audiences.add(audience);
    if (expirationSeconds === undefined) continue;
    const secondsAt = at.index(i).child('expirationSeconds');
    if (expirationSeconds < minTokenSeconds) {
      const text = 'may not specify a duration less than 10 minutes';
      errors.push(invalidValue(secondsAt, expirationSeconds, text));
    }
    if (expirationSeconds > maxTokenSeconds) {
      const text = 'may not specify a duration larger than 2^32 seconds';
      errors.push(invalidValue(secondsAt, expirationSeconds, text));
    }
  }
  return errors;
}

export function validateCsiNode(next: CSINode): FieldError[] {
  const errors: FieldError[] = [];
  const names = new Set<string>();
  for (const [i, driver] of (next.spec.drivers ?? []).entries()) {
    const at = specPath.child('drivers').index(i);
    const name = driver.name ?? '';
    errors.push(...validateNodeDriver(driver, at));
    if (names.has(name)) errors.push(duplicate(at.child('name'), name));
    names.add(name);
    errors.push(...validateTopologyKeys(driver.topologyKeys ?? [], at));
  }
  return errors;
}

/** A driver may come and go and count its volumes anew; the rest of it stays. */
export function validateCsiNodeUpdate(next: CSINode, prev: CSINode): FieldError[] {
  const errors = validateCsiNode(next);
  const fixed = (driver: NodeDriver) => {
    const { allocatable: _, ...rest } = driver;
    carryEmptied(driver, rest);
    return rest;
  };
  for (const before of prev.spec.drivers ?? []) {
    for (const driver of next.spec.drivers ?? []) {
      if (driver.name !== before.name || deepEqual(fixed(driver), fixed(before))) continue;
      const shown = internalForm('storage/v1.CSINodeDriver', fixed(driver));
      errors.push(invalidValue(specPath.child('drivers'), shown, 'field is immutable'));
    }
  }
  return errors;
}

function validateNodeDriver(driver: NodeDriver, at: FieldPath): FieldError[] {
  const { name = '', nodeID = '', allocatable }: Partial<NodeDriver> = driver;
  const idAt = at.child('nodeID');
  const errors = validateCsiDriverName(name, at.child('name'));
  if (nodeID === '') errors.push(required(idAt));
  if (byteLength(nodeID) > nodeIdLimit) {
    errors.push(invalidValue(idAt, nodeID, `must be ${nodeIdLimit} characters or less`));
  }
  const countAt = at.child('allocatable', 'count');
  return [...errors, ...validateNonnegative(allocatable?.count ?? 0, countAt)];
}

/** All problems are reported for the driver, not for the key. */
function validateTopologyKeys(keys: readonly string[], at: FieldPath): FieldError[] {
  const errors: FieldError[] = [];
  const seen = new Set<string>();
  for (const key of keys) {
    if (key === '') errors.push(required(at));
    if (seen.has(key)) errors.push(duplicate(at, key));
    seen.add(key);
    errors.push(...validateQualifiedName(key, at));
  }
  return errors;
}

/** `prev` undefined: the capacity is new. */
export function validateCsiStorageCapacity(
  next: CSIStorageCapacity,
  prev: CSIStorageCapacity | undefined,
): FieldError[] {
  const topologyAt = FieldPath.of('nodeTopology');
  const classAt = FieldPath.of('storageClassName');
  const allowInvalidValues =
    prev !== undefined && validateLabelSelector(prev.nodeTopology, topologyAt).length > 0;
  const className = next.storageClassName ?? '';
  const errors = [
    ...validateLabelSelector(next.nodeTopology, topologyAt, { allowInvalidValues }),
    ...invalidFor(classAt, className, isDns1123Subdomain(className)),
  ];
  if (next.capacity !== undefined) {
    errors.push(...validateNonnegativeQuantity(next.capacity, FieldPath.of('capacity')));
  }
  if (prev === undefined) return errors;
  if (
    !deepEqual(next.nodeTopology, prev.nodeTopology) ||
    (next.nodeTopology === undefined) !== (prev.nodeTopology === undefined)
  ) {
    const shown = selectorValue(next.nodeTopology);
    errors.push(invalidValue(topologyAt, shown, 'field is immutable'));
  }
  if (className !== (prev.storageClassName ?? '')) {
    errors.push(invalidValue(classAt, className, 'field is immutable'));
  }
  return errors;
}
