/** Which pods a running job lacks or has too many of. */
import type { Job, Pod, PodTemplateSpec } from '../../machinery/schema/wire.ts';
import { firstToGo } from '../pods/pod-ranking.ts';
import { isPodTerminating } from '../pods/pod-state.ts';
import { indexPauseMs, pauseMs } from './backoff.ts';
import type { JobView } from './evaluate.ts';
import {
  ignoredFailuresAnnotation,
  indexAnnotation,
  indexFailures,
  indexFailuresAnnotation,
  indexOf,
  isIndexed,
  isSuspended,
  limitsPerIndex,
  replacesFailedOnly,
  trackingFinalizer,
} from './job-pod.ts';
import { judgeFailure } from './policies.ts';

/** Pods created or deleted at a time; the rest follows (as upstream). */
const perSync = 500;
const nameBaseLimit = 58;

export type PodsAction =
  | { readonly type: 'none' }
  | { readonly type: 'delete'; readonly pods: readonly Pod[] }
  /** One pod per entry: its index, or undefined for jobs without. */
  | { readonly type: 'create'; readonly indexes: readonly (number | undefined)[] }
  /** Failures call for a pause. */
  | { readonly type: 'wait'; readonly ms: number };

const none: PodsAction = { type: 'none' };

/** Deletions come first; creations wait for the next look. */
export function planPods(view: JobView, nowMs: number): PodsAction {
  const { job, active } = view;
  if (isSuspended(job)) {
    return active.length === 0 ? none : { type: 'delete', pods: firstToGo(active) };
  }
  const want = wantedActive(view);
  const surplus = surplusPods(job, active, Math.max(0, active.length - want)).slice(0, perSync);
  if (surplus.length > 0) return { type: 'delete', pods: surplus };
  const reserved = replacesFailedOnly(job) ? view.terminating : 0;
  const missing = Math.min(perSync, want - reserved - active.length);
  if (missing <= 0) return none;
  if (!limitsPerIndex(job)) {
    const ms = pauseMs(view.backoff, nowMs);
    if (ms > 0) return { type: 'wait', ms };
  }
  if (!isIndexed(job)) return { type: 'create', indexes: Array(missing).fill(undefined) };
  return planIndexes(view, pendingIndexes(view, missing), nowMs);
}

function wantedActive(view: JobView): number {
  const { completions, parallelism = 1 } = view.job.spec!;
  // Without a number of completions the first success ends the job, once the others have ended.
  if (completions === undefined) return view.succeeded > 0 ? view.active.length : parallelism;
  return Math.max(0, Math.min(parallelism, completions - view.succeeded));
}

function pendingIndexes(view: JobView, count: number): number[] {
  const { job } = view;
  const taken = [
    ...view.active,
    ...(replacesFailedOnly(job) ? view.pods.filter(isPodTerminating) : []),
  ];
  const indexes = taken.map(indexOf).filter((i) => i !== undefined);
  let done = view.succeededIndexes.with(indexes);
  if (view.failedIndexes !== undefined) done = done.with(view.failedIndexes);
  return done.missing(count, job.spec?.completions ?? 0);
}

function planIndexes(view: JobView, indexes: readonly number[], nowMs: number): PodsAction {
  if (indexes.length === 0) return none;
  if (!limitsPerIndex(view.job)) return { type: 'create', indexes };
  const pauses = indexes.map((i) => indexPauseMs(view.keptPerIndex.get(i), nowMs));
  const due = indexes.filter((_, at) => pauses[at] === 0);
  return due.length > 0
    ? { type: 'create', indexes: due }
    : { type: 'wait', ms: Math.min(...pauses) };
}

/** At least so many, and all that have no valid index or share one. */
function surplusPods(job: Job, active: readonly Pod[], atLeast: number): Pod[] {
  let rest: readonly Pod[] = active;
  const surplus: Pod[] = [];
  if (isIndexed(job)) {
    const kept: Pod[] = [];
    for (const [index, pods] of Map.groupBy(active, indexOf)) {
      const valid = index !== undefined && index < (job.spec?.completions ?? 0);
      const ordered = firstToGo(pods);
      if (valid) kept.push(ordered.pop()!);
      surplus.push(...ordered);
    }
    rest = kept;
  }
  if (surplus.length < atLeast) {
    surplus.push(...firstToGo(rest).slice(0, atLeast - surplus.length));
  }
  return surplus;
}

/** The template of a pod, and the base of its name where an index is part of it. */
export function jobTemplate(
  view: JobView,
  index: number | undefined,
): { template: PodTemplateSpec; generateName: string | undefined } {
  const { job } = view;
  const base = job.spec?.template ?? {};
  const finalizers = [...new Set([...(base.metadata?.finalizers ?? []), trackingFinalizer])];
  if (index === undefined) {
    return {
      template: { ...base, metadata: { ...base.metadata, finalizers } },
      generateName: undefined,
    };
  }
  const name = job.metadata?.name ?? '';
  const suffix = `-${index}-`;
  const spec = base.spec!;
  const metadata = {
    ...base.metadata,
    finalizers,
    labels: { ...base.metadata?.labels, [indexAnnotation]: String(index) },
    annotations: {
      ...base.metadata?.annotations,
      [indexAnnotation]: String(index),
      ...(limitsPerIndex(job) ? failureAnnotations(job, view.keptPerIndex.get(index)) : {}),
    },
  };
  return {
    template: {
      metadata,
      spec: {
        ...spec,
        hostname: `${name}-${index}`,
        containers: spec.containers.map(withIndexVariable),
        ...(spec.initContainers === undefined
          ? {}
          : { initContainers: spec.initContainers.map(withIndexVariable) }),
      },
    },
    generateName: name.slice(0, nameBaseLimit - suffix.length) + suffix,
  };
}

type Container = NonNullable<PodTemplateSpec['spec']>['containers'][number];

function withIndexVariable(container: Container): Container {
  const name = 'JOB_COMPLETION_INDEX';
  if (container.env?.some((e) => e.name === name)) return container;
  const fieldPath = `metadata.labels['${indexAnnotation}']`;
  const variable = { name, valueFrom: { fieldRef: { fieldPath } } };
  return { ...container, env: [...(container.env ?? []), variable] };
}

/** The new pod carries on the count of its index's failures. */
function failureAnnotations(job: Job, replaced: Pod | undefined): Record<string, string> {
  if (replaced === undefined) return { [indexFailuresAnnotation]: '0' };
  const before = indexFailures(replaced);
  const { counts } = judgeFailure(job, replaced);
  const counted = before.counted + (counts ? 1 : 0);
  const ignored = before.all - before.counted + (counts ? 0 : 1);
  return {
    [indexFailuresAnnotation]: String(counted),
    ...(ignored > 0 ? { [ignoredFailuresAnnotation]: String(ignored) } : {}),
  };
}
