/** The `resize` subresource: cpu and memory of a running pod (KEP 1287). */

import { deepCopy } from '../../../../machinery/meta/copy.ts';
import { semanticEqual } from '../../../../machinery/meta/equality.ts';
import {
  type FieldError,
  FieldPath,
  forbiddenField,
  invalidValue,
} from '../../../../machinery/meta/field-error.ts';
import { member } from '../../../../machinery/meta/member.ts';
import { typeRef } from '../../../../machinery/schema/schema.ts';
import type {
  Container,
  Pod,
  PodSpec,
  ResourceRequirements,
} from '../../../../machinery/schema/wire.ts';
import type { FaceStrategy } from '../../resource.ts';
import { keepMetadata } from '../../status-metadata.ts';
import { dropDisabledPodFields } from './drop-disabled.ts';
import { mirrorAnnotation } from './pod-annotations.ts';
import { validatePodAsWhole } from './pod-create.ts';
import { bumpPodGeneration } from './pod-generation.ts';
import { podOptions } from './pod-options.ts';
import { isRestartableInit } from './pod-walk.ts';
import { qosClass } from './qos.ts';

const at = FieldPath.of('spec');
const specType = typeRef('core/v1.PodSpec');
const containerType = typeRef('core/v1.Container');
const requirementsType = typeRef('core/v1.ResourceRequirements');
const lists = ['containers', 'initContainers'] as const;
type Quantities = Readonly<Record<string, string>> | undefined;

/** Resources and resize policies of containers, and the pod's own resources; nothing else. */
export const resizeStrategy: FaceStrategy<Pod> = {
  verbs: ['get', 'patch', 'update'],
  metadataChecks: ['change', 'whole'],
  prepareForUpdate: (next, prev) => {
    keepAllButResources(next, prev);
    dropDisabledPodFields(next.spec, prev.spec);
    bumpPodGeneration(next, prev);
  },
  validateUpdate: validateResize,
};

/** Added, removed or renamed containers are left for validation to refuse. */
function keepAllButResources(next: Pod, prev: Pod): void {
  const sent = next.spec!;
  const old = prev.spec!;
  if (lists.some((l) => (sent[l] ?? []).length !== (old[l] ?? []).length)) return;
  const spec = deepCopy(old);
  if (sent.resources === undefined) delete spec.resources;
  else spec.resources = sent.resources;
  spec.containers = withResourcesOf(sent.containers ?? [], old.containers ?? []);
  if (sent.initContainers !== undefined) {
    spec.initContainers = withResourcesOf(sent.initContainers, old.initContainers ?? []);
  }
  next.spec = spec;
  if (prev.status === undefined) delete next.status;
  else next.status = deepCopy(prev.status);
  keepMetadata(next, prev);
}

function withResourcesOf(sent: Container[], old: readonly Container[]): Container[] {
  if (sent.some((c, i) => c.name !== old[i]?.name)) return sent;
  return sent.map((c, i) => {
    const { resources: _resources, resizePolicy: _policy, ...rest } = deepCopy(old[i]!);
    return {
      ...rest,
      ...(c.resources === undefined ? {} : { resources: c.resources }),
      ...(c.resizePolicy === undefined ? {} : { resizePolicy: c.resizePolicy }),
    };
  });
}

function validateResize(next: Pod, prev: Pod): FieldError[] {
  const old = prev.spec!;
  const spec = next.spec!;
  if (prev.metadata?.annotations?.[mirrorAnnotation] !== undefined) {
    return [forbiddenField(FieldPath.unnamed, 'static pods cannot be resized')];
  }
  if (old.os?.name === 'windows') {
    return [forbiddenField(FieldPath.unnamed, 'windows pods cannot be resized')];
  }
  const errors = [...validatePodAsWhole(next, podOptions(prev))];
  if ((prev.status?.qosClass || qosClass(old)) !== qosClass(spec)) {
    const text = 'Pod QOS Class may not change as a result of resizing';
    errors.push(invalidValue(at, next.status?.qosClass ?? '', text));
  }
  if (!nodeSupportsResize(prev)) {
    errors.push(forbiddenField(at, 'Pod running on node without support for resize'));
  }
  const kept = deepCopy(spec);
  errors.push(...validatePodLevel(spec, old, kept));
  if ((prev.status?.nodeAllocatableResourceClaimStatuses ?? []).length > 0) {
    const text = 'pods with node allocatable resource claims cannot be resized';
    errors.push(forbiddenField(at, text));
  }
  const order = lists.flatMap((l) => validateSameContainers(spec[l] ?? [], old[l] ?? [], l));
  if (order.length > 0) return [...errors, ...order];
  for (const list of ['initContainers', 'containers'] as const) {
    for (const [i, c] of (old[list] ?? []).entries()) {
      const path = at.child(list).index(i).child('resources');
      errors.push(...validateNothingRemoved(spec[list]![i]!.resources, c.resources, path));
    }
  }
  errors.push(...validateOnlyResources(spec, old, kept));
  if (errors.length === 0 && !semanticEqual(specType, kept, old)) {
    errors.push(forbiddenField(at, 'only cpu and memory resources are mutable'));
  }
  return errors;
}

/** A kubelet that can resize reports the resources of what runs. */
function nodeSupportsResize(pod: Pod): boolean {
  const running = pod.status?.containerStatuses?.find((s) => s.state?.running !== undefined);
  return running === undefined || running.resources !== undefined;
}

/** Changes `kept` in place. */
function validatePodLevel(spec: PodSpec, old: PodSpec, kept: PodSpec): FieldError[] {
  const isSet = (r: ResourceRequirements | undefined): boolean =>
    Object.keys(r?.requests ?? {}).length + Object.keys(r?.limits ?? {}).length > 0;
  if (!isSet(spec.resources) && !isSet(old.resources)) return [];
  const path = at.child('resources');
  if (old.resources !== undefined && spec.resources === undefined) {
    return [forbiddenField(path, 'pod-level resources cannot be removed')];
  }
  const errors: FieldError[] = [];
  if (isRemoved(spec.resources?.requests, old.resources?.requests)) {
    const text = 'pod-level resource requests cannot be removed';
    errors.push(forbiddenField(path.child('requests'), text));
  }
  if (isRemoved(spec.resources?.limits, old.resources?.limits)) {
    const text = 'pod-level resource limits cannot be removed';
    errors.push(forbiddenField(path.child('limits'), text));
  }
  undoComputeResources(kept, old, true);
  if (!semanticEqual(requirementsType, kept.resources, old.resources)) {
    errors.push(forbiddenField(at, 'only cpu and memory resources are mutable at pod-level'));
  }
  return errors;
}

function validateSameContainers(
  next: readonly Container[],
  prev: readonly Container[],
  list: (typeof lists)[number],
): FieldError[] {
  const path = at.child(list);
  if (next.length !== prev.length) {
    return [forbiddenField(path, `${list} may not be added or removed on resize`)];
  }
  return prev.flatMap((c, i) => {
    if (next[i]!.name === c.name) return [];
    const text = `${list} may not be renamed or reordered on resize`;
    return [forbiddenField(path.index(i).child('name'), text)];
  });
}

function validateNothingRemoved(
  next: ResourceRequirements | undefined,
  prev: ResourceRequirements | undefined,
  path: FieldPath,
): FieldError[] {
  return (['requests', 'limits'] as const)
    .filter((kind) => isRemoved(next?.[kind], prev?.[kind]))
    .map((kind) => forbiddenField(path.child(kind), `resource ${kind} cannot be removed`));
}

function isRemoved(next: Quantities, prev: Quantities): boolean {
  return Object.keys(prev ?? {}).some((name) => member(next, name) === undefined);
}

/** With cpu and memory as before, containers are as before. Changes `kept` in place. */
function validateOnlyResources(spec: PodSpec, old: PodSpec, kept: PodSpec): FieldError[] {
  const errors: FieldError[] = [];
  for (const [i, c] of (kept.containers ?? []).entries()) {
    undoComputeResources(c, old.containers[i]!);
    if (!semanticEqual(containerType, c, old.containers[i])) {
      errors.push(forbiddenField(at, 'only cpu and memory resources are mutable'));
    }
  }
  for (const [i, c] of (kept.initContainers ?? []).entries()) {
    const before = old.initContainers![i]!;
    const path = at.child('initContainers').index(i);
    const changed = !semanticEqual(containerType, spec.initContainers![i], before);
    undoComputeResources(c, before);
    if (!semanticEqual(containerType, c, before)) {
      const text = 'only cpu and memory resources for init or sidecar containers are mutable';
      errors.push(forbiddenField(path, text));
    }
    if (!changed || isRestartableInit(c)) continue;
    for (const p of c.resizePolicy ?? []) {
      if (p.restartPolicy !== 'RestartContainer') continue;
      const text =
        'non-sidecar init containers with a resize policy of RestartContainer cannot be resized';
      errors.push(forbiddenField(path, text));
    }
  }
  return errors;
}

interface HasResources {
  resources?: ResourceRequirements;
}

/**
 * Puts the old cpu and memory back. Claims of containers are left out, of pods kept: as a
 * consequence, containers with claims cannot be resized.
 */
function undoComputeResources(to: HasResources, old: HasResources, keepClaims = false): void {
  const limits = withCompute(to.resources?.limits, old.resources?.limits);
  const requests = withCompute(to.resources?.requests, old.resources?.requests);
  const claims = keepClaims ? to.resources?.claims : undefined;
  const some = limits !== undefined || requests !== undefined || claims !== undefined;
  if (!some && old.resources === undefined) {
    delete to.resources;
    return;
  }
  to.resources = {
    ...(claims === undefined ? {} : { claims }),
    ...(limits === undefined ? {} : { limits }),
    ...(requests === undefined ? {} : { requests }),
  };
}

function withCompute(now: Quantities, before: Quantities): Record<string, string> | undefined {
  const { cpu: _cpu, memory: _memory, ...rest } = now ?? {};
  const out = { ...rest };
  for (const name of ['cpu', 'memory'] as const) {
    if (before?.[name] !== undefined) out[name] = before[name];
  }
  return Object.keys(out).length === 0 ? undefined : out;
}
