/** batch/v1 CronJob. */
import { FieldPath } from '../../../machinery/meta/field-error.ts';
import type { CronJob, PodSpec } from '../../../machinery/schema/wire.ts';
import { podNameWarnings } from '../apps/workload-warnings.ts';
import { age, ageColumn, column, containerColumns, labelSelectorText } from '../columns.ts';
import { dropDisabledPodFields } from '../core/pod/drop-disabled.ts';
import { defineResource, nameColumn } from '../resource.ts';
import { validateCronJob, validateCronJobUpdate } from './cron-job-validation.ts';
import { jobSpecWarnings } from './job-warnings.ts';

export const cronJobs = defineResource<CronJob>({
  group: 'batch',
  version: 'v1',
  kind: 'CronJob',
  plural: 'cronjobs',
  shortNames: ['cj'],
  categories: ['all'],
  namespaced: true,
  generationOf: (cj) => ({ spec: cj.spec }),
  prepareForCreate: (next) => dropDisabledPodFields(podsOf(next), undefined),
  prepareForUpdate: (next, prev) => dropDisabledPodFields(podsOf(next), podsOf(prev)),
  validate: validateCronJob,
  validateUpdate: validateCronJobUpdate,
  warnings: cronJobWarnings,
  status: { metadataChecks: [] },
  columns: [
    nameColumn(),
    column('Schedule', '@batch/v1.CronJobSpec.schedule', (cj) => cj.spec?.schedule ?? ''),
    column('Timezone', '@batch/v1.CronJobSpec.timeZone', (cj) => cj.spec?.timeZone ?? '<none>'),
    column('Suspend', '@batch/v1.CronJobSpec.suspend', suspendText, { type: 'boolean' }),
    column('Active', '@batch/v1.CronJobStatus.active', (cj) => cj.status?.active?.length ?? 0, {
      type: 'integer',
    }),
    column('Last Schedule', '@batch/v1.CronJobStatus.lastScheduleTime', (cj) => {
      const last = cj.status?.lastScheduleTime;
      return last === undefined ? '<none>' : age(last);
    }),
    ageColumn(),
    ...containerColumns<CronJob>((cj) => cj.spec?.jobTemplate.spec?.template),
    column(
      'Selector',
      '@batch/v1.JobSpec.selector',
      (cj) => labelSelectorText(cj.spec?.jobTemplate.spec?.selector),
      { priority: 1 },
    ),
  ],
});

function podsOf(cj: CronJob): PodSpec | undefined {
  return cj.spec?.jobTemplate?.spec?.template?.spec;
}

function cronJobWarnings(next: CronJob, prev: CronJob | undefined): string[] {
  const at = FieldPath.of('spec', 'jobTemplate', 'spec');
  const warnings = prev === undefined ? podNameWarnings(next) : [];
  warnings.push(...jobSpecWarnings(next, prev, next.spec?.jobTemplate?.spec, at));
  if (prev !== undefined && next.spec?.schedule?.includes('TZ')) {
    warnings.push(
      'cannot use TZ or CRON_TZ in spec.spec.schedule, use timeZone instead, see ' +
        'https://kubernetes.io/docs/concepts/workloads/controllers/cron-jobs/ for more details',
    );
  }
  return warnings;
}

function suspendText(cj: CronJob): string {
  const suspend = cj.spec?.suspend;
  if (suspend === undefined) return '<unset>';
  return suspend ? 'True' : 'False';
}
