/** batch/v1 Job. */
import { FieldPath, quote } from '../../../machinery/meta/field-error.ts';
import { humanDuration } from '../../../machinery/meta/times.ts';
import type { Job } from '../../../machinery/schema/wire.ts';
import { podNameWarnings } from '../apps/workload-warnings.ts';
import { ageColumn, column, containerColumns, labelSelectorText } from '../columns.ts';
import { dropDisabledPodFields } from '../core/pod/drop-disabled.ts';
import { type Cell, defineResource, nameColumn } from '../resource.ts';
import { generateSelector, labelAsTemplate } from './job-selector.ts';
import { validateJobStatus } from './job-status-validation.ts';
import { validateJobUpdate } from './job-update-validation.ts';
import { validateJob } from './job-validation.ts';
import { jobSpecWarnings } from './job-warnings.ts';

export const jobs = defineResource<Job>({
  group: 'batch',
  version: 'v1',
  kind: 'Job',
  plural: 'jobs',
  categories: ['all'],
  namespaced: true,
  metadataChecks: ['whole'],
  defaultPropagation: 'orphan',
  defaultPropagationWarning:
    'child pods are preserved by default when jobs are deleted; set ' +
    'propagationPolicy=Background to remove them or set propagationPolicy=Orphan to suppress ' +
    'this warning',
  generationOf: (job) => ({ spec: job.spec }),
  prepareForCreate: (next) => {
    generateSelector(next);
    dropDisabledPodFields(next.spec?.template?.spec, undefined);
  },
  prepareForUpdate: (next, prev) =>
    dropDisabledPodFields(next.spec?.template?.spec, prev.spec?.template?.spec),
  validate: (next) => validateJob(next),
  validateUpdate: validateJobUpdate,
  defaultOnRead: labelAsTemplate,
  warnings: (next, prev) => [
    ...(prev === undefined ? podNameWarnings(next) : []),
    ...jobSpecWarnings(next, prev, next.spec, FieldPath.of('spec')),
  ],
  status: { validateUpdate: validateJobStatus },
  unknownFieldText: (field) => `field label ${quote(field)} not supported for Job`,
  selectableFields: { 'status.successful': (job) => String(job.status?.succeeded ?? 0) },
  columns: [
    nameColumn(),
    column('Status', 'Status of the job.', statusText),
    column('Completions', '@batch/v1.JobStatus.succeeded', completionsText),
    column('Duration', 'Time required to complete the job.', durationText),
    ageColumn(),
    ...containerColumns<Job>((job) => job.spec?.template),
    column(
      'Selector',
      '@batch/v1.JobSpec.selector',
      (job) => labelSelectorText(job.spec?.selector),
      {
        priority: 1,
      },
    ),
  ],
});

function statusText(job: Job): string {
  const has = (type: string) =>
    (job.status?.conditions ?? []).some((c) => c.type === type && c.status === 'True');
  if (has('Complete')) return 'Complete';
  if (has('Failed')) return 'Failed';
  if (job.metadata?.deletionTimestamp !== undefined) return 'Terminating';
  return ['Suspended', 'FailureTarget', 'SuccessCriteriaMet'].find(has) ?? 'Running';
}

function completionsText(job: Job): string {
  const succeeded = job.status?.succeeded ?? 0;
  const { completions, parallelism } = job.spec ?? {};
  if (completions !== undefined) return `${succeeded}/${completions}`;
  return (parallelism ?? 0) > 1 ? `${succeeded}/1 of ${parallelism}` : `${succeeded}/1`;
}

function durationText(job: Job): Cell {
  const { startTime, completionTime } = job.status ?? {};
  if (startTime === undefined) return '';
  const start = Date.parse(startTime);
  if (completionTime !== undefined) return humanDuration(Date.parse(completionTime) - start);
  return (nowMs) => humanDuration(nowMs - start);
}
