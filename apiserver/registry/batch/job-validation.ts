/** The rules of a Job's spec, also inside a CronJob. */
import {
  type FieldError,
  FieldPath,
  invalidValue,
  notSupported,
  required,
  tooLong,
} from '../../../machinery/meta/field-error.ts';
import { byteLength, isDns1123Label } from '../../../machinery/meta/names.ts';
import {
  validateLabelSelector,
  validateNonnegative,
} from '../../../machinery/meta/object-meta-validation.ts';
import type { Job, JobSpec } from '../../../machinery/schema/wire.ts';
import {
  parsedSelector,
  selectorValue,
  validateTemplateLabels,
} from '../apps/selector-validation.ts';
import { newTemplateOptions, type PodValidationOptions } from '../core/pod/pod-options.ts';
import { validatePodTemplateSpec } from '../core/pod/pod-template.ts';
import { validateDomainPrefixedPath } from '../domain-prefixed-path.ts';
import { internalForm } from '../internal-form.ts';
import {
  validatePodFailurePolicy,
  validatePodReplacementPolicy,
  validateSuccessPolicy,
} from './job-policy-validation.ts';
import {
  controllerUidLabel,
  jobNameLabel,
  legacyControllerUidLabel,
  legacyJobNameLabel,
} from './job-selector.ts';

const maxParallelism = 100_000;
const maxFailedIndexes = 100_000;
const managedByLimitBytes = 63;
/** Above this, jobs with a backoff limit per index are held to the two limits below it. */
const manyCompletions = 100_000;
const parallelismWithMany = 10_000;
const failedIndexesWithMany = 10_000;

const specPath = FieldPath.of('spec');

/** What the stored job lets pass. */
export interface JobOptions {
  readonly pods: PodValidationOptions;
  /** The labels with the domain must be there too; older jobs have the short ones only. */
  readonly prefixedLabels: boolean;
}

export function validateJob(
  job: Job,
  options: JobOptions = { pods: newTemplateOptions, prefixedLabels: true },
): FieldError[] {
  const spec = job.spec!;
  const errors = [
    ...validateGeneratedSelector(job, options.prefixedLabels),
    ...validateJobSpec(spec, specPath, options.pods),
  ];
  const { completionMode, completions = 0 } = spec;
  if (completionMode === 'Indexed' && completions > 0) {
    const name = job.metadata?.name ?? '';
    const hostname = `${name}-${completions - 1}`;
    if (isDns1123Label(hostname).length > 0) {
      const text = `will not able to create pod with invalid DNS label: ${hostname}`;
      errors.push(invalidValue(FieldPath.of('metadata', 'name'), name, text));
    }
  }
  return errors;
}

/** The selector and the labels that select the job's pods are those the server made. */
function validateGeneratedSelector(job: Job, prefixedLabels: boolean): FieldError[] {
  const spec = job.spec!;
  if (spec.manualSelector === true || spec.selector === undefined) return [];
  const { uid = '', name = '' } = job.metadata ?? {};
  const expected: Record<string, string> = {
    [legacyControllerUidLabel]: uid,
    [legacyJobNameLabel]: name,
    ...(prefixedLabels ? { [controllerUidLabel]: uid, [jobNameLabel]: name } : {}),
  };
  const errors = uid === '' ? [required(FieldPath.of('metadata', 'uid'))] : [];
  const labels = spec.template?.metadata?.labels ?? {};
  const labelsAt = specPath.child('template', 'metadata', 'labels');
  for (const [key, value] of Object.entries(expected)) {
    if (labels[key] === value) continue;
    const text = `must be '${value}'`;
    const at = labelsAt.key(key);
    errors.push(labels[key] === undefined ? required(at, text) : invalidValue(at, labels, text));
  }
  if (parsedSelector(spec.selector)?.matches(expected) === false) {
    const shown = selectorValue(spec.selector);
    errors.push(invalidValue(specPath.child('selector'), shown, '`selector` not auto-generated'));
  }
  return errors;
}

/** The spec of a Job, its selector included. */
export function validateJobSpec(
  spec: JobSpec,
  at: FieldPath,
  options: PodValidationOptions,
): FieldError[] {
  const errors = validateJobTemplate(spec, at, options);
  const selectorAt = at.child('selector');
  if (spec.selector === undefined) errors.push(required(selectorAt));
  else {
    const allowInvalidValues = options.allowInvalidLabelValueInSelector;
    errors.push(...validateLabelSelector(spec.selector, selectorAt, { allowInvalidValues }));
  }
  const selector = parsedSelector(spec.selector);
  if (selector !== undefined) {
    errors.push(...validateTemplateLabels(spec.template, selector, at.child('template')));
  }
  return errors;
}

/** The spec without its selector: what a CronJob holds too. */
export function validateJobTemplate(
  spec: JobSpec,
  at: FieldPath,
  options: PodValidationOptions,
): FieldError[] {
  const errors: FieldError[] = [];
  for (const field of [
    'parallelism',
    'completions',
    'activeDeadlineSeconds',
    'backoffLimit',
    'ttlSecondsAfterFinished',
    'backoffLimitPerIndex',
    'maxFailedIndexes',
  ] as const) {
    errors.push(...validateNonnegative(spec[field] ?? 0, at.child(field)));
  }
  if (spec.maxFailedIndexes !== undefined && spec.backoffLimitPerIndex === undefined) {
    errors.push(required(at.child('backoffLimitPerIndex'), 'when maxFailedIndexes is specified'));
  }
  if (spec.managedBy !== undefined) {
    const managedByAt = at.child('managedBy');
    errors.push(...validateDomainPrefixedPath(spec.managedBy, managedByAt));
    if (byteLength(spec.managedBy) > managedByLimitBytes) {
      errors.push(tooLong(managedByAt, managedByLimitBytes));
    }
  }
  errors.push(...validateCompletionMode(spec, at));
  if (spec.podFailurePolicy !== undefined) {
    errors.push(...validatePodFailurePolicy(spec, at.child('podFailurePolicy')));
  }
  if (spec.successPolicy !== undefined) {
    const policyAt = at.child('successPolicy');
    if (spec.completionMode === 'Indexed') errors.push(...validateSuccessPolicy(spec, policyAt));
    else {
      const shown = internalForm('batch/v1.SuccessPolicy', spec.successPolicy);
      errors.push(invalidValue(policyAt, shown, 'requires indexed completion mode'));
    }
  }
  errors.push(
    ...validatePodReplacementPolicy(spec, at.child('podReplacementPolicy')),
    ...validatePodTemplateSpec(spec.template ?? {}, at.child('template'), options),
    ...validateRestartPolicy(spec, at.child('template', 'spec', 'restartPolicy')),
  );
  return errors;
}

function validateCompletionMode(spec: JobSpec, at: FieldPath): FieldError[] {
  const { completionMode: mode, backoffLimitPerIndex, maxFailedIndexes: maxFailed } = spec;
  const errors: FieldError[] = [];
  if (mode === 'Indexed') return validateIndexed(spec, at);
  if (mode !== undefined && mode !== 'NonIndexed') {
    errors.push(notSupported(at.child('completionMode'), mode, ['NonIndexed', 'Indexed']));
    return errors;
  }
  const text = 'requires indexed completion mode';
  if (backoffLimitPerIndex !== undefined) {
    errors.push(invalidValue(at.child('backoffLimitPerIndex'), backoffLimitPerIndex, text));
  }
  if (maxFailed !== undefined) {
    errors.push(invalidValue(at.child('maxFailedIndexes'), maxFailed, text));
  }
  return errors;
}

function validateIndexed(spec: JobSpec, at: FieldPath): FieldError[] {
  const { completions, parallelism = 0, maxFailedIndexes: maxFailed } = spec;
  const errors: FieldError[] = [];
  const failedAt = at.child('maxFailedIndexes');
  const parallelismAt = at.child('parallelism');
  const atMost = (limit: number) => `must be less than or equal to ${limit}`;
  if (completions === undefined) {
    errors.push(required(at.child('completions'), 'when completion mode is Indexed'));
  }
  if (parallelism > maxParallelism) {
    const text = `${atMost(maxParallelism)} when completion mode is Indexed`;
    errors.push(invalidValue(parallelismAt, parallelism, text));
  }
  if (completions !== undefined && maxFailed !== undefined && maxFailed > completions) {
    const text = 'must be less than or equal to completions';
    errors.push(invalidValue(failedAt, maxFailed, text));
  }
  if (maxFailed !== undefined && maxFailed > maxFailedIndexes) {
    errors.push(invalidValue(failedAt, maxFailed, atMost(maxFailedIndexes)));
  }
  if ((completions ?? 0) <= manyCompletions || spec.backoffLimitPerIndex === undefined) {
    return errors;
  }
  if (maxFailed === undefined) {
    const text = `must be specified when completions is above ${manyCompletions}`;
    errors.push(required(failedAt, text));
  }
  const when =
    `when completions are above ${manyCompletions} ` + 'and used with backoff limit per index';
  if (parallelism > parallelismWithMany) {
    const text = `${atMost(parallelismWithMany)} ${when}`;
    errors.push(invalidValue(parallelismAt, parallelism, text));
  }
  if (maxFailed !== undefined && maxFailed > failedIndexesWithMany) {
    errors.push(invalidValue(failedAt, maxFailed, `${atMost(failedIndexesWithMany)} ${when}`));
  }
  return errors;
}

function validateRestartPolicy(spec: JobSpec, at: FieldPath): FieldError[] {
  const policy = spec.template?.spec?.restartPolicy ?? '';
  if (policy === '' || policy === 'Always') {
    return [required(at, 'valid values: "OnFailure", "Never"')];
  }
  if (policy !== 'OnFailure' && policy !== 'Never') {
    return [notSupported(at, policy, ['OnFailure', 'Never'])];
  }
  if (spec.podFailurePolicy === undefined || policy === 'Never') return [];
  const text = 'only "Never" is supported when podFailurePolicy is specified';
  return [invalidValue(at, policy, text)];
}
