/** The rules of the devices of ResourceSlices. */

import { deepEqual } from '../../../machinery/meta/equality.ts';
import {
  type FieldError,
  type FieldPath,
  invalidValue,
  notFoundField,
  required,
  tooLong,
} from '../../../machinery/meta/field-error.ts';
import { byteLength } from '../../../machinery/meta/names.ts';
import { parseQuantity } from '../../../machinery/meta/quantity.ts';
import type { ResourceSlice } from '../../../machinery/schema/wire.ts';
import { validateDnsLabel, validateDnsSubdomain } from '../core/field-checks.ts';
import { validateNodeSelector } from '../core/pod/affinity.ts';
import { isNativeResource } from '../core/resource-names.ts';
import { internalForm } from '../internal-form.ts';
import { validateCapacity } from './capacity-policy-validation.ts';
import {
  maxShownQualifiedName,
  validateAttributeName,
  validateBindingConditions,
  validateItems,
  validateMap,
  validateSet,
} from './field-checks.ts';
import { validateTaint } from './taint-validation.ts';

/** A device of a slice. */
export type Device = NonNullable<NonNullable<ResourceSlice['spec']>['devices']>[number];
type Attribute = NonNullable<Device['attributes']>[string];
type Consumption = NonNullable<Device['consumesCounters']>[number];

const maxNames = 32;
const maxAttributeValues = 48;
const maxValueLength = 64;
const maxTaints = 16;
const maxConsumptions = 2;
const maxCounters = 32;
const maxLabel = 63;
const unlimited = { entries: Number.POSITIVE_INFINITY, shownKey: maxShownQualifiedName };

const number = '(0|[1-9]\\d*)';
const preRelease = '(0|[1-9]\\d*|\\d*[a-zA-Z-][0-9a-zA-Z-]*)';
const build = '[0-9a-zA-Z-]+';
const semanticVersion = new RegExp(
  `^${number}\\.${number}\\.${number}(-${preRelease}(\\.${preRelease})*)?` +
    `(\\+${build}(\\.${build})*)?$`,
);

/** `choosesNode`: each device says for itself on which nodes it is. */
export function validateDevice(
  device: Device,
  prev: Device | undefined,
  choosesNode: boolean,
  at: FieldPath,
): FieldError[] {
  const attributes = device.attributes ?? {};
  const capacity = device.capacity ?? {};
  const shared = device.allowMultipleAllocations === true;
  const taintsKept = prev !== undefined && deepEqual(prev.taints ?? [], device.taints ?? []);
  return [
    ...validateDnsLabel(device.name ?? '', at.child('name')),
    ...validateTotals(attributes, Object.keys(capacity).length, at),
    ...validateMap(
      attributes,
      unlimited,
      validateAttributeName,
      validateAttribute,
      at.child('attributes'),
    ),
    ...validateMap(
      capacity,
      unlimited,
      validateAttributeName,
      (c, p) => validateCapacity(c, shared, p),
      at.child('capacity'),
    ),
    ...(taintsKept
      ? []
      : validateItems(device.taints, maxTaints, validateTaint, at.child('taints'))),
    ...validateSet(
      device.consumesCounters,
      maxConsumptions,
      validateConsumption,
      (c) => c.counterSet ?? '',
      at.child('consumesCounters'),
    ),
    ...validateNodeChoice(device, choosesNode, at),
    ...validateBindingConditions(device, at),
    ...validateMappings(device, at.child('nodeAllocatableResourceMappings')),
  ];
}

function listsOf(a: Attribute): (readonly unknown[])[] {
  return [a.bools, a.ints, a.strings, a.versions].filter((l) => l !== undefined && l !== null);
}

function validateTotals(
  attributes: Readonly<Record<string, Attribute>>,
  capacities: number,
  at: FieldPath,
): FieldError[] {
  const errors: FieldError[] = [];
  const names = Object.keys(attributes).length + capacities;
  if (names > maxNames) {
    const text = `the total number of attributes and capacities must not exceed ${maxNames}`;
    errors.push(invalidValue(at, names, text));
  }
  const values = Object.values(attributes).reduce(
    (sum, a) => sum + (listsOf(a).reduce((n, l) => n + l.length, 0) || 1),
    0,
  );
  if (values > maxAttributeValues) {
    const text = `the total number of attribute values must not exceed ${maxAttributeValues}`;
    errors.push(invalidValue(at, values, text));
  }
  return errors;
}

function validateString(value: string, at: FieldPath): FieldError[] {
  return byteLength(value) > maxValueLength ? [tooLong(at, maxValueLength)] : [];
}

function validateVersion(value: string, at: FieldPath): FieldError[] {
  const text = 'must be a string compatible with semver.org spec 2.0.0';
  return [
    ...(semanticVersion.test(value) ? [] : [invalidValue(at, value, text)]),
    ...validateString(value, at),
  ];
}

function validateAttribute(a: Attribute, at: FieldPath): FieldError[] {
  const errors: FieldError[] = [];
  const given = <T>(value: T | null | undefined): value is T =>
    value !== undefined && value !== null;
  if (given(a.string)) errors.push(...validateString(a.string, at.child('string')));
  if (given(a.version)) errors.push(...validateVersion(a.version, at.child('version')));
  for (const name of ['bools', 'ints', 'strings', 'versions'] as const) {
    const list = a[name];
    if (!given(list)) continue;
    const here = at.child(name);
    if (list.length === 0) errors.push(invalidValue(here, list, 'must not be empty if specified'));
    if (name !== 'strings' && name !== 'versions') continue;
    const check = name === 'strings' ? validateString : validateVersion;
    errors.push(...a[name]!.flatMap((v, i) => check(v, here.index(i))));
  }
  const single = [a.bool, a.int, a.string, a.version].filter(given).length;
  const count = single + listsOf(a).length;
  if (count === 1) return errors;
  const shown = count === 0 ? '' : internalForm('resource/v1.DeviceAttribute', a);
  return [...errors, invalidValue(at, shown, 'exactly one value must be specified')];
}

function validateConsumption(c: Consumption, at: FieldPath): FieldError[] {
  const name = at.child('counterSet');
  return [
    ...(c.counterSet ? validateDnsLabel(c.counterSet, name) : [required(name)]),
    ...validateCounters(c.counters, at.child('counters')),
  ];
}

/** Named amounts, of which there is at least one. */
export function validateCounters(
  counters: Readonly<Record<string, object>> | null | undefined,
  at: FieldPath,
): FieldError[] {
  if (Object.keys(counters ?? {}).length === 0) return [required(at)];
  const limits = { entries: maxCounters, shownKey: maxLabel };
  return validateMap(counters, limits, validateDnsLabel, () => [], at);
}

function validateNodeChoice(device: Device, choosesNode: boolean, at: FieldPath): FieldError[] {
  const nodeName = device.nodeName ?? undefined;
  const selector = device.nodeSelector ?? undefined;
  const allNodes = device.allNodes ?? undefined;
  if (!choosesNode) {
    if (nodeName === undefined && selector === undefined && allNodes === undefined) return [];
    const text =
      '`nodeName`, `nodeSelector` and `allNodes` can only be set if `perDeviceNodeSelection` is ' +
      'set to true in the ResourceSlice spec';
    return [invalidValue(at, null, text)];
  }
  const errors: FieldError[] = [];
  const set: string[] = [];
  if (nodeName === '') {
    errors.push(invalidValue(at.child('nodeName'), '', 'must not be empty'));
  } else if (nodeName !== undefined) {
    set.push('`nodeName`');
    errors.push(...validateDnsSubdomain(nodeName, at.child('nodeName')));
  }
  if (selector !== undefined) {
    set.push('`nodeSelector`');
    errors.push(...validateNodeSelector(selector, at.child('nodeSelector')));
  }
  if (allNodes === true) set.push('`allNodes`');
  else if (allNodes === false) {
    const text = 'must be either unset or set to true';
    errors.push(invalidValue(at.child('allNodes'), false, text));
  }
  const text =
    'exactly one of `nodeName`, `nodeSelector`, or `allNodes` is required when ' +
    '`perDeviceNodeSelection` is set to true in the ResourceSlice spec';
  if (set.length === 0) return [...errors, required(at, text)];
  return set.length === 1 ? errors : [...errors, invalidValue(at, `{${set.join(', ')}}`, text)];
}

function validateMappings(device: Device, at: FieldPath): FieldError[] {
  const errors: FieldError[] = [];
  const mappings = device.nodeAllocatableResourceMappings ?? {};
  for (const name of Object.keys(mappings).toSorted()) {
    const mapping = mappings[name]!;
    const here = at.key(name);
    if (!isNativeResource(name)) {
      errors.push(invalidValue(here, name, 'must be a node allocatable resource name'));
    }
    const factor = mapping.allocationMultiplier ?? undefined;
    const key = mapping.capacityKey ?? undefined;
    if (factor === undefined && key === undefined) {
      const text = 'at least one of allocationMultiplier or capacityKey must be set';
      errors.push(invalidValue(here, '', text));
    }
    if (factor !== undefined && parseQuantity(factor).sign() <= 0) {
      const shown = parseQuantity(factor).toString();
      errors.push(invalidValue(here.child('allocationMultiplier'), shown, 'must be positive'));
    }
    const keyAt = here.child('capacityKey');
    if (key === '') {
      errors.push(invalidValue(keyAt, '', 'capacityKey must not be an empty string'));
    } else if (key !== undefined && !Object.hasOwn(device.capacity ?? {}, key)) {
      errors.push(notFoundField(keyAt, key));
    }
  }
  return errors;
}
