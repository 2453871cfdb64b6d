/** The rules of a Job's status: who writes it (the job controller or another) must keep them. */
import { deepEqual } from '../../../machinery/meta/equality.ts';
import {
  duplicate,
  type FieldError,
  FieldPath,
  invalidValue,
  required,
} from '../../../machinery/meta/field-error.ts';
import { validateNonnegative } from '../../../machinery/meta/object-meta-validation.ts';
import type { Job, JobStatus } from '../../../machinery/schema/wire.ts';
import { internalForm } from '../internal-form.ts';
import { countIndexes, overlapProblem } from './job-indexes.ts';
import { invalidUnshown } from './job-policy-validation.ts';

const at = FieldPath.of('status');
const conditionsAt = at.child('conditions');

/** Checks that were added later hold only for what changes: `changed` says so. */
export function validateJobStatus(next: Job, prev: Job): FieldError[] {
  const view = viewOf(next);
  const before = viewOf(prev);
  return [
    ...validateCounts(view.status),
    ...validateTerminalConditions(view, before),
    ...validateTimes(view, before),
    ...validateFinished(next, view, before),
    ...validateIndexes(next, view, before),
    ...validatePodCounts(view, before),
    ...validateSuccessCriteria(next, view),
    ...validateTransition(next, view, before),
  ];
}

interface View {
  readonly status: JobStatus;
  readonly complete: boolean;
  readonly failed: boolean;
  readonly finished: boolean;
  readonly failureTarget: boolean;
  readonly successCriteriaMet: boolean;
  has(type: string, status: string): boolean;
}

function viewOf(job: Job): View {
  const status = job.status ?? {};
  const has = (type: string, value: string) =>
    (status.conditions ?? []).some((c) => c.type === type && c.status === value);
  const isTrue = (type: string) => has(type, 'True');
  return {
    status,
    complete: isTrue('Complete'),
    failed: isTrue('Failed'),
    finished: isTrue('Complete') || isTrue('Failed'),
    failureTarget: isTrue('FailureTarget'),
    successCriteriaMet: isTrue('SuccessCriteriaMet'),
    has,
  };
}

function changed<K extends keyof View>(view: View, before: View, ...keys: K[]): boolean {
  return keys.some((k) => view[k] !== before[k]);
}

function statusChanged(view: View, before: View, ...fields: (keyof JobStatus)[]): boolean {
  return fields.some((f) => !deepEqual(view.status[f], before.status[f]));
}

function validateCounts(status: JobStatus): FieldError[] {
  const errors = (['active', 'succeeded', 'failed', 'ready', 'terminating'] as const).flatMap((f) =>
    validateNonnegative(status[f] ?? 0, at.child(f)),
  );
  const uncounted = status.uncountedTerminatedPods;
  const seen = new Set<string>();
  for (const list of ['succeeded', 'failed'] as const) {
    for (const [i, uid] of (uncounted?.[list] ?? []).entries()) {
      const uidAt = at.child('uncountedTerminatedPods', list).index(i);
      if (uid === '') errors.push(invalidValue(uidAt, uid, 'must not be empty'));
      else if (seen.has(uid)) errors.push(duplicate(uidAt, uid));
      seen.add(uid);
    }
  }
  return errors;
}

function validateTerminalConditions(view: View, before: View): FieldError[] {
  const errors: FieldError[] = [];
  if (changed(view, before, 'complete', 'failed') && view.complete && view.failed) {
    errors.push(
      invalidUnshown(conditionsAt, 'cannot set Complete=True and Failed=true conditions'),
    );
  }
  if (changed(view, before, 'complete', 'failureTarget') && view.complete && view.failureTarget) {
    const text = 'cannot set Complete=True and FailureTarget=true conditions';
    errors.push(invalidUnshown(conditionsAt, text));
  }
  return errors;
}

function validateTimes(view: View, before: View): FieldError[] {
  const { startTime, completionTime } = view.status;
  const completionAt = at.child('completionTime');
  const errors: FieldError[] = [];
  if (changed(view, before, 'complete') || statusChanged(view, before, 'completionTime')) {
    if (completionTime && !view.complete) {
      const text = 'cannot set completionTime when there is no Complete=True condition';
      errors.push(invalidValue(completionAt, completionTime, text));
    }
    if (!completionTime && view.complete) {
      errors.push(required(completionAt, 'completionTime is required for Complete jobs'));
    }
  }
  if (
    statusChanged(view, before, 'startTime', 'completionTime') &&
    startTime &&
    completionTime &&
    Date.parse(completionTime) < Date.parse(startTime)
  ) {
    const text = 'must be equal to or after `startTime`';
    errors.push(invalidValue(completionAt, completionTime, text));
  }
  return errors;
}

function validateFinished(job: Job, view: View, before: View): FieldError[] {
  const { status, finished } = view;
  const errors: FieldError[] = [];
  if (
    (changed(view, before, 'failed') || statusChanged(view, before, 'failedIndexes')) &&
    view.failed &&
    !view.failureTarget
  ) {
    const text = 'cannot set Failed=True condition without the FailureTarget=true condition';
    errors.push(invalidUnshown(conditionsAt, text));
  }
  if (
    changed(view, before, 'complete', 'successCriteriaMet') &&
    view.complete &&
    !view.successCriteriaMet
  ) {
    const text = 'cannot set Complete=True condition without the SuccessCriteriaMet=true condition';
    errors.push(invalidUnshown(conditionsAt, text));
  }
  if (!finished) return errors;
  const nowFinished = changed(view, before, 'finished');
  if ((nowFinished || statusChanged(view, before, 'active')) && (status.active ?? 0) > 0) {
    const text = 'active>0 is invalid for finished job';
    errors.push(invalidValue(at.child('active'), status.active, text));
  }
  // What asks for no pods, and is suspended, has never started.
  const idle = job.spec?.suspend === true && job.spec.completions === 0;
  if ((nowFinished || statusChanged(view, before, 'startTime')) && !idle && !status.startTime) {
    errors.push(required(at.child('startTime'), 'startTime is required for finished job'));
  }
  const uncounted = status.uncountedTerminatedPods;
  if (
    (nowFinished || statusChanged(view, before, 'uncountedTerminatedPods')) &&
    uncounted !== undefined &&
    (uncounted.failed ?? []).length + (uncounted.succeeded ?? []).length > 0
  ) {
    const shown = internalForm('batch/v1.UncountedTerminatedPods', uncounted);
    const text = 'must be empty for finished job';
    errors.push(invalidValue(at.child('uncountedTerminatedPods'), shown, text));
  }
  return errors;
}

function validateIndexes(job: Job, view: View, before: View): FieldError[] {
  const { completions, backoffLimitPerIndex, completionMode } = job.spec!;
  const { completedIndexes = '', failedIndexes } = view.status;
  const completedAt = at.child('completedIndexes');
  const failedAt = at.child('failedIndexes');
  const completedChanged = (before.status.completedIndexes ?? '') !== completedIndexes;
  const failedChanged = before.status.failedIndexes !== failedIndexes;
  const errors: FieldError[] = [];
  const check = (text: string, indexesAt: FieldPath, name: string) => {
    const { problem } = countIndexes(text, completions ?? 0);
    if (problem === undefined) return;
    errors.push(invalidValue(indexesAt, text, `error parsing ${name}: ${problem}`));
  };
  if (completedChanged && completions !== undefined) {
    check(completedIndexes, completedAt, 'completedIndexes');
  }
  if (failedChanged && failedIndexes !== undefined) {
    if (completions !== undefined && backoffLimitPerIndex !== undefined) {
      check(failedIndexes, failedAt, 'failedIndexes');
    }
  }
  if (completedChanged && completedIndexes !== '' && completionMode !== 'Indexed') {
    const text = 'cannot set non-empty completedIndexes when non-indexed completion mode';
    errors.push(invalidValue(completedAt, completedIndexes, text));
  }
  if (failedIndexes === undefined) return errors;
  if (failedChanged && backoffLimitPerIndex === undefined) {
    const text = 'cannot set non-null failedIndexes when backoffLimitPerIndex is null';
    errors.push(invalidValue(failedAt, failedIndexes, text));
  }
  if ((failedChanged || completedChanged) && completions !== undefined) {
    const problem = overlapProblem(completedIndexes, failedIndexes, completions);
    if (problem !== undefined) errors.push(invalidValue(failedAt, failedIndexes, problem));
  }
  return errors;
}

function validatePodCounts(view: View, before: View): FieldError[] {
  const { active = 0, ready, terminating = 0 } = view.status;
  const errors: FieldError[] = [];
  const mayFinish = changed(view, before, 'finished') || statusChanged(view, before, 'terminating');
  if (mayFinish && terminating > 0 && view.finished) {
    const text = 'terminating>0 is invalid for finished job';
    errors.push(invalidValue(at.child('terminating'), terminating, text));
  }
  if (statusChanged(view, before, 'ready', 'active') && ready !== undefined && ready > active) {
    errors.push(invalidValue(at.child('ready'), ready, 'cannot set more ready pods than active'));
  }
  return errors;
}

function validateSuccessCriteria(job: Job, view: View): FieldError[] {
  const errors: FieldError[] = [];
  if (view.successCriteriaMet && view.failed) {
    const text = 'cannot set SuccessCriteriaMet=True and Failed=true conditions';
    errors.push(invalidUnshown(conditionsAt, text));
  }
  if (view.successCriteriaMet && view.failureTarget) {
    const text = 'cannot set SuccessCriteriaMet=True and FailureTarget=true conditions';
    errors.push(invalidUnshown(conditionsAt, text));
  }
  if (job.spec?.successPolicy !== undefined && !view.successCriteriaMet && view.complete) {
    const text =
      'cannot set Complete=True for Job with SuccessPolicy unless SuccessCriteriaMet=True';
    errors.push(invalidUnshown(conditionsAt, text));
  }
  return errors;
}

function validateTransition(job: Job, view: View, before: View): FieldError[] {
  const errors: FieldError[] = [];
  for (const type of ['Failed', 'Complete', 'FailureTarget']) {
    if (before.has(type, 'True') && !view.has(type, 'True')) {
      errors.push(
        invalidUnshown(conditionsAt, `cannot disable the terminal ${type}=True condition`),
      );
    }
  }
  const { completionMode, completions, parallelism, suspend } = job.spec!;
  // Elastic indexed jobs may shrink.
  const mayShrink = completionMode === 'Indexed' && completions === parallelism;
  for (const field of ['failed', 'succeeded'] as const) {
    if (field === 'succeeded' && mayShrink) continue;
    const count = view.status[field] ?? 0;
    if (count < (before.status[field] ?? 0)) {
      errors.push(invalidValue(at.child(field), count, `cannot decrease the ${field} counter`));
    }
  }
  const { startTime, completionTime } = view.status;
  if (
    completionTime &&
    before.status.completionTime &&
    statusChanged(view, before, 'completionTime')
  ) {
    errors.push(invalidValue(at.child('completionTime'), completionTime, 'field is immutable'));
  }
  const resuming = before.has('Suspended', 'True') && view.has('Suspended', 'False');
  if (
    before.status.startTime &&
    statusChanged(view, before, 'startTime') &&
    !resuming &&
    suspend !== true
  ) {
    const text = 'field is immutable for unsuspended job once set';
    errors.push(invalidValue(at.child('startTime'), startTime ?? null, text));
  }
  if (before.successCriteriaMet && !view.successCriteriaMet) {
    const text = 'cannot disable the SuccessCriteriaMet=True condition';
    errors.push(invalidUnshown(conditionsAt, text));
  }
  if (before.complete && !before.successCriteriaMet && view.successCriteriaMet) {
    const text = 'cannot set SuccessCriteriaMet=True for Job already has Complete=true conditions';
    errors.push(invalidUnshown(conditionsAt, text));
  }
  return errors;
}
