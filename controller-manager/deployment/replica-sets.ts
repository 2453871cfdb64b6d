/** A deployment's replica sets: which is the new one, their revisions, sizes and annotations. */
import { deepEqual } from '../../machinery/meta/equality.ts';
import { newControllerRef } from '../../machinery/meta/owner.ts';
import type { Deployment, PodTemplateSpec, ReplicaSet } from '../../machinery/schema/wire.ts';
import { templateHash } from '../pods/template-hash.ts';
import { maxSurge, replicasOf } from './limits.ts';

export const hashLabel = 'pod-template-hash';
export const revisionAnnotation = 'deployment.kubernetes.io/revision';
const historyAnnotation = 'deployment.kubernetes.io/revision-history';
const desiredAnnotation = 'deployment.kubernetes.io/desired-replicas';
const maxAnnotation = 'deployment.kubernetes.io/max-replicas';
const historyLimitChars = 2000;
const nameLimit = 253;

/** Annotations of a deployment that its replica sets do not get. */
const notCopied = new Set([
  'kubectl.kubernetes.io/last-applied-configuration',
  revisionAnnotation,
  historyAnnotation,
  desiredAnnotation,
  maxAnnotation,
  'deprecated.deployment.rollback.to',
]);

export function setReplicas(set: ReplicaSet): number {
  return set.spec?.replicas ?? 1;
}

/** Sum of one number of each set's status. */
export function total(
  sets: readonly ReplicaSet[],
  field: 'replicas' | 'readyReplicas' | 'availableReplicas',
): number {
  return sets.reduce((sum, set) => sum + (set.status?.[field] ?? 0), 0);
}

/** Sum of the sizes asked for. */
export function totalSpec(sets: readonly ReplicaSet[]): number {
  return sets.reduce((sum, set) => sum + setReplicas(set), 0);
}

/** Oldest first, by name where they are of one second. */
export function byCreation(a: ReplicaSet, b: ReplicaSet): number {
  const [timeA, timeB] = [a, b].map((s) => s.metadata?.creationTimestamp ?? '');
  const [nameA, nameB] = [a, b].map((s) => s.metadata?.name ?? '');
  if (timeA !== timeB) return timeA! < timeB! ? -1 : 1;
  return nameA! < nameB! ? -1 : 1;
}

/** By revision, then oldest first. */
export function byRevision(a: ReplicaSet, b: ReplicaSet): number {
  const [revisionA, revisionB] = [revisionOf(a), revisionOf(b)];
  if (revisionA !== revisionB) return revisionA < revisionB ? -1 : 1;
  return byCreation(a, b);
}

/** 0 when the set has none. A revision has 64 bits. */
export function revisionOf(set: ReplicaSet): bigint {
  const text = set.metadata?.annotations?.[revisionAnnotation] ?? '';
  return /^[0-9]+$/.test(text) ? BigInt(text) : 0n;
}

/** The set made from the deployment's present template: the oldest of several. */
export function findNewSet(
  deployment: Deployment,
  sets: readonly ReplicaSet[],
): ReplicaSet | undefined {
  return sets
    .toSorted(byCreation)
    .find((set) => sameTemplate(set.spec?.template, deployment.spec?.template));
}

/** Equal but for the hash label, which the deployment's own template does not have. */
export function sameTemplate(
  a: PodTemplateSpec | undefined,
  b: PodTemplateSpec | undefined,
): boolean {
  return deepEqual(withoutHash(a), withoutHash(b));
}

function withoutHash(template: PodTemplateSpec | undefined): PodTemplateSpec | undefined {
  if (template?.metadata?.labels?.[hashLabel] === undefined) return template;
  const { [hashLabel]: _, ...labels } = template.metadata.labels;
  return { ...template, metadata: { ...template.metadata, labels } };
}

/** How many replicas the deployment asked for when it last sized this set. */
export function desiredBefore(set: ReplicaSet): number | undefined {
  return annotatedNumber(set, desiredAnnotation);
}

/** The most pods the deployment could have when it last sized this set. */
export function maxBefore(set: ReplicaSet): number | undefined {
  return annotatedNumber(set, maxAnnotation);
}

function annotatedNumber(set: ReplicaSet, name: string): number | undefined {
  const text = set.metadata?.annotations?.[name];
  return text !== undefined && /^[0-9]+$/.test(text) ? Number(text) : undefined;
}

/** The set with another size and the annotations that go with it; the same set if nothing changes. */
export function sized(deployment: Deployment, set: ReplicaSet, replicas: number): ReplicaSet {
  const annotations = sizeAnnotations(deployment, set.metadata?.annotations);
  if (setReplicas(set) === replicas && deepEqual(annotations, set.metadata?.annotations)) {
    return set;
  }
  return {
    ...set,
    metadata: { ...set.metadata, annotations },
    spec: { ...set.spec!, replicas },
  };
}

function sizeAnnotations(
  deployment: Deployment,
  annotations: Record<string, string> | undefined,
): Record<string, string> {
  const replicas = replicasOf(deployment);
  return {
    ...annotations,
    [desiredAnnotation]: String(replicas),
    [maxAnnotation]: String(replicas + maxSurge(deployment)),
  };
}

/**
 * The new set as its deployment wants it described: annotations copied, the highest revision,
 * the revisions it had before it became the newest again. The same set if nothing changes.
 */
export function described(
  deployment: Deployment,
  set: ReplicaSet,
  olds: readonly ReplicaSet[],
): ReplicaSet {
  const annotations = describeAnnotations(deployment, set, olds);
  const minReadySeconds = deployment.spec?.minReadySeconds ?? 0;
  const same =
    deepEqual(annotations, set.metadata?.annotations) &&
    (set.spec?.minReadySeconds ?? 0) === minReadySeconds;
  if (same) return set;
  return {
    ...set,
    metadata: { ...set.metadata, annotations },
    spec: { ...set.spec!, minReadySeconds },
  };
}

function describeAnnotations(
  deployment: Deployment,
  set: ReplicaSet,
  olds: readonly ReplicaSet[],
): Record<string, string> {
  const annotations: Record<string, string> = { ...set.metadata?.annotations };
  for (const [name, value] of Object.entries(deployment.metadata?.annotations ?? {})) {
    if (!notCopied.has(name)) annotations[name] = value;
  }
  const before = annotations[revisionAnnotation];
  // A text that is no number is somebody's own: leave it.
  if (before !== undefined && !/^[0-9]+$/.test(before)) return annotations;
  const last = olds.toSorted(byRevision).at(-1);
  const revision = (last === undefined ? 0n : revisionOf(last)) + 1n;
  if (BigInt(before ?? 0) >= revision) return annotations;
  annotations[revisionAnnotation] = String(revision);
  if (before !== undefined) {
    const history = longerHistory(annotations[historyAnnotation] ?? '', before);
    if (history !== undefined) annotations[historyAnnotation] = history;
  }
  return annotations;
}

function longerHistory(history: string, revision: string): string | undefined {
  if (history === '') return revision;
  const revisions = [...history.split(','), revision];
  while (revisions.length > 1 && revisions.join(',').length > historyLimitChars) revisions.shift();
  return revisions.join(',');
}

/** A set for the deployment's present template, not created yet, of the given size. */
export function newSet(
  deployment: Deployment,
  olds: readonly ReplicaSet[],
  replicas: number,
): ReplicaSet {
  const { namespace, name = '' } = deployment.metadata ?? {};
  const template = deployment.spec?.template ?? {};
  const hash = templateHash(template, deployment.status?.collisionCount);
  const labels = { ...template.metadata?.labels, [hashLabel]: hash };
  const selector = deployment.spec?.selector ?? {};
  const set: ReplicaSet = {
    apiVersion: 'apps/v1',
    kind: 'ReplicaSet',
    metadata: {
      name: `${name.slice(0, nameLimit - 1 - hash.length)}-${hash}`,
      ...(namespace === undefined ? {} : { namespace }),
      labels,
      ownerReferences: [newControllerRef(deployment, 'apps/v1', 'Deployment')],
    },
    spec: {
      replicas,
      minReadySeconds: deployment.spec?.minReadySeconds ?? 0,
      selector: { ...selector, matchLabels: { ...selector.matchLabels, [hashLabel]: hash } },
      template: { ...template, metadata: { ...template.metadata, labels } },
    },
  };
  return sized(deployment, described(deployment, set, olds), replicas);
}
