/** Scopes: which objects of a kind a quota is about. API: core/v1 ScopedResourceSelector. */
import { parseQuantity } from '../meta/quantity.ts';
import type {
  PersistentVolumeClaim,
  Pod,
  PodAffinityTerm,
  ResourceQuota,
  ResourceRequirements,
} from '../schema/wire.ts';

export interface ScopeRequirement {
  readonly scopeName: string;
  readonly operator: string;
  readonly values?: readonly string[];
}

/** All that a quota asks of an object: its `scopes` and its `scopeSelector`. */
export function scopeRequirements(spec: ResourceQuota['spec']): ScopeRequirement[] {
  const scopes = (spec?.scopes ?? []).map((scopeName) => ({ scopeName, operator: 'Exists' }));
  return [...scopes, ...(spec?.scopeSelector?.matchExpressions ?? [])];
}

/** True when the pod is in the scope. */
export function podInScope(pod: Pod, requirement: ScopeRequirement): boolean {
  switch (requirement.scopeName) {
    case 'Terminating':
      return isTerminating(pod);
    case 'NotTerminating':
      return !isTerminating(pod);
    case 'BestEffort':
      return isBestEffort(pod);
    case 'NotBestEffort':
      return !isBestEffort(pod);
    case 'PriorityClass': {
      const name = pod.spec?.priorityClassName ?? '';
      return valueMatches(requirement, name === '' ? undefined : name);
    }
    case 'CrossNamespacePodAffinity':
      return reachesOtherNamespaces(pod);
    default:
      return false;
  }
}

/** True when the claim is in the scope. */
export function claimInScope(claim: PersistentVolumeClaim, requirement: ScopeRequirement): boolean {
  if (requirement.scopeName !== 'VolumeAttributesClass') return false;
  const names = volumeAttributesClasses(claim);
  if (names.length === 0) return valueMatches(requirement, undefined);
  return names.some((name) => valueMatches(requirement, name));
}

/** The classes that a claim has, wants, or is being changed to. */
export function volumeAttributesClasses({ spec, status }: PersistentVolumeClaim): string[] {
  const names = [
    spec?.volumeAttributesClassName,
    status?.currentVolumeAttributesClassName,
    status?.modifyVolumeStatus?.targetVolumeAttributesClassName,
  ];
  return [...new Set(names.filter((n) => n !== undefined && n !== ''))] as string[];
}

/** Runs only for a time: activeDeadlineSeconds is set. */
export function isTerminating(pod: Pod): boolean {
  return (pod.spec?.activeDeadlineSeconds ?? -1) >= 0;
}

function isBestEffort({ spec, status }: Pod): boolean {
  if (status?.qosClass !== undefined) return status.qosClass === 'BestEffort';
  const parts: (ResourceRequirements | undefined)[] =
    spec?.resources === undefined
      ? [...(spec?.containers ?? []), ...(spec?.initContainers ?? [])].map((c) => c.resources)
      : [spec.resources];
  const counts = (list: Record<string, string> | undefined): boolean =>
    ['cpu', 'memory'].some((n) => list?.[n] !== undefined && parseQuantity(list[n]).sign() > 0);
  return !parts.some((r) => counts(r?.requests) || counts(r?.limits));
}

function valueMatches({ operator, values = [] }: ScopeRequirement, value?: string): boolean {
  switch (operator) {
    case 'In':
      return value !== undefined && values.includes(value);
    case 'NotIn':
      return value === undefined || !values.includes(value);
    case 'Exists':
      return value !== undefined;
    case 'DoesNotExist':
      return value === undefined;
    default:
      return false;
  }
}

function reachesOtherNamespaces(pod: Pod): boolean {
  const { podAffinity, podAntiAffinity } = pod.spec?.affinity ?? {};
  const reaches = (term: PodAffinityTerm): boolean =>
    (term.namespaces ?? []).length > 0 || term.namespaceSelector !== undefined;
  return [podAffinity, podAntiAffinity].some(
    (affinity) =>
      affinity?.requiredDuringSchedulingIgnoredDuringExecution?.some(reaches) === true ||
      affinity?.preferredDuringSchedulingIgnoredDuringExecution?.some((t) =>
        reaches(t.podAffinityTerm),
      ) === true,
  );
}
