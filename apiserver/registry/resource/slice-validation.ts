/** The rules of ResourceSlices. */

import { wasSent } from '../../../machinery/meta/emptied.ts';
import {
  type FieldError,
  FieldPath,
  invalidValue,
  required,
} from '../../../machinery/meta/field-error.ts';
import { validateImmutableField } from '../../../machinery/meta/object-meta-validation.ts';
import type { ResourceSlice } from '../../../machinery/schema/wire.ts';
import { validateDnsLabel, validateDnsSubdomain } from '../core/field-checks.ts';
import { validateNodeSelector } from '../core/pod/affinity.ts';
import { validateCsiDriverName } from '../core/volume/sources.ts';
import { internalList } from '../internal-form.ts';
import { type Device, validateCounters, validateDevice } from './device-validation.ts';
import { validatePoolName, validateSet } from './field-checks.ts';

type Spec = NonNullable<ResourceSlice['spec']>;
type CounterSet = NonNullable<Spec['sharedCounters']>[number];

const maxDevices = 128;
const maxAdvancedDevices = 64;
const maxCounterSets = 8;
const path = FieldPath.of('spec');

/** A new slice. */
export function validateSlice(next: ResourceSlice): FieldError[] {
  return validateSpec(next.spec!, undefined);
}

/** A changed slice: driver, pool and node stay. */
export function validateSliceUpdate(next: ResourceSlice, prev: ResourceSlice): FieldError[] {
  return validateSpec(next.spec!, prev.spec!);
}

function validateSpec(spec: Spec, prev: Spec | undefined): FieldError[] {
  const errors = [
    ...validateCsiDriverName(spec.driver ?? '', path.child('driver')),
    ...validatePool(spec.pool, path.child('pool')),
  ];
  if (prev !== undefined) {
    errors.push(
      ...validateImmutableField(spec.pool.name, prev.pool.name, path.child('pool', 'name')),
      ...validateImmutableField(spec.driver, prev.driver, path.child('driver')),
      ...validateImmutableField(
        spec.nodeName ?? null,
        prev.nodeName ?? null,
        path.child('nodeName'),
      ),
    );
  }
  errors.push(...validateNodeChoice(spec));
  // Present but empty counts here too.
  if (wasSent(spec, 'sharedCounters') && wasSent(spec, 'devices')) {
    errors.push(invalidValue(path, '', 'only one of `sharedCounters` or `devices` is allowed'));
  }
  const devices = spec.devices ?? [];
  const choosesNode = spec.perDeviceNodeSelection === true;
  return [
    ...errors,
    ...validateSet(
      devices,
      devices.some(isAdvanced) ? maxAdvancedDevices : maxDevices,
      (d, at) => {
        const before = prev?.devices?.find((p) => p.name === d.name);
        return validateDevice(d, before, choosesNode, at);
      },
      (d) => d.name ?? '',
      path.child('devices'),
    ),
    ...validateSet(
      spec.sharedCounters,
      maxCounterSets,
      validateCounterSet,
      (c) => c.name ?? '',
      path.child('sharedCounters'),
    ),
  ];
}

function validatePool(pool: Spec['pool'], at: FieldPath): FieldError[] {
  const errors = validatePoolName(pool.name ?? '', at.child('name'));
  const count = pool.resourceSliceCount ?? 0;
  if (count <= 0) {
    errors.push(invalidValue(at.child('resourceSliceCount'), count, 'must be greater than zero'));
  }
  if (pool.generation < 0) {
    const text = 'must be greater than or equal to zero';
    errors.push(invalidValue(at.child('generation'), pool.generation, text));
  }
  return errors;
}

function validateNodeChoice(spec: Spec): FieldError[] {
  const errors: FieldError[] = [];
  const set: string[] = [];
  const nodeName = spec.nodeName ?? undefined;
  const nodeNameAt = path.child('nodeName');
  if (nodeName === '') {
    const text = 'must be either unset or set to a non-empty string';
    errors.push(invalidValue(nodeNameAt, nodeName, text));
  } else if (nodeName !== undefined) {
    set.push('`nodeName`');
    errors.push(...validateDnsSubdomain(nodeName, nodeNameAt));
  }
  if (spec.nodeSelector) {
    set.push('`nodeSelector`');
    const at = path.child('nodeSelector');
    errors.push(...validateNodeSelector(spec.nodeSelector, at));
    const terms = spec.nodeSelector.nodeSelectorTerms ?? undefined;
    if (terms?.length !== 1) {
      const shown = internalList('core/v1.NodeSelectorTerm', terms);
      const text = 'must have exactly one node selector term';
      errors.push(invalidValue(at.child('nodeSelectorTerms'), shown, text));
    }
  }
  for (const name of ['allNodes', 'perDeviceNodeSelection'] as const) {
    if (spec[name] === true) set.push(`\`${name}\``);
    else if (spec[name] === false) {
      const text = 'must be either unset or set to true';
      errors.push(invalidValue(path.child(name), false, text));
    }
  }
  const text =
    'exactly one of `nodeName`, `nodeSelector`, `allNodes`, `perDeviceNodeSelection` is required';
  if (set.length === 1) return errors;
  if (set.length === 0) return [...errors, required(path, text)];
  const shown = `{${set.join(', ')}}`;
  return [...errors, invalidValue(path, shown, `${text}, but multiple fields are set`)];
}

/** Slices whose devices do more hold fewer of them. */
function isAdvanced(d: Device): boolean {
  if ((d.taints ?? []).length > 0 || (d.consumesCounters ?? []).length > 0) return true;
  return Object.values(d.attributes ?? {}).some((a) =>
    [a.bools, a.ints, a.strings, a.versions].some((l) => (l ?? null) !== null),
  );
}

function validateCounterSet(set: CounterSet, at: FieldPath): FieldError[] {
  const name = at.child('name');
  return [
    ...(set.name ? validateDnsLabel(set.name, name) : [required(name)]),
    ...validateCounters(set.counters, at.child('counters')),
  ];
}
