/** The labels and the selector that a new Job gets, unless manualSelector is set. */
import { deepEqual, isEmptyValue } from '../../../machinery/meta/equality.ts';
import type { Job } from '../../../machinery/schema/wire.ts';

export const jobNameLabel = 'batch.kubernetes.io/job-name';
export const legacyJobNameLabel = 'job-name';
export const controllerUidLabel = 'batch.kubernetes.io/controller-uid';
export const legacyControllerUidLabel = 'controller-uid';

/**
 * Labels the pods with the job's name and uid and selects by the uid; labels that are there
 * already stay. metadata.labels that are the template's by default get them too.
 */
export function generateSelector(job: Job): void {
  const spec = job.spec;
  if (spec === undefined || spec.manualSelector === true) return;
  const { name = '', uid = '', labels: own } = job.metadata ?? {};
  const given = spec.template.metadata?.labels;
  const labels = {
    [legacyJobNameLabel]: name,
    [jobNameLabel]: name,
    [legacyControllerUidLabel]: uid,
    [controllerUidLabel]: uid,
    ...given,
  };
  spec.template.metadata = { ...spec.template.metadata, labels };
  if (!isEmptyValue(own) && deepEqual(own, given)) job.metadata!.labels = { ...labels };
  spec.selector = {
    ...spec.selector,
    matchLabels: { [controllerUidLabel]: uid, ...spec.selector?.matchLabels },
  };
}

/** A job without labels shows its template's; true when it does. */
export function labelAsTemplate(job: Job): boolean {
  const labels = job.spec?.template.metadata?.labels;
  if (isEmptyValue(labels) || !isEmptyValue(job.metadata?.labels)) return false;
  job.metadata ??= {};
  job.metadata.labels = { ...labels };
  return true;
}
