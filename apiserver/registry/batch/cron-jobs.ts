/** batch/v1 CronJob. */
import type { CronJob } from '../../../machinery/schema/wire.ts';
import { age, ageColumn, column, containerColumns, labelSelectorText } from '../columns.ts';
import { defineResource, nameColumn } from '../resource.ts';

export const cronJobs = defineResource<CronJob>({
  group: 'batch',
  version: 'v1',
  kind: 'CronJob',
  plural: 'cronjobs',
  shortNames: ['cj'],
  categories: ['all'],
  namespaced: true,
  generationOf: (cj) => cj.spec,
  status: {},
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

function suspendText(cj: CronJob): string {
  const suspend = cj.spec?.suspend;
  if (suspend === undefined) return '<unset>';
  return suspend ? 'True' : 'False';
}
