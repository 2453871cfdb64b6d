/**
 * What an update may keep that a create may not bring: rules that came after an object was stored
 * do not make it unchangeable. Options come from the old object.
 */
import { FieldPath } from '../../../../machinery/meta/field-error.ts';
import { isLabelValue } from '../../../../machinery/meta/names.ts';
import { validateLabelSelector } from '../../../../machinery/meta/object-meta-validation.ts';
import type {
  NodeSelectorTerm,
  ObjectMeta,
  PodAffinityTerm,
  PodSpec,
  PodTemplateSpec,
} from '../../../../machinery/schema/wire.ts';
import { isHugePagesName, isWholePages, resourceEntries } from '../resource-names.ts';
import { isLocalPath } from '../volume/paths.ts';
import { hasValidDeletionCost } from './pod-annotations.ts';
import { allContainers, isRestartableInit } from './pod-walk.ts';
import { hostSysctlProblem } from './sysctls.ts';
import { validateMatchLabelKeys } from './topology-spread.ts';

export interface PodValidationOptions {
  /** The object is a pod, not a template: a few rules hold for pods only. */
  readonly resourceIsPod: boolean;
  readonly allowInvalidDeletionCost: boolean;
  readonly allowInvalidLabelValueInSelector: boolean;
  readonly allowInvalidLabelValueInNodeAffinity: boolean;
  readonly allowInvalidSpreadSelector: boolean;
  /** The old pod's match label keys did not fit today's rule. */
  readonly oldViolatesMatchLabelKeys: boolean;
  readonly allowIndivisibleHugePages: boolean;
  readonly allowNonLocalTokenPath: boolean;
  readonly allowHostSysctls: boolean;
  /** Any SELinux change policy; otherwise Recursive only (SELinuxMount is off). */
  readonly allowAnySelinuxChangePolicy: boolean;
  readonly allowRestartContainerOfInitContainers: boolean;
  readonly allowVolumeDevicesInUserNamespaces: boolean;
  readonly allowHostNetworkInUserNamespaces: boolean;
  /** Gt and Lt in tolerations (TaintTolerationComparisonOperators is off). */
  readonly allowComparingTolerations: boolean;
}

/** The options of a new pod template. */
export const newTemplateOptions: PodValidationOptions = {
  resourceIsPod: false,
  allowInvalidDeletionCost: false,
  allowInvalidLabelValueInSelector: false,
  allowInvalidLabelValueInNodeAffinity: false,
  allowInvalidSpreadSelector: false,
  oldViolatesMatchLabelKeys: false,
  allowIndivisibleHugePages: false,
  allowNonLocalTokenPath: false,
  allowHostSysctls: false,
  allowAnySelinuxChangePolicy: false,
  allowRestartContainerOfInitContainers: false,
  allowVolumeDevicesInUserNamespaces: false,
  allowHostNetworkInUserNamespaces: false,
  allowComparingTolerations: false,
};

/** The options of a pod; `old` is what is stored, undefined on create. */
export function podOptions(
  old: { spec?: PodSpec; metadata?: ObjectMeta } | undefined,
): PodValidationOptions {
  return { ...templateOptions(old), resourceIsPod: true };
}

/** The options of a pod template inside a workload. */
export function templateOptions(old: PodTemplateSpec | undefined): PodValidationOptions {
  const spec = old?.spec;
  if (spec === undefined) return newTemplateOptions;
  const hostUsers = spec.hostUsers ?? true;
  return {
    resourceIsPod: false,
    allowInvalidDeletionCost: !hasValidDeletionCost(old?.metadata?.annotations),
    allowInvalidLabelValueInSelector: podAffinityTerms(spec).some(hasInvalidSelector),
    allowInvalidLabelValueInNodeAffinity: hasInvalidLabelValue(
      spec.affinity?.nodeAffinity?.requiredDuringSchedulingIgnoredDuringExecution
        ?.nodeSelectorTerms,
    ),
    allowInvalidSpreadSelector: (spec.topologySpreadConstraints ?? []).some(
      (c) => validateLabelSelector(c.labelSelector, FieldPath.root).length > 0,
    ),
    oldViolatesMatchLabelKeys: (spec.topologySpreadConstraints ?? []).some(
      (c) =>
        validateMatchLabelKeys(c.matchLabelKeys, undefined, c.labelSelector, FieldPath.root)
          .length > 0,
    ),
    allowIndivisibleHugePages: usesIndivisibleHugePages(spec),
    allowNonLocalTokenPath: (spec.volumes ?? []).some((v) =>
      v.projected?.sources?.some(
        (s) => s.serviceAccountToken !== undefined && !isLocalPath(s.serviceAccountToken.path),
      ),
    ),
    allowHostSysctls: (spec.securityContext?.sysctls ?? []).some(
      (s) => hostSysctlProblem(s.name, spec) !== undefined,
    ),
    allowAnySelinuxChangePolicy: spec.securityContext?.seLinuxChangePolicy !== undefined,
    allowRestartContainerOfInitContainers: (spec.initContainers ?? []).some(
      (c) =>
        !isRestartableInit(c) &&
        c.resizePolicy?.some((p) => p.restartPolicy === 'RestartContainer'),
    ),
    allowVolumeDevicesInUserNamespaces:
      !hostUsers && allContainers(spec).some((c) => (c.volumeDevices ?? []).length > 0),
    allowHostNetworkInUserNamespaces: !hostUsers && spec.hostNetwork === true,
    allowComparingTolerations: (spec.tolerations ?? []).some(
      (t) => t.operator === 'Lt' || t.operator === 'Gt',
    ),
  };
}

function podAffinityTerms(spec: PodSpec): PodAffinityTerm[] {
  return [spec.affinity?.podAffinity, spec.affinity?.podAntiAffinity].flatMap((a) => [
    ...(a?.requiredDuringSchedulingIgnoredDuringExecution ?? []),
    ...(a?.preferredDuringSchedulingIgnoredDuringExecution ?? []).map((w) => w.podAffinityTerm),
  ]);
}

function hasInvalidSelector(term: PodAffinityTerm): boolean {
  return [term.labelSelector, term.namespaceSelector].some(
    (s) => validateLabelSelector(s, FieldPath.root).length > 0,
  );
}

/** A value in an expression that no label can have. */
export function hasInvalidLabelValue(terms: readonly NodeSelectorTerm[] | undefined): boolean {
  return (terms ?? []).some((t) =>
    t.matchExpressions?.some((e) => e.values?.some((v) => isLabelValue(v).length > 0)),
  );
}

function usesIndivisibleHugePages(spec: PodSpec): boolean {
  const lists = allContainers(spec).flatMap((c) => [c.resources?.limits, c.resources?.requests]);
  return [...lists, spec.overhead]
    .flatMap((list) => resourceEntries(list))
    .some(([name, quantity]) => isHugePagesName(name) && !isWholePages(name, quantity));
}
