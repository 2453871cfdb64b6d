/** The labels and the selector that a new Job gets, unless manualSelector is set. */
import { deepEqual } from '../../../machinery/meta/equality.ts';
import type { Job } from '../../../machinery/schema/wire.ts';

export const jobNameLabel = 'batch.kubernetes.io/job-name';
export const legacyJobNameLabel = 'job-name';
export const controllerUidLabel = 'batch.kubernetes.io/controller-uid';
export const legacyControllerUidLabel = 'controller-uid';

/**
 * Labels the pods with the job's name and uid and selects by the uid; labels that are there
 * already stay. metadata.labels get them too where they were defaulted from the template's (and so
 * are the same): the real server shares one map between both.
 */
export function generateSelector(job: Job): void {
  const spec = job.spec;
  if (spec === undefined || spec.manualSelector === true) return;
  const name = job.metadata?.name ?? '';
  const uid = job.metadata?.uid ?? '';
  const given = spec.template.metadata?.labels;
  const shared = given !== undefined && deepEqual(job.metadata?.labels, given);
  const labels = {
    [legacyJobNameLabel]: name,
    [jobNameLabel]: name,
    [legacyControllerUidLabel]: uid,
    [controllerUidLabel]: uid,
    ...given,
  };
  spec.template.metadata = { ...spec.template.metadata, labels };
  if (shared) job.metadata!.labels = { ...labels };
  spec.selector = {
    ...spec.selector,
    matchLabels: { [controllerUidLabel]: uid, ...spec.selector?.matchLabels },
  };
}
