/** Warnings about the spec of a Job, also inside a CronJob. */
import type { FieldPath } from '../../../machinery/meta/field-error.ts';
import type { JobSpec, KubeObject } from '../../../machinery/schema/wire.ts';
import { templateWarnings } from '../apps/workload-warnings.ts';

const manyCompletions = 100_000;
const manyPods = 10_000;

/** `at` is the spec's path; nothing is said of an update that does not raise the generation. */
export function jobSpecWarnings(
  next: KubeObject,
  prev: KubeObject | undefined,
  spec: JobSpec | undefined,
  at: FieldPath,
): string[] {
  if (prev !== undefined && next.metadata?.generation === prev.metadata?.generation) return [];
  const { completionMode, completions = 0, parallelism = 0 }: Partial<JobSpec> = spec ?? {};
  const warnings: string[] = [];
  if (completionMode === 'Indexed' && completions > manyCompletions && parallelism > manyPods) {
    warnings.push(
      `${at}: In Indexed Jobs with a number of completions higher than 10^5 and a parallelism ` +
        'higher than 10^4, Kubernetes might not be able to track completedIndexes when a big ' +
        'number of indexes fail',
    );
  }
  return [...warnings, ...templateWarnings(next, prev, spec?.template, at.child('template'))];
}
