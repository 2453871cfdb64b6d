/** What the server makes of a new pod, and its checks. */
import { deepEqual } from '../../../../machinery/meta/equality.ts';
import {
  type FieldError,
  FieldPath,
  forbiddenField,
} from '../../../../machinery/meta/field-error.ts';
import type {
  LabelSelector,
  Pod,
  PodAffinityTerm,
  PodSpec,
} from '../../../../machinery/schema/wire.ts';
import type { WriteContext } from '../../resource.ts';
import { validateImageSpace } from './containers.ts';
import { dropDisabledPodFields } from './drop-disabled.ts';
import { validatePodAnnotations } from './pod-annotations.ts';
import { type PodValidationOptions, podOptions } from './pod-options.ts';
import { validatePodSpec } from './pod-spec.ts';
import { allContainers } from './pod-walk.ts';
import {
  appArmorAnnotationPrefix,
  appArmorProfileOf,
  validateAppArmorProfile,
  validateProfilesMatchAnnotations,
} from './profiles.ts';
import { qosClass } from './qos.ts';

/** Sets the status and what follows from labels and annotations; changes `pod` in place. */
export function preparePod(pod: Pod, ctx: WriteContext): void {
  pod.spec ??= { containers: [] };
  const { spec } = pod;
  // A class that the client names is taken at its word.
  pod.status = { phase: 'Pending', qosClass: pod.status?.qosClass || qosClass(spec) };
  dropDisabledPodFields(spec, undefined);
  if ((spec.schedulingGates ?? []).length > 0) pod.status.conditions = [gatedCondition(ctx.now)];
  const labels = pod.metadata?.labels ?? {};
  for (const term of podAffinityTerms(spec)) {
    addLabelKeys(term.labelSelector, term.matchLabelKeys, 'In', labels);
    addLabelKeys(term.labelSelector, term.mismatchLabelKeys, 'NotIn', labels);
  }
  for (const c of spec.topologySpreadConstraints ?? []) {
    addLabelKeys(c.labelSelector, c.matchLabelKeys, 'In', labels);
  }
  if (spec.os?.name !== 'windows') copyAppArmorAnnotations(pod, spec, ctx);
}

type PodCondition = NonNullable<NonNullable<Pod['status']>['conditions']>[number];

function gatedCondition(now: string): PodCondition {
  return {
    type: 'PodScheduled',
    status: 'False',
    // Never probed: the API writes null.
    lastProbeTime: null as unknown as string,
    lastTransitionTime: now,
    reason: 'SchedulingGated',
    message: 'Scheduling is blocked due to non-empty scheduling gates',
  };
}

function podAffinityTerms(spec: PodSpec): PodAffinityTerm[] {
  return [spec.affinity?.podAffinity, spec.affinity?.podAntiAffinity].flatMap((a) => [
    ...(a?.preferredDuringSchedulingIgnoredDuringExecution ?? []).map((w) => w.podAffinityTerm),
    ...(a?.requiredDuringSchedulingIgnoredDuringExecution ?? []),
  ]);
}

/** The pod's own values of the keys become requirements (KEP 3633). */
function addLabelKeys(
  selector: LabelSelector | undefined,
  keys: readonly string[] | undefined,
  operator: 'In' | 'NotIn',
  labels: Readonly<Record<string, string>>,
): void {
  if (selector === undefined) return;
  const added = (keys ?? [])
    .filter((key) => labels[key] !== undefined)
    .map((key) => ({ key, operator, values: [labels[key]!] }));
  if (added.length > 0) {
    selector.matchExpressions = [...(selector.matchExpressions ?? []), ...added];
  }
}

/** AppArmor annotations of before v1.30 still count where the field is not set. */
function copyAppArmorAnnotations(pod: Pod, spec: PodSpec, ctx: WriteContext): void {
  for (const c of allContainers(spec)) {
    const key = appArmorAnnotationPrefix + c.name;
    const annotation = pod.metadata?.annotations?.[key];
    if (annotation === undefined || c.securityContext?.appArmorProfile !== undefined) continue;
    const found = appArmorProfileOf(annotation);
    const valid =
      found !== undefined && validateAppArmorProfile(found, FieldPath.root).length === 0;
    if (valid && deepEqual(found, spec.securityContext?.appArmorProfile)) continue;
    if (valid) c.securityContext = { ...c.securityContext, appArmorProfile: found };
    const at = FieldPath.of('metadata', 'annotations').key(key);
    ctx.warn(`${at}: deprecated since v1.30; use the "appArmorProfile" field instead`);
  }
}

const specAt = FieldPath.of('spec');

/** Problems of a new pod. */
export function validateNewPod(pod: Pod): FieldError[] {
  const spec = pod.spec!;
  const errors = validatePodAsWhole(pod, podOptions(undefined));
  if ((spec.ephemeralContainers ?? []).length > 0) {
    errors.push(forbiddenField(specAt.child('ephemeralContainers'), 'cannot be set on create'));
  }
  if (spec.nodeName && (spec.schedulingGates ?? []).length > 0) {
    const text = 'cannot be set until all schedulingGates have been cleared';
    errors.push(forbiddenField(specAt.child('nodeName'), text));
  }
  return [...errors, ...validateProfilesMatchAnnotations(pod.metadata, spec, specAt)];
}

/** What holds for a pod at any time: annotations and spec. */
export function validatePodAsWhole(pod: Pod, options: PodValidationOptions): FieldError[] {
  const spec = pod.spec!;
  const annotationsAt = FieldPath.of('metadata', 'annotations');
  const errors = [
    ...validatePodAnnotations(pod.metadata?.annotations, spec, annotationsAt, options),
    ...validatePodSpec(spec, pod.metadata ?? {}, specAt, options),
  ];
  if (!spec.serviceAccountName) errors.push(...validateNoTokens(spec));
  for (const list of ['containers', 'initContainers'] as const) {
    for (const [i, c] of (spec[list] ?? []).entries()) {
      errors.push(...validateImageSpace(c, specAt.child(list).index(i)));
    }
  }
  return errors;
}

/** Tokens are a service account's. */
function validateNoTokens(spec: PodSpec): FieldError[] {
  return (spec.volumes ?? []).flatMap((volume, i) =>
    (volume.projected?.sources ?? []).flatMap((source, j) => {
      if (source.serviceAccountToken === undefined) return [];
      const path = specAt.child('volumes').index(i).child('projected', 'sources').index(j);
      const text = 'must not be specified when serviceAccountName is not set';
      return [forbiddenField(path.child('serviceAccountToken'), text)];
    }),
  );
}
