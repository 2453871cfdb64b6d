/** The `status` subresource of pods, which kubelets and the scheduler write. */
import {
  type FieldError,
  FieldPath,
  forbiddenField,
  invalidValue,
} from '../../../../machinery/meta/field-error.ts';
import { ipWarnings, isIpv4, parseIp, validateLegacyIp } from '../../../../machinery/meta/ip.ts';
import { nameIsDnsSubdomain } from '../../../../machinery/meta/names.ts';
import { validateImmutableField } from '../../../../machinery/meta/object-meta-validation.ts';
import type {
  ContainerStatus,
  Pod,
  PodSpec,
  PodStatus,
} from '../../../../machinery/schema/wire.ts';
import { internalList } from '../../internal-form.ts';
import type { StatusStrategy } from '../../resource.ts';
import { keepMetadataFields } from '../../status-metadata.ts';
import { invalidFor, validateQualifiedName } from '../field-checks.ts';
import { mayRestart, mayRestartAll } from './container-restart.ts';
import { validateContainerStatuses } from './container-status.ts';
import { dropDisabledStatusFields } from './drop-disabled.ts';
import { validatePodAnnotationsUpdate } from './pod-annotations.ts';
import { podOptions } from './pod-options.ts';
import { validateClaimStatuses } from './resource-claim-status.ts';

const at = FieldPath.of('status');

export const podStatusStrategy: StatusStrategy<Pod> = {
  resetFields: [['spec'], ['metadata', 'deletionTimestamp'], ['metadata', 'ownerReferences']],
  prepareForUpdate: (next, prev) => {
    delete next.metadata!.deletionTimestamp;
    // Old kubelets send owner references that break garbage collection.
    keepMetadataFields(next, prev, ['ownerReferences']);
    next.status ??= {};
    const { status } = next;
    if (!status.qosClass && prev.status?.qosClass) status.qosClass = prev.status.qosClass;
    keepObservedGenerations(status, prev.status);
    dropDisabledStatusFields(status, prev.status);
  },
  validateUpdate: validatePodStatusUpdate,
  warnings: ({ status }) => [
    ...(status?.podIPs ?? []).flatMap((p, i) =>
      ipWarnings(p.ip, at.child('podIPs').index(i).child('ip')),
    ),
    ...(status?.hostIPs ?? []).flatMap((h, i) =>
      ipWarnings(h.ip, at.child('hostIPs').index(i).child('ip')),
    ),
  ],
};

/** Writers that do not know the field must not clear it. */
function keepObservedGenerations(next: PodStatus, prev: PodStatus | undefined): void {
  if (!next.observedGeneration && prev?.observedGeneration) {
    next.observedGeneration = prev.observedGeneration;
  }
  const known = new Map<string, number[]>();
  for (const c of prev?.conditions ?? []) {
    known.set(c.type, [...(known.get(c.type) ?? []), c.observedGeneration ?? 0]);
  }
  for (const c of next.conditions ?? []) {
    const generation = known.get(c.type)?.shift();
    if (!c.observedGeneration && generation) c.observedGeneration = generation;
  }
}

function validatePodStatusUpdate(next: Pod, prev: Pod): FieldError[] {
  const status = next.status ?? {};
  const old = prev.status ?? {};
  const spec = next.spec!;
  const annotationsAt = FieldPath.of('metadata', 'annotations');
  return [
    ...validatePodAnnotationsUpdate(next, prev, annotationsAt, podOptions(prev)),
    ...validateConditions(status),
    ...validateNominatedNode(status, old, prev.spec!),
    ...((status.observedGeneration ?? 0) < 0
      ? [negative(at.child('observedGeneration'), status.observedGeneration)]
      : []),
    ...validateImmutableField(status.qosClass, old.qosClass, at.child('qosClass')),
    ...validateTransitions(status, old, prev.spec!),
    ...validateClaimStatuses(status, spec, at),
    ...validatePodIps(status, old),
    ...validateHostIps(status, old),
    ...validateContainerStatuses(status, spec, at),
  ];
}

function negative(path: FieldPath, value: unknown): FieldError {
  return invalidValue(path, value, 'must be a non-negative integer');
}

const systemConditions = new Set(['PodScheduled', 'Ready', 'Initialized']);

function validateConditions(status: PodStatus): FieldError[] {
  return (status.conditions ?? []).flatMap((c, i) => {
    const here = at.child('conditions').index(i);
    const errors: FieldError[] = [];
    if ((c.observedGeneration ?? 0) < 0) {
      errors.push(negative(here.child('observedGeneration'), c.observedGeneration));
    }
    if (systemConditions.has(c.type)) return errors;
    return [...errors, ...validateQualifiedName(c.type ?? '', here.child('Type'))];
  });
}

function validateNominatedNode(status: PodStatus, old: PodStatus, spec: PodSpec): FieldError[] {
  const node = status.nominatedNodeName;
  if (!node || node === old.nominatedNodeName) return [];
  const here = at.child('nominatedNodeName');
  const errors = invalidFor(here, node, nameIsDnsSubdomain(node, false));
  if (spec.nodeName) {
    errors.push(forbiddenField(here, 'may not be set on pods that are already bound to a node'));
  }
  return errors;
}

/** A container that has ended for good does not come back. */
function validateTransitions(status: PodStatus, old: PodStatus, spec: PodSpec): FieldError[] {
  const errors: FieldError[] = [];
  if (!mayRestartAll(spec)) {
    for (const [list, containers] of [
      ['containerStatuses', spec.containers],
      ['initContainerStatuses', spec.initContainers],
    ] as const) {
      errors.push(
        ...refuseRevivals(status[list], old[list], at.child(list), (name, exitCode) => {
          const container = containers?.find((c) => c.name === name);
          return container !== undefined && mayRestart(container, spec, exitCode);
        }),
      );
    }
  }
  const list = 'ephemeralContainerStatuses';
  errors.push(...refuseRevivals(status[list], old[list], at.child(list), () => false));
  return errors;
}

function refuseRevivals(
  next: readonly ContainerStatus[] | undefined,
  prev: readonly ContainerStatus[] | undefined,
  path: FieldPath,
  allowed: (name: string, exitCode: number) => boolean,
): FieldError[] {
  return (prev ?? []).flatMap((old, i) => {
    const ended = old.state?.terminated;
    if (ended === undefined) return [];
    const revived = next?.some((s) => s.name === old.name && s.state?.terminated === undefined);
    if (!revived || allowed(old.name, ended.exitCode ?? 0)) return [];
    const text = 'may not be transitioned to non-terminated state';
    return [forbiddenField(path.index(i).child('state'), text)];
  });
}

function validatePodIps(status: PodStatus, old: PodStatus): FieldError[] {
  const ips = (status.podIPs ?? []).map((p) => p.ip);
  return validateIps(
    ips,
    (old.podIPs ?? []).map((p) => p.ip),
    at.child('podIPs'),
    () => internalList('core/v1.PodIP', status.podIPs),
  );
}

function validateHostIps(status: PodStatus, old: PodStatus): FieldError[] {
  const ips = (status.hostIPs ?? []).map((h) => h.ip);
  if (ips.length === 0) return [];
  const here = at.child('hostIPs');
  const errors: FieldError[] = [];
  if ((status.hostIP ?? '') !== ips[0]) {
    errors.push(invalidValue(here.index(0).child('ip'), ips[0], 'must be equal to `hostIP`'));
  }
  const before = (old.hostIPs ?? []).map((h) => h.ip);
  const shown = (): unknown => internalList('core/v1.HostIP', status.hostIPs);
  return [...errors, ...validateIps(ips, before, here, shown)];
}

function validateIps(
  ips: readonly string[],
  accepted: readonly string[],
  path: FieldPath,
  shown: () => unknown,
): FieldError[] {
  const errors = ips.flatMap((ip, i) => validateLegacyIp(ip ?? '', path.index(i), true, accepted));
  if (ips.length < 2) return errors;
  const parsed = ips.map((ip) => parseIp(ip ?? ''));
  const bad = parsed.indexOf(undefined);
  if (bad >= 0) {
    const detail = `failed to check for dual stack with error:invalid IP[${bad}]: ${ips[bad]}`;
    errors.push({ type: 'InternalError', field: String(path), detail });
  }
  const families = new Set(parsed.map((ip) => ip && isIpv4(ip)));
  if (bad >= 0 || families.size !== 2 || ips.length > 2) {
    const text = 'may specify no more than one IP for each IP family';
    errors.push(invalidValue(path, shown(), text));
  }
  return errors;
}
