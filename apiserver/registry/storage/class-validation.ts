/** The rules of StorageClasses and VolumeAttributesClasses. */
import { wasSent } from '../../../machinery/meta/emptied.ts';
import { deepEqual } from '../../../machinery/meta/equality.ts';
import {
  duplicate,
  type FieldError,
  FieldPath,
  forbiddenField,
  invalidValue,
  notSupported,
  required,
  tooLong,
} from '../../../machinery/meta/field-error.ts';
import { byteLength } from '../../../machinery/meta/names.ts';
import { validateLabelName } from '../../../machinery/meta/object-meta-validation.ts';
import type { StorageClass, VolumeAttributesClass } from '../../../machinery/schema/wire.ts';
import { validateQualifiedName } from '../core/field-checks.ts';

const parametersLimitBytes = 256 * 1024;
const maxParameters = 512;
const reclaimPolicies = ['Delete', 'Retain'];
const bindingModes = ['Immediate', 'WaitForFirstConsumer'];

type Parameters = Readonly<Record<string, string>>;
type Term = NonNullable<StorageClass['allowedTopologies']>[number];
type Requirement = NonNullable<Term['matchLabelExpressions']>[number];

export function validateStorageClass(next: StorageClass): FieldError[] {
  const errors = [
    ...validateProvisioner(next.provisioner ?? '', FieldPath.of('provisioner')),
    ...validateParameters(next.parameters ?? {}, true, FieldPath.of('parameters')),
  ];
  const { reclaimPolicy, volumeBindingMode: mode } = next;
  if (reclaimPolicy && !reclaimPolicies.includes(reclaimPolicy)) {
    errors.push(notSupported(FieldPath.of('reclaimPolicy'), reclaimPolicy, reclaimPolicies));
  }
  const modeAt = FieldPath.of('volumeBindingMode');
  if (mode === undefined) errors.push(required(modeAt));
  else if (!bindingModes.includes(mode)) errors.push(notSupported(modeAt, mode, bindingModes));
  const topologies = next.allowedTopologies ?? [];
  return [...errors, ...validateTopologies(topologies, FieldPath.of('allowedTopologies'))];
}

export function validateStorageClassUpdate(next: StorageClass, prev: StorageClass): FieldError[] {
  const errors = validateStorageClass(next);
  for (const f of ['parameters', 'provisioner', 'reclaimPolicy', 'volumeBindingMode'] as const) {
    if (deepEqual(next[f], prev[f])) continue;
    const value = next[f];
    const none = f === 'parameters' && wasSent(next, f) ? {} : null;
    const shown = typeof value === 'object' ? sortedMap(value) : (value ?? none);
    errors.push(invalidValue(FieldPath.of(f), shown, 'field is immutable'));
  }
  return errors;
}

export function validateVolumeAttributesClass(next: VolumeAttributesClass): FieldError[] {
  return [
    ...validateProvisioner(next.driverName ?? '', FieldPath.of('driverName')),
    ...validateParameters(next.parameters ?? {}, false, FieldPath.of('parameters')),
  ];
}

export function validateVolumeAttributesClassUpdate(
  next: VolumeAttributesClass,
  prev: VolumeAttributesClass,
): FieldError[] {
  const errors: FieldError[] = [];
  if (next.driverName !== prev.driverName) {
    const text = 'updates to driverName are forbidden.';
    errors.push(forbiddenField(FieldPath.of('driverName'), text));
  }
  if (!deepEqual(next.parameters, prev.parameters)) {
    const text = 'updates to parameters are forbidden.';
    errors.push(forbiddenField(FieldPath.of('parameters'), text));
  }
  return [...errors, ...validateVolumeAttributesClass(next)];
}

function validateProvisioner(name: string, at: FieldPath): FieldError[] {
  return name === '' ? [required(at)] : validateQualifiedName(name.toLowerCase(), at);
}

function validateParameters(params: Parameters, mayBeEmpty: boolean, at: FieldPath): FieldError[] {
  const entries = Object.entries(params);
  if (entries.length > maxParameters) return [tooLong(at, maxParameters)];
  const errors: FieldError[] = [];
  let sizeBytes = 0;
  for (const [key, value] of entries) {
    if (key === '') errors.push(invalidValue(at, key, 'field can not be empty.'));
    sizeBytes += byteLength(key) + byteLength(value);
  }
  if (sizeBytes > parametersLimitBytes) errors.push(tooLong(at, parametersLimitBytes));
  if (!mayBeEmpty && entries.length === 0) {
    errors.push(required(at, 'must contain at least one key/value pair'));
  }
  return errors;
}

/** No two terms alike. One without expressions counts once more per term, as upstream counts. */
function validateTopologies(terms: readonly Term[], at: FieldPath): FieldError[] {
  const errors: FieldError[] = [];
  const seen: string[] = terms.map(() => '[]');
  for (const [i, term] of terms.entries()) {
    const expressionsAt = at.index(i).child('matchLabelExpressions');
    const values = new Map<string, string[]>();
    for (const [j, r] of (term.matchLabelExpressions ?? []).entries()) {
      errors.push(...validateRequirement(r, expressionsAt.index(j)));
      if (values.has(r.key)) errors.push(duplicate(expressionsAt.index(j).child('key'), r.key));
      values.set(r.key, [...new Set(r.values ?? [])].sort());
    }
    const form = JSON.stringify([...values].sort(([a], [b]) => (a < b ? -1 : 1)));
    for (const other of seen) if (other === form) errors.push(duplicate(expressionsAt, ''));
    seen.push(form);
  }
  return errors;
}

function validateRequirement(r: Requirement, at: FieldPath): FieldError[] {
  const errors: FieldError[] = [];
  const values = r.values ?? [];
  const valuesAt = at.child('values');
  if (values.length === 0) errors.push(required(valuesAt));
  const seen = new Set<string>();
  for (const [i, value] of values.entries()) {
    if (seen.has(value)) errors.push(duplicate(valuesAt.index(i), value));
    seen.add(value);
  }
  return [...errors, ...validateLabelName(r.key ?? '', at.child('key'))];
}

function sortedMap(map: Parameters): Parameters {
  return Object.fromEntries(Object.entries(map).sort(([a], [b]) => (a < b ? -1 : 1)));
}
