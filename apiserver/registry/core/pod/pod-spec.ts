/** The whole spec of a pod, in a pod or in a template. */
import {
  duplicate,
  type FieldError,
  type FieldPath,
  forbiddenField,
  invalidValue,
  notFoundField,
  notSupported,
  required,
} from '../../../../machinery/meta/field-error.ts';
import { nameIsDnsSubdomain, rangeProblem } from '../../../../machinery/meta/names.ts';
import { validateLabels } from '../../../../machinery/meta/object-meta-validation.ts';
import type { ObjectMeta, PodSpec } from '../../../../machinery/schema/wire.ts';
import {
  invalidFor,
  validateDnsLabel,
  validateOneOf,
  validateQualifiedName,
} from '../field-checks.ts';
import { validateVolumes } from '../volume/pod-volumes.ts';
import { validateAffinity } from './affinity.ts';
import {
  type ContainerContext,
  validateContainers,
  validateEphemeralContainers,
  validateInitContainers,
} from './containers.ts';
import {
  validateDnsConfig,
  validateHostAliases,
  validateHostNetwork,
  validateHostnameOverride,
} from './network.ts';
import { newTemplateOptions, type PodValidationOptions } from './pod-options.ts';
import { containersWithPath } from './pod-walk.ts';
import { validateResourceClaims } from './resource-claims.ts';
import { validateContainerResources, validatePodResources } from './resources.ts';
import { validatePodSecurityContext } from './security-context.ts';
import { validateTolerations } from './tolerations.ts';
import { validateTopologySpread } from './topology-spread.ts';
import { validateHostProcess, validateLinuxPod, validateWindowsPod } from './windows.ts';

const maxInt32 = 2 ** 31 - 1;
const restartPolicies = ['Always', 'OnFailure', 'Never'];
const dnsPolicies = ['ClusterFirstWithHostNet', 'ClusterFirst', 'Default', 'None'];

/**
 * Problems of a pod's spec, in the real server's order. `meta`: the pod's own metadata, undefined
 * for a template. Defaults have been applied.
 */
export function validatePodSpec(
  spec: PodSpec,
  meta: ObjectMeta | undefined,
  at: FieldPath,
  options: PodValidationOptions = newTemplateOptions,
): FieldError[] {
  const errors: FieldError[] = [];
  if (spec.terminationGracePeriodSeconds === undefined) {
    errors.push(required(at.child('terminationGracePeriodSeconds')));
  }
  const volumes = validateVolumes(
    spec.volumes ?? [],
    meta?.name ?? '',
    at.child('volumes'),
    options,
  );
  const claims = new Set((spec.resourceClaims ?? []).map((c) => c.name).filter(Boolean));
  const ctx: ContainerContext = { spec, volumes: volumes.valid, claims, options };
  errors.push(
    ...volumes.errors,
    ...validateResourceClaims(spec.resourceClaims ?? [], meta, at.child('resourceClaims')),
    ...validateContainers(ctx, at.child('containers')),
    ...validateInitContainers(ctx, at.child('initContainers')),
    ...validateEphemeralContainers(ctx, at.child('ephemeralContainers')),
    ...validatePodResources(spec, claims, at, options),
    ...validateHostNetwork(spec, at, options),
    ...validateChoice(spec.restartPolicy, restartPolicies, at.child('restartPolicy')),
    ...validateChoice(spec.dnsPolicy, dnsPolicies, at.child('dnsPolicy')),
    ...validateLabels(spec.nodeSelector, at.child('nodeSelector')),
    ...validatePodSecurityContext(spec, at.child('securityContext'), options),
    ...validateAffinity(spec.affinity, at.child('affinity'), options),
    ...validateDnsConfig(spec, at.child('dnsConfig')),
    ...validateGates(spec, at),
    ...validateTopologySpread(
      spec.topologySpreadConstraints ?? [],
      at.child('topologySpreadConstraints'),
      options,
    ),
    ...validateHostProcess(spec, at),
    ...validateHostUsers(spec, at, options),
    ...validateHostnameOverride(spec, at),
    ...validatePlacement(spec, at, options),
    ...validateOs(spec, at),
    ...validateSchedulingGroup(spec, at.child('schedulingGroup')),
    ...validateFileVolumes(spec, at),
  );
  return errors;
}

function validateChoice(
  value: string | undefined,
  values: readonly string[],
  at: FieldPath,
): FieldError[] {
  return value ? validateOneOf(value, values, at) : [required(at)];
}

function validateGates(spec: PodSpec, at: FieldPath): FieldError[] {
  const errors = (spec.readinessGates ?? []).flatMap((gate, i) => {
    const path = at.child('readinessGates').index(i).child('conditionType');
    return validateQualifiedName(gate.conditionType ?? '', path);
  });
  const seen = new Set<string>();
  for (const [i, gate] of (spec.schedulingGates ?? []).entries()) {
    const path = at.child('schedulingGates').index(i);
    const name = gate.name ?? '';
    errors.push(...validateQualifiedName(name, path));
    if (seen.has(name)) errors.push(duplicate(path, name));
    seen.add(name);
  }
  return errors;
}

function validateHostUsers(
  spec: PodSpec,
  at: FieldPath,
  options: PodValidationOptions,
): FieldError[] {
  if (spec.hostUsers !== false) return [];
  const refuse = (path: FieldPath): FieldError => forbiddenField(path, 'when `hostUsers` is false');
  const errors: FieldError[] = [];
  if (spec.hostNetwork && !options.allowHostNetworkInUserNamespaces) {
    errors.push(refuse(at.child('hostNetwork')));
  }
  // The capitals are the real server's.
  if (spec.hostPID) errors.push(refuse(at.child('HostPID')));
  if (spec.hostIPC) errors.push(refuse(at.child('HostIPC')));
  if (options.allowVolumeDevicesInUserNamespaces) return errors;
  for (const [c, here] of containersWithPath(spec, at)) {
    if ((c.volumeDevices ?? []).length > 0) errors.push(refuse(here.child('volumeDevices')));
  }
  return errors;
}

/** Names of other objects, where the pod runs and how long. */
function validatePlacement(
  spec: PodSpec,
  at: FieldPath,
  options: PodValidationOptions,
): FieldError[] {
  const errors: FieldError[] = [];
  const name = (field: 'serviceAccountName' | 'nodeName' | 'priorityClassName'): void => {
    const value = spec[field];
    if (value) errors.push(...invalidFor(at.child(field), value, nameIsDnsSubdomain(value, false)));
  };
  name('serviceAccountName');
  name('nodeName');
  const deadline = spec.activeDeadlineSeconds;
  if (deadline !== undefined && (deadline < 1 || deadline > maxInt32)) {
    const path = at.child('activeDeadlineSeconds');
    errors.push(invalidValue(path, deadline, rangeProblem(1, maxInt32)));
  }
  if (spec.hostname) errors.push(...validateDnsLabel(spec.hostname, at.child('hostname')));
  if (spec.subdomain) errors.push(...validateDnsLabel(spec.subdomain, at.child('subdomain')));
  errors.push(...validateTolerations(spec.tolerations ?? [], at.child('tolerations'), options));
  errors.push(...validateHostAliases(spec.hostAliases ?? [], at.child('hostAliases')));
  name('priorityClassName');
  const runtimeClass = spec.runtimeClassName;
  if (runtimeClass !== undefined) {
    const problems = nameIsDnsSubdomain(runtimeClass, false);
    errors.push(...invalidFor(at.child('runtimeClassName'), runtimeClass, problems));
  }
  if (spec.preemptionPolicy !== undefined) {
    const policies = ['PreemptLowerPriority', 'Never'];
    errors.push(...validateChoice(spec.preemptionPolicy, policies, at.child('preemptionPolicy')));
  }
  if (spec.overhead !== undefined) {
    const overhead = { limits: spec.overhead };
    const path = at.child('overhead');
    errors.push(...validateContainerResources(overhead, new Set(), path, options));
  }
  return errors;
}

const systems = ['linux', 'windows'];

function validateOs(spec: PodSpec, at: FieldPath): FieldError[] {
  if (spec.os === undefined) return [];
  const name = spec.os.name ?? '';
  if (name === '') return [required(at.child('os', 'name'))];
  if (!systems.includes(name)) return [notSupported(at.child('os'), name, systems)];
  return name === 'linux' ? validateLinuxPod(spec, at) : validateWindowsPod(spec, at);
}

function validateSchedulingGroup(spec: PodSpec, at: FieldPath): FieldError[] {
  if (spec.schedulingGroup === undefined) return [];
  const name = spec.schedulingGroup.podGroupName;
  const here = at.child('podGroupName');
  if (name === undefined) {
    return [invalidValue(here, null, 'must specify one of: `podGroupName`')];
  }
  return invalidFor(here, name, nameIsDnsSubdomain(name, false));
}

/** Variables read from a file name a volume that containers share: an emptyDir. */
function validateFileVolumes(spec: PodSpec, at: FieldPath): FieldError[] {
  const errors: FieldError[] = [];
  for (const [c, here] of containersWithPath(spec, at)) {
    for (const [i, variable] of (c.env ?? []).entries()) {
      const name = variable.valueFrom?.fileKeyRef?.volumeName;
      if (name === undefined) continue;
      const path = here.child('env').index(i).child('valueFrom', 'fileKeyRef', 'volumeName');
      const volume = (spec.volumes ?? []).findLast((v) => v.name === name);
      if (volume === undefined) errors.push(notFoundField(path, name));
      else if (volume.emptyDir === undefined) {
        errors.push(invalidValue(path, name, 'referenced volume must be of type emptyDir'));
      }
    }
  }
  return errors;
}
