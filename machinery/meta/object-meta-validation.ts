/**
 * Checks of metadata and of the selectors and conditions many kinds share. Order and texts are
 * those of the real server; maps are walked in key order (there the order is random).
 */
import type {
  Condition,
  LabelSelector,
  ManagedFieldsEntry,
  ObjectMeta,
  OwnerReference,
} from '../schema/wire.ts';
import { deepEqual } from './equality.ts';
import {
  duplicate,
  type FieldError,
  FieldPath,
  forbiddenField,
  invalidValue,
  notSupported,
  quote,
  required,
  tooLong,
} from './field-error.ts';
import {
  byteLength,
  isLabelValue,
  isQualifiedName,
  nameIsDnsLabel,
  type ObjectNameCheck,
  patternProblem,
} from './names.ts';

/** What a kind says about its metadata. */
export interface MetaRules {
  readonly namespaced: boolean;
  readonly nameFn: ObjectNameCheck;
}

const metadata = FieldPath.of('metadata');
const annotationsLimitBytes = 256 * 1024;
const managerLimitBytes = 128;
const subresourceLimitBytes = 256;
const reasonLimitBytes = 1024;
const messageLimitBytes = 32 * 1024;

/** Checks metadata of an object to be created, its name generated already. */
export function validateObjectMeta(
  meta: ObjectMeta,
  rules: MetaRules,
  at: FieldPath = metadata,
): FieldError[] {
  const errors: FieldError[] = [];
  const generateName = meta.generateName ?? '';
  if (generateName !== '') {
    for (const p of rules.nameFn(generateName, true)) {
      errors.push(invalidValue(at.child('generateName'), generateName, p));
    }
  }
  const name = meta.name ?? '';
  if (name === '') {
    errors.push(required(at.child('name'), 'name or generateName is required'));
  } else {
    for (const p of rules.nameFn(name, false)) {
      errors.push(invalidValue(at.child('name'), name, p));
    }
  }
  const namespace = meta.namespace ?? '';
  if (!rules.namespaced) {
    if (namespace !== '') {
      errors.push(forbiddenField(at.child('namespace'), 'not allowed on this type'));
    }
  } else if (namespace === '') errors.push(required(at.child('namespace')));
  else {
    for (const p of nameIsDnsLabel(namespace, false)) {
      errors.push(invalidValue(at.child('namespace'), namespace, p));
    }
  }
  errors.push(
    ...validateNonnegative(meta.generation ?? 0, at.child('generation')),
    ...validateLabels(meta.labels, at.child('labels')),
    ...validateAnnotations(meta.annotations, at.child('annotations')),
    ...validateOwnerReferences(meta.ownerReferences, at.child('ownerReferences')),
    ...validateFinalizers(meta.finalizers, at.child('finalizers')),
    ...validateManagedFields(meta.managedFields, at.child('managedFields')),
  );
  return errors;
}

/** Checks metadata of an update against the stored object's. */
export function validateObjectMetaUpdate(
  next: ObjectMeta,
  prev: ObjectMeta,
  at: FieldPath = metadata,
): FieldError[] {
  const errors: FieldError[] = [];
  if (prev.deletionTimestamp !== undefined && prev.deletionTimestamp !== null) {
    errors.push(
      ...validateNoNewFinalizers(next.finalizers, prev.finalizers, at.child('finalizers')),
    );
  }
  if ((next.resourceVersion ?? '') === '') {
    const text = 'must be specified for an update';
    errors.push(invalidValue(at.child('resourceVersion'), '', text));
  }
  if ((next.generation ?? 0) < (prev.generation ?? 0)) {
    const text = 'must not be decremented';
    errors.push(invalidValue(at.child('generation'), next.generation ?? 0, text));
  }
  const immutable = (name: keyof ObjectMeta, zero?: string): void => {
    errors.push(...validateImmutableField(next[name] ?? zero, prev[name] ?? zero, at.child(name)));
  };
  immutable('name', '');
  immutable('namespace', '');
  immutable('uid', '');
  immutable('creationTimestamp');
  immutable('deletionTimestamp');
  immutable('deletionGracePeriodSeconds');
  errors.push(
    ...validateLabels(next.labels, at.child('labels')),
    ...validateAnnotations(next.annotations, at.child('annotations')),
    ...validateOwnerReferences(next.ownerReferences, at.child('ownerReferences')),
    ...validateManagedFields(next.managedFields, at.child('managedFields')),
  );
  return errors;
}

/**
 * validateObjectMeta and the rule of the in-tree kinds that a finalizer without a domain must be
 * one of the three standard ones. Custom resources and the newer groups' kinds do not have it.
 */
export function validateKubeObjectMeta(
  meta: ObjectMeta,
  rules: MetaRules,
  at: FieldPath = metadata,
): FieldError[] {
  const errors = validateObjectMeta(meta, rules, at);
  return [...errors, ...validateKubeFinalizers(meta.finalizers, at.child('finalizers'))];
}

/** validateObjectMetaUpdate with the rule on finalizers of validateKubeObjectMeta. */
export function validateKubeObjectMetaUpdate(
  next: ObjectMeta,
  prev: ObjectMeta,
  at: FieldPath = metadata,
): FieldError[] {
  const errors = validateObjectMetaUpdate(next, prev, at);
  return [...errors, ...validateKubeFinalizers(next.finalizers, at.child('finalizers'))];
}

const standardFinalizers = new Set(['kubernetes', 'orphan', 'foregroundDeletion']);

/** The rule of validateKubeObjectMeta alone, for callers that have checked the rest. */
export function validateKubeFinalizers(
  finalizers: readonly string[] | undefined,
  at: FieldPath = metadata.child('finalizers'),
): FieldError[] {
  const text = 'name is neither a standard finalizer name nor is it fully qualified';
  return (finalizers ?? []).flatMap((f, i) =>
    f.includes('/') || standardFinalizers.has(f) ? [] : [invalidValue(at.index(i), f, text)],
  );
}

/** `field is immutable` when the two differ. */
export function validateImmutableField(next: unknown, prev: unknown, at: FieldPath): FieldError[] {
  return deepEqual(next, prev) ? [] : [invalidValue(at, next ?? null, 'field is immutable')];
}

/** `must be greater than or equal to 0`. */
export function validateNonnegative(value: number, at: FieldPath): FieldError[] {
  return value < 0 ? [invalidValue(at, value, 'must be greater than or equal to 0')] : [];
}

/** A label's or an annotation's key, a condition's type. */
export function validateLabelName(name: string, at: FieldPath): FieldError[] {
  return isQualifiedName(name).map((p) => invalidValue(at, name, p));
}

/** Keys and values of labels. */
export function validateLabels(
  labels: Readonly<Record<string, string>> | undefined,
  at: FieldPath,
): FieldError[] {
  const errors: FieldError[] = [];
  for (const k of Object.keys(labels ?? {}).toSorted()) {
    errors.push(...validateLabelName(k, at));
    const value = labels![k]!;
    for (const p of isLabelValue(value)) errors.push(invalidValue(at, value, p));
  }
  return errors;
}

/** Keys of annotations, and the size of them all. */
export function validateAnnotations(
  annotations: Readonly<Record<string, string>> | undefined,
  at: FieldPath,
): FieldError[] {
  const errors: FieldError[] = [];
  let sizeBytes = 0;
  for (const k of Object.keys(annotations ?? {}).toSorted()) {
    for (const p of isQualifiedName(k.toLowerCase())) errors.push(invalidValue(at, k, p));
    sizeBytes += byteLength(k) + byteLength(annotations![k]!);
  }
  if (sizeBytes > annotationsLimitBytes) errors.push(tooLong(at, annotationsLimitBytes));
  return errors;
}

/** Owner references: complete, at most one controller, no events. */
export function validateOwnerReferences(
  references: readonly OwnerReference[] | undefined,
  at: FieldPath,
): FieldError[] {
  const errors: FieldError[] = [];
  let controller = '';
  for (const r of references ?? []) {
    errors.push(...validateOwnerReference(r, at));
    if (r.controller !== true) continue;
    const name = `${r.kind}/${r.name}`;
    if (controller === '') controller = name;
    else {
      const text =
        'Only one reference can have Controller set to true. Found "true" in references for ' +
        `${controller} and ${name}`;
      errors.push(invalidValue(at, references, text));
    }
  }
  return errors;
}

function validateOwnerReference(r: OwnerReference, at: FieldPath): FieldError[] {
  const errors: FieldError[] = [];
  const parts = (r.apiVersion ?? '').split('/');
  // Two slashes are no group and version at all: the version counts as empty.
  const version = parts.length > 2 ? '' : parts.at(-1)!;
  if (version === '') {
    const text = 'version must not be empty';
    errors.push(invalidValue(at.child('apiVersion'), r.apiVersion ?? '', text));
  }
  for (const name of ['kind', 'name', 'uid'] as const) {
    const value = r[name] ?? '';
    if (value === '') errors.push(invalidValue(at.child(name), value, 'must not be empty'));
  }
  if (r.apiVersion === 'v1' && r.kind === 'Event') {
    errors.push(invalidValue(at, r, '/v1, Kind=Event is disallowed from being an owner'));
  }
  return errors;
}

/** Names of finalizers; orphan and foreground exclude each other. */
export function validateFinalizers(
  finalizers: readonly string[] | undefined,
  at: FieldPath,
): FieldError[] {
  const list = finalizers ?? [];
  const errors = list.flatMap((f) => isQualifiedName(f).map((p) => invalidValue(at, f, p)));
  if (list.includes('orphan') && list.includes('foregroundDeletion')) {
    const text = 'finalizer orphan and foregroundDeletion cannot be both set';
    errors.push(invalidValue(at, list, text));
  }
  return errors;
}

/** An object on its way out takes no finalizers. */
export function validateNoNewFinalizers(
  next: readonly string[] | undefined,
  prev: readonly string[] | undefined,
  at: FieldPath,
): FieldError[] {
  const extra = [...new Set(next ?? [])].filter((f) => !(prev ?? []).includes(f)).toSorted();
  if (extra.length === 0) return [];
  const shown = `[]string{${extra.map(quote).join(', ')}}`;
  const text =
    'no new finalizers can be added if the object is being deleted, found new finalizers ' + shown;
  return [forbiddenField(at, text)];
}

/** Entries of managedFields that a client sends: operation, type, manager, subresource. */
export function validateManagedFields(
  entries: readonly ManagedFieldsEntry[] | undefined,
  at: FieldPath,
): FieldError[] {
  const errors: FieldError[] = [];
  for (const [i, e] of (entries ?? []).entries()) {
    const here = at.index(i);
    if (e.operation !== 'Apply' && e.operation !== 'Update') {
      const text = 'must be `Apply` or `Update`';
      errors.push(invalidValue(here.child('operation'), e.operation ?? '', text));
    }
    if ((e.fieldsType ?? '') !== '' && e.fieldsType !== 'FieldsV1') {
      errors.push(invalidValue(here.child('fieldsType'), e.fieldsType, 'must be `FieldsV1`'));
    }
    errors.push(...validateFieldManager(e.manager ?? '', here.child('manager')));
    if (byteLength(e.subresource ?? '') > subresourceLimitBytes) {
      errors.push(tooLong(here.child('subresource'), subresourceLimitBytes));
    }
  }
  return errors;
}

/** A manager's name (also the query parameter): short and printable. */
export function validateFieldManager(
  manager: string,
  at: FieldPath = FieldPath.of('fieldManager'),
): FieldError[] {
  const errors: FieldError[] = [];
  if (byteLength(manager) > managerLimitBytes) errors.push(tooLong(at, managerLimitBytes));
  if (/^[ -~]*$/.test(manager)) return errors;
  let position = 0;
  for (const c of manager) {
    if (!/^[\p{L}\p{M}\p{N}\p{P}\p{S} ]$/u.test(c)) {
      const text = `invalid character ${unicodeName(c)} (at position ${position})`;
      errors.push(invalidValue(at, manager, text));
    }
    position += byteLength(c);
  }
  return errors;
}

/** `U+0009`: how Go's %#U shows a character that cannot be printed. */
function unicodeName(c: string): string {
  return `U+${c.codePointAt(0)!.toString(16).toUpperCase().padStart(4, '0')}`;
}

/** What an old object may let pass. */
export interface LabelSelectorOptions {
  readonly allowInvalidValues?: boolean;
  readonly allowUnknownOperators?: boolean;
}

/** A label selector inside an object; absent is fine. */
export function validateLabelSelector(
  selector: LabelSelector | undefined | null,
  at: FieldPath,
  options: LabelSelectorOptions = {},
): FieldError[] {
  if (selector === undefined || selector === null) return [];
  const errors = validateLabels(selector.matchLabels, at.child('matchLabels'));
  for (const [i, e] of (selector.matchExpressions ?? []).entries()) {
    const here = at.child('matchExpressions').index(i);
    const values = e.values ?? [];
    if (e.operator === 'In' || e.operator === 'NotIn') {
      const text = "must be specified when `operator` is 'In' or 'NotIn'";
      if (values.length === 0) errors.push(required(here.child('values'), text));
    } else if (e.operator === 'Exists' || e.operator === 'DoesNotExist') {
      const text = "may not be specified when `operator` is 'Exists' or 'DoesNotExist'";
      if (values.length > 0) errors.push(forbiddenField(here.child('values'), text));
    } else if (options.allowUnknownOperators !== true) {
      const text = 'not a valid selector operator';
      errors.push(invalidValue(here.child('operator'), e.operator ?? '', text));
    }
    errors.push(...validateLabelName(e.key ?? '', here.child('key')));
    if (options.allowInvalidValues === true) continue;
    values.forEach((v, j) => {
      for (const p of isLabelValue(v)) {
        errors.push(invalidValue(here.child('values').index(j), v, p));
      }
    });
  }
  return errors;
}

/** True when an expression holds a value no label can have (kept when an old object has one). */
export function hasInvalidSelectorValue(selector: LabelSelector | undefined | null): boolean {
  const expressions = selector?.matchExpressions ?? [];
  return expressions.some((e) => (e.values ?? []).some((v) => isLabelValue(v).length > 0));
}

const conditionReasonFormat = '[A-Za-z]([A-Za-z0-9_,:]*[A-Za-z0-9_])?';
const conditionReason = new RegExp(`^${conditionReasonFormat}$`);
const conditionReasonProblem =
  'a condition reason must start with alphabetic character, optionally followed by a string of ' +
  "alphanumeric characters or '_,:', and must end with an alphanumeric character or '_'";

/** Conditions of meta/v1: one per type, each complete. */
export function validateConditions(
  conditions: readonly Condition[] | undefined,
  at: FieldPath,
): FieldError[] {
  const errors: FieldError[] = [];
  const seen = new Set<string>();
  for (const [i, c] of (conditions ?? []).entries()) {
    if (seen.has(c.type)) errors.push(duplicate(at.index(i).child('type'), c.type));
    seen.add(c.type);
    errors.push(...validateCondition(c, at.index(i)));
  }
  return errors;
}

function validateCondition(c: Condition, at: FieldPath): FieldError[] {
  const errors = validateLabelName(c.type ?? '', at.child('type'));
  const statuses = ['False', 'True', 'Unknown'];
  if (!statuses.includes(c.status)) {
    errors.push(notSupported(at.child('status'), c.status ?? '', statuses));
  }
  if ((c.observedGeneration ?? 0) < 0) {
    const text = 'must be greater than or equal to zero';
    errors.push(invalidValue(at.child('observedGeneration'), c.observedGeneration, text));
  }
  if ((c.lastTransitionTime ?? '') === '') errors.push(required(at.child('lastTransitionTime')));
  const reason = c.reason ?? '';
  if (reason === '') errors.push(required(at.child('reason')));
  else {
    if (!conditionReason.test(reason)) {
      const examples = ['my_name', 'MY_NAME', 'MyName', 'ReasonA,ReasonB', 'ReasonA:ReasonB'];
      const text = patternProblem(conditionReasonProblem, conditionReasonFormat, ...examples);
      errors.push(invalidValue(at.child('reason'), reason, text));
    }
    if (byteLength(reason) > reasonLimitBytes) {
      errors.push(tooLong(at.child('reason'), reasonLimitBytes));
    }
  }
  if (byteLength(c.message ?? '') > messageLimitBytes) {
    errors.push(tooLong(at.child('message'), messageLimitBytes));
  }
  return errors;
}
