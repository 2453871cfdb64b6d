/** Containers, init containers and ephemeral containers of a pod. */
import { wasSent } from '../../../../machinery/meta/emptied.ts';
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
import { isPortName, isPortNumber } from '../../../../machinery/meta/names.ts';
import type {
  Container,
  ContainerPort,
  EphemeralContainer,
  PodSpec,
} from '../../../../machinery/schema/wire.ts';
import { invalidFor, portProtocols, validateDnsLabel } from '../field-checks.ts';
import { validatePullPolicy } from '../volume/pod-volumes.ts';
import { validateEnv, validateEnvFrom } from './environment.ts';
import { validateLifecycle, validateProbes } from './handlers.ts';
import { type Volumes, validateVolumeDevices, validateVolumeMounts } from './mounts.ts';
import type { PodValidationOptions } from './pod-options.ts';
import { type AnyContainer, isRestartableInit } from './pod-walk.ts';
import { validateContainerResources } from './resources.ts';
import { validateContainerRestart, validateInitRestart } from './restart-rules.ts';
import { validateSecurityContext } from './security-context.ts';

/** What containers are checked against. */
export interface ContainerContext {
  readonly spec: PodSpec;
  readonly volumes: Volumes;
  /** Names in `spec.resourceClaims`. */
  readonly claims: ReadonlySet<string>;
  readonly options: PodValidationOptions;
}

/** `spec.containers`. */
export function validateContainers(ctx: ContainerContext, at: FieldPath): FieldError[] {
  const containers = ctx.spec.containers ?? [];
  if (containers.length === 0) return [required(at)];
  const names = new Set<string>();
  const errors = containers.flatMap((c, i) => {
    const here = at.index(i);
    const own = validateContainer(c, ctx, here);
    if (names.has(c.name)) own.push(duplicate(here.child('name'), c.name));
    names.add(c.name);
    own.push(...validateHooks(c, ctx, here), ...validateContainerRestart(c, here));
    return own;
  });
  return [...errors, ...validateHostPorts(containers, at)];
}

/** `spec.initContainers`. */
export function validateInitContainers(ctx: ContainerContext, at: FieldPath): FieldError[] {
  const names = new Set((ctx.spec.containers ?? []).map((c) => c.name));
  return (ctx.spec.initContainers ?? []).flatMap((c, i) => {
    const here = at.index(i);
    const errors = [...validateContainer(c, ctx, here), ...validateInitRestart(c, here)];
    if (names.has(c.name)) errors.push(duplicate(here.child('name'), c.name));
    else if (c.name) names.add(c.name);
    errors.push(...validateHostPorts([c], at));
    if (isRestartableInit(c)) errors.push(...validateHooks(c, ctx, here));
    else errors.push(...refuseHooks(c, here), ...refuseRestartOnResize(c, ctx, here));
    return errors;
  });
}

function validateHooks(c: Container, ctx: ContainerContext, at: FieldPath): FieldError[] {
  const { spec } = ctx;
  const grace = spec.terminationGracePeriodSeconds;
  return [
    ...validateLifecycle(c.lifecycle, grace, spec.os, at.child('lifecycle')),
    ...validateProbes(c, at),
  ];
}

function refuseHooks(c: Container, at: FieldPath): FieldError[] {
  const text = 'may not be set for init containers without restartPolicy=Always';
  return (['lifecycle', 'livenessProbe', 'readinessProbe', 'startupProbe'] as const)
    .filter((f) => c[f] !== undefined)
    .map((f) => forbiddenField(at.child(f), text));
}

function refuseRestartOnResize(c: Container, ctx: ContainerContext, at: FieldPath): FieldError[] {
  if (ctx.options.allowRestartContainerOfInitContainers) return [];
  const text = "must not be set to 'RestartContainer' for non-sidecar initContainers";
  return (c.resizePolicy ?? []).flatMap((p, i) => {
    const path = at.child('resizePolicy').index(i).child('restartPolicy');
    return p.restartPolicy === 'RestartContainer'
      ? [invalidValue(path, p.restartPolicy, text)]
      : [];
  });
}

const notEphemeral = [
  'ports',
  'resources',
  'resizePolicy',
  'restartPolicy',
  'restartPolicyRules',
  'livenessProbe',
  'readinessProbe',
  'startupProbe',
  'lifecycle',
] as const satisfies (keyof EphemeralContainer)[];

/** `spec.ephemeralContainers`. */
export function validateEphemeralContainers(ctx: ContainerContext, at: FieldPath): FieldError[] {
  const { initContainers = [], ephemeralContainers = [] } = ctx.spec;
  const containers = ctx.spec.containers ?? [];
  const others = new Set([...containers, ...initContainers].map((c) => c.name));
  const names = new Set(others);
  const text = 'cannot be set for an Ephemeral Container';
  return ephemeralContainers.flatMap((c, i) => {
    const here = at.index(i);
    const errors = [...validateContainer(c, ctx, here), ...validateImageSpace(c, here)];
    if (names.has(c.name)) errors.push(duplicate(here.child('name'), c.name));
    names.add(c.name);
    const target = c.targetContainerName;
    if (target && !others.has(target)) {
      errors.push(notFoundField(here.child('targetContainerName'), target));
    }
    const set = notEphemeral.filter((f) => {
      const value = c[f];
      if (f === 'resources') return Object.keys(value ?? {}).length > 0;
      return value !== undefined || wasSent(c, f);
    });
    errors.push(...set.map((f) => forbiddenField(here.child(f), text)));
    for (const [j, mount] of (c.volumeMounts ?? []).entries()) {
      const path = here.child('volumeMounts').index(j);
      if (mount.subPath) errors.push(forbiddenField(path.child('subPath'), text));
      if (mount.subPathExpr) errors.push(forbiddenField(path.child('subPathExpr'), text));
    }
    return errors;
  });
}

/** Rules of all kinds of containers. */
function validateContainer(c: AnyContainer, ctx: ContainerContext, at: FieldPath): FieldError[] {
  const hostUsers = ctx.spec.hostUsers ?? true;
  const nameAt = at.child('name');
  return [
    ...(c.name ? validateDnsLabel(c.name, nameAt) : [required(nameAt)]),
    ...(c.image ? [] : [required(at.child('image'))]),
    ...validateMessagePolicy(c.terminationMessagePolicy, at.child('terminationMessagePolicy')),
    ...validatePorts(c.ports ?? [], at.child('ports')),
    ...validateEnv(c.env ?? [], at.child('env')),
    ...validateEnvFrom(c.envFrom ?? [], at.child('envFrom')),
    ...validateVolumeMounts(c, ctx.volumes, at.child('volumeMounts')),
    ...validateVolumeDevices(c, ctx.volumes, at.child('volumeDevices')),
    ...validatePullPolicy(c.imagePullPolicy, at.child('imagePullPolicy')),
    ...validateContainerResources(c.resources, ctx.claims, at.child('resources'), ctx.options),
    ...validateResizePolicy(c, ctx.spec, at.child('resizePolicy')),
    ...validateSecurityContext(c.securityContext, at.child('securityContext'), hostUsers),
  ];
}

const messagePolicies = ['File', 'FallbackToLogsOnError'];

function validateMessagePolicy(policy: string | undefined, at: FieldPath): FieldError[] {
  if (!policy) return [required(at)];
  return messagePolicies.includes(policy) ? [] : [notSupported(at, policy, messagePolicies)];
}

function validatePorts(ports: readonly ContainerPort[], at: FieldPath): FieldError[] {
  const names = new Set<string>();
  return ports.flatMap((port, i) => {
    const here = at.index(i);
    const errors: FieldError[] = [];
    if (port.name) {
      const problems = isPortName(port.name);
      errors.push(...invalidFor(here.child('name'), port.name, problems));
      if (problems.length === 0 && names.has(port.name)) {
        errors.push(duplicate(here.child('name'), port.name));
      } else if (problems.length === 0) names.add(port.name);
    }
    const number = port.containerPort ?? 0;
    if (number === 0) errors.push(required(here.child('containerPort')));
    else errors.push(...invalidFor(here.child('containerPort'), number, isPortNumber(number)));
    const host = port.hostPort ?? 0;
    if (host !== 0) errors.push(...invalidFor(here.child('hostPort'), host, isPortNumber(host)));
    const protocol = port.protocol ?? '';
    if (protocol === '') errors.push(required(here.child('protocol')));
    else if (!(portProtocols as readonly string[]).includes(protocol)) {
      errors.push(notSupported(here.child('protocol'), protocol, portProtocols));
    }
    return errors;
  });
}

/** No port of the node twice; `at` is the list of containers. */
function validateHostPorts(containers: readonly AnyContainer[], at: FieldPath): FieldError[] {
  const seen = new Set<string>();
  return containers.flatMap((c, i) =>
    (c.ports ?? []).flatMap((port, j) => {
      if (!port.hostPort) return [];
      const key = `${port.protocol ?? ''}/${port.hostIP ?? ''}/${port.hostPort}`;
      const path = at.index(i).child('ports').index(j).child('hostPort');
      if (seen.has(key)) return [duplicate(path, key)];
      seen.add(key);
      return [];
    }),
  );
}

const resizable = ['cpu', 'memory'];
const resizePolicies = ['NotRequired', 'RestartContainer'];

function validateResizePolicy(c: AnyContainer, spec: PodSpec, at: FieldPath): FieldError[] {
  const seen = new Set<string>();
  return (c.resizePolicy ?? []).flatMap((p, i) => {
    const errors: FieldError[] = [];
    const name = p.resourceName ?? '';
    const policy = p.restartPolicy ?? '';
    if (seen.has(name)) errors.push(duplicate(at.index(i), name));
    seen.add(name);
    if (name === '') errors.push(required(at));
    else if (!resizable.includes(name)) errors.push(notSupported(at, name, resizable));
    if (policy === '') errors.push(required(at));
    else if (!resizePolicies.includes(policy)) {
      errors.push(notSupported(at, policy, resizePolicies));
    }
    if (spec.restartPolicy === 'Never' && policy !== 'NotRequired') {
      const text = "must be 'NotRequired' when pod `restartPolicy` is 'Never'";
      errors.push(invalidValue(at, policy, text));
    }
    return errors;
  });
}

/** Pods, unlike templates, want no space around an image. */
export function validateImageSpace(c: AnyContainer, at: FieldPath): FieldError[] {
  const image = c.image ?? '';
  if (image.trim() === image) return [];
  const text = 'must not have leading or trailing whitespace';
  return [invalidValue(at.child('image'), image, text)];
}
