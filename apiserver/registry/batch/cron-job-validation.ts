/** The rules of CronJobs. */
import {
  type FieldError,
  FieldPath,
  invalidValue,
  notSupported,
  required,
} from '../../../machinery/meta/field-error.ts';
import { byteLength } from '../../../machinery/meta/names.ts';
import { validateNonnegative } from '../../../machinery/meta/object-meta-validation.ts';
import type { CronJob, CronJobSpec, JobSpec } from '../../../machinery/schema/wire.ts';
import { selectorValue } from '../apps/selector-validation.ts';
import { type PodValidationOptions, templateOptions } from '../core/pod/pod-options.ts';
import { cronScheduleProblem } from './cron-schedule.ts';
import { validateJobTemplate } from './job-validation.ts';
import { timeZoneProblem } from './time-zones.ts';

/** Jobs are named after the CronJob with eleven more characters, pods after the job. */
const nameLimit = 52;
const concurrencyPolicies = ['Allow', 'Forbid', 'Replace'];
const zonePart = /^[A-Za-z.\-_0-9+]{1,14}$/;
const specPath = FieldPath.of('spec');

export function validateCronJob(next: CronJob): FieldError[] {
  const errors = validateSpec(next.spec!, undefined, templateOptions(undefined));
  const name = next.metadata?.name ?? '';
  if (byteLength(name) > nameLimit) {
    const text = 'must be no more than 52 characters';
    errors.push(invalidValue(FieldPath.of('metadata', 'name'), name, text));
  }
  return errors;
}

export function validateCronJobUpdate(next: CronJob, prev: CronJob): FieldError[] {
  const options = templateOptions(prev.spec?.jobTemplate?.spec?.template);
  return validateSpec(next.spec!, prev.spec, options);
}

function validateSpec(
  spec: CronJobSpec,
  prev: CronJobSpec | undefined,
  options: PodValidationOptions,
): FieldError[] {
  const at = specPath;
  const errors = [
    ...validateSchedule(spec, prev, at.child('schedule')),
    ...validateNonnegative(spec.startingDeadlineSeconds ?? 0, at.child('startingDeadlineSeconds')),
  ];
  if (prev === undefined || prev.timeZone !== spec.timeZone) {
    errors.push(...validateTimeZone(spec.timeZone, at.child('timeZone')));
  }
  const policy = spec.concurrencyPolicy ?? '';
  const policyAt = at.child('concurrencyPolicy');
  if (policy === '') errors.push(required(policyAt));
  else if (!concurrencyPolicies.includes(policy)) {
    errors.push(notSupported(policyAt, policy, concurrencyPolicies));
  }
  const job: Partial<JobSpec> = spec.jobTemplate?.spec ?? {};
  errors.push(...validateTemplate(job as JobSpec, at.child('jobTemplate', 'spec'), options));
  for (const field of ['successfulJobsHistoryLimit', 'failedJobsHistoryLimit'] as const) {
    errors.push(...validateNonnegative(spec[field] ?? 0, at.child(field)));
  }
  return errors;
}

function validateTemplate(
  job: JobSpec,
  at: FieldPath,
  options: PodValidationOptions,
): FieldError[] {
  const errors = validateJobTemplate(job, at, options);
  if (job.selector !== undefined) {
    const text = '`selector` will be auto-generated';
    errors.push(invalidValue(at.child('selector'), selectorValue(job.selector), text));
  }
  if (job.manualSelector === true) {
    errors.push(notSupported(at.child('manualSelector'), true, ['nil', 'false']));
  }
  return errors;
}

/** A zone inside the schedule is the old way: it stays where it was, but not beside timeZone. */
function validateSchedule(
  spec: CronJobSpec,
  prev: CronJobSpec | undefined,
  at: FieldPath,
): FieldError[] {
  const schedule = spec.schedule ?? '';
  if (schedule === '') return [required(at)];
  const problem = cronScheduleProblem(schedule);
  const errors = problem === undefined ? [] : [invalidValue(at, schedule, problem)];
  if (!schedule.includes('TZ')) return errors;
  if (prev?.schedule?.includes('TZ') !== true) {
    const text = 'cannot use TZ or CRON_TZ in schedule, use timeZone field instead';
    errors.push(invalidValue(at, schedule, text));
  } else if (spec.timeZone !== undefined) {
    const text = 'cannot use both timeZone field and TZ or CRON_TZ in schedule';
    errors.push(invalidValue(at, schedule, text));
  }
  return errors;
}

function validateTimeZone(zone: string | undefined, at: FieldPath): FieldError[] {
  if (zone === undefined) return [];
  if (zone === '') return [invalidValue(at, zone, 'timeZone must be nil or non-empty string')];
  const parts = zone.split('/');
  const bad = (p: string) => p === '.' || p === '..' || p.startsWith('-') || !zonePart.test(p);
  if (parts.some(bad)) return [invalidValue(at, zone, `unknown time zone ${zone}`)];
  const errors: FieldError[] = [];
  if (zone.toLowerCase() === 'local') {
    const text =
      'timeZone must be an explicit time zone as defined in https://www.iana.org/time-zones';
    errors.push(invalidValue(at, zone, text));
  }
  const problem = timeZoneProblem(zone);
  if (problem !== undefined) errors.push(invalidValue(at, zone, problem));
  return errors;
}
