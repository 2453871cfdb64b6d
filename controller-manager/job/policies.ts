/** The rules a job carries about the failure of pods and about its own success. */
import type { ContainerStatus, Job, Pod } from '../../machinery/schema/wire.ts';
import { Indexes } from './indexes.ts';

type Spec = NonNullable<Job['spec']>;
type FailureRule = NonNullable<Spec['podFailurePolicy']>['rules'][number];

export interface FailureVerdict {
  /** Counts towards the limits of failures. */
  readonly counts: boolean;
  readonly action: 'Ignore' | 'FailIndex' | 'FailJob' | 'Count' | undefined;
  /** Why the job fails; only with FailJob. */
  readonly message?: string;
}

/** What the failure policy says of a failed pod: the first rule that matches counts. */
export function judgeFailure(job: Job, pod: Pod): FailureVerdict {
  for (const [i, rule] of (job.spec?.podFailurePolicy?.rules ?? []).entries()) {
    const why = matchedBy(rule, pod);
    if (why === undefined) continue;
    if (rule.action === 'Ignore') return { counts: false, action: 'Ignore' };
    if (rule.action === 'FailIndex') return { counts: true, action: 'FailIndex' };
    if (rule.action === 'Count') return { counts: true, action: 'Count' };
    if (rule.action === 'FailJob') {
      const message = `${why} matching ${rule.action} rule at index ${i}`;
      return { counts: true, action: 'FailJob', message };
    }
  }
  return { counts: true, action: undefined };
}

/** What of the pod matches a rule, in words; undefined when nothing does. */
function matchedBy(rule: FailureRule, pod: Pod): string | undefined {
  const name = `${pod.metadata?.namespace}/${pod.metadata?.name}`;
  const { onExitCodes, onPodConditions } = rule;
  if (onExitCodes !== undefined) {
    const { containerName, operator, values } = onExitCodes;
    const matches = (s: ContainerStatus): boolean => {
      const code = s.state?.terminated?.exitCode;
      if (code === undefined || code === 0) return false;
      if (containerName !== undefined && containerName !== s.name) return false;
      return operator === 'In' ? values.includes(code) : !values.includes(code);
    };
    const status =
      pod.status?.containerStatuses?.find(matches) ??
      pod.status?.initContainerStatuses?.find(matches);
    if (status === undefined) return undefined;
    const code = status.state?.terminated?.exitCode;
    return `Container ${status.name} for pod ${name} failed with exit code ${code}`;
  }
  const condition = pod.status?.conditions?.find((c) =>
    (onPodConditions ?? []).some((p) => p.type === c.type && (p.status ?? 'True') === c.status),
  );
  return condition === undefined ? undefined : `Pod ${name} has condition ${condition.type}`;
}

/** Why the success policy is met; undefined when it is not. */
export function metSuccessPolicy(job: Job, succeeded: Indexes): string | undefined {
  if (succeeded.count === 0) return undefined;
  for (const [i, rule] of (job.spec?.successPolicy?.rules ?? []).entries()) {
    const { succeededIndexes, succeededCount } = rule;
    const enough = (count: number): boolean =>
      succeededCount !== undefined && count >= succeededCount;
    let met: boolean;
    if (succeededIndexes === undefined) met = enough(succeeded.count);
    else {
      const required = Indexes.parse(succeededIndexes, job.spec?.completions ?? 0);
      if (required.count === 0) continue;
      const done = required.common(succeeded);
      met = done === required.count || enough(done);
    }
    if (met) return `Matched rules at index ${i}`;
  }
  return undefined;
}
