/**
 * PodSecurity: the labels of a namespace say how much its pods may do. Pods that may not are
 * refused; templates of pods are only warned about.
 */
import * as fe from '../../../machinery/meta/field-error.ts';
import { invalid, StatusError } from '../../../machinery/meta/status-error.ts';
import type { Namespace, Pod } from '../../../machinery/schema/wire.ts';
import type { AdmissionAttributes, AdmissionEnvironment, AdmissionPlugin } from '../admission.ts';
import { refused } from '../refusal.ts';
import { subjectOf } from './check.ts';
import { type PodSecurityConfiguration, podSecurityConfiguration } from './configuration.ts';
import { detailsOf, violationsOf } from './evaluate.ts';
import { existingPodWarnings } from './existing-pods.ts';
import {
  defaultPolicy,
  isEquivalent,
  isFullyPrivileged,
  isStricter,
  type Policy,
  policyName,
  policyOf,
} from './policy.ts';
import { isSignificantChange, templateOf } from './subjects.ts';

/** Faces of a pod that do not change what its processes may do. */
const harmless = new Set([
  ...['exec', 'attach', 'binding', 'eviction', 'log', 'portforward', 'proxy', 'status'],
]);

const labelPrefix = 'pod-security.kubernetes.io/';

interface Situation extends PodSecurityConfiguration {
  readonly env: AdmissionEnvironment;
}

/** `document` is what a configuration file says of it. Throws an Error when that is malformed. */
export function podSecurity(env: AdmissionEnvironment, document?: unknown): AdmissionPlugin {
  const situation: Situation = { ...podSecurityConfiguration(document), env };
  return {
    name: 'PodSecurity',
    handles: (a) => a.operation === 'CREATE' || a.operation === 'UPDATE',
    async validate(a) {
      if (a.group === '' && a.resource === 'namespaces') {
        if (a.subresource === '') await validateNamespace(a, situation);
      } else if (a.group === '' && a.resource === 'pods') {
        if (!harmless.has(a.subresource)) await validatePod(a, situation);
      } else if (a.subresource === '') {
        const template = templateOf(a);
        if (template !== undefined) await warnOf(a, template, situation);
      }
    },
  };
}

async function validateNamespace(a: AdmissionAttributes, situation: Situation): Promise<void> {
  const { defaults, exemptions } = situation;
  const name = a.object?.metadata?.name ?? a.name;
  const labels = a.object?.metadata?.labels ?? {};
  const next = policyOf(labels, defaults);
  const kind = { group: '', resource: 'Namespace' };
  const exempt = exemptions.namespaces.includes(name);
  if (a.operation === 'CREATE') {
    if (next.errors.length > 0) throw invalid(kind, name, next.errors);
    if (exempt) warnOfExemption(a, name, next.policy, defaults);
    return;
  }
  const prev = policyOf(a.oldObject?.metadata?.labels ?? {}, defaults);
  if (next.errors.length > 0 && JSON.stringify(next.errors) !== JSON.stringify(prev.errors)) {
    throw invalid(kind, name, next.errors);
  }
  const { enforce } = next.policy;
  const before = prev.policy.enforce;
  const sameVersion = enforce.minor === before.minor;
  if (enforce.level === 'privileged') return;
  if (sameVersion && !isStricter(enforce.level, before.level)) return;
  if (exempt) return warnOfExemption(a, name, next.policy, defaults);
  const warnings = await existingPodWarnings(situation.env, name, enforce, exemptions);
  for (const text of warnings) a.warn(text);
}

function warnOfExemption(
  a: AdmissionAttributes,
  name: string,
  policy: Policy,
  defaults: Policy,
): void {
  if (isFullyPrivileged(policy)) return;
  const labels = a.object?.metadata?.labels ?? {};
  const modes = (['enforce', 'audit', 'warn'] as const).filter((mode) => {
    const label = `pod-security.kubernetes.io/${mode}`;
    const named = labels[label] !== undefined || labels[`${label}-version`] !== undefined;
    return named && policy[mode].level !== 'privileged';
  });
  const same = (['enforce', 'audit', 'warn'] as const).every((mode) =>
    isEquivalent(policy[mode], defaults[mode]),
  );
  if (same) return;
  const ignored = modes.map((mode) => `${mode}=${policyName(policy[mode])}`).join(', ');
  a.warn(
    `namespace ${JSON.stringify(name)} is exempt from Pod Security, and the policy (${ignored}) will be ignored`,
  );
}

async function validatePod(a: AdmissionAttributes, situation: Situation): Promise<void> {
  const pod = a.object as Pod;
  if (isExemptPlace(a, situation)) return;
  const namespace = await namespaceOf(a, situation);
  if (namespace === undefined) {
    const text = `failed to lookup namespace ${JSON.stringify(a.namespace)}`;
    throw new StatusError('InternalError', `Internal error occurred: ${text}`, {
      causes: [{ message: text }],
    });
  }
  const { policy, errors } = policyOf(namespace.metadata?.labels ?? {}, situation.defaults);
  if (errors.length === 0 && isFullyPrivileged(policy)) {
    // Nothing is looked at, in whatever version.
    a.annotate?.(`${labelPrefix}enforce-policy`, policyName(defaultPolicy.enforce));
    return;
  }
  if (a.operation === 'UPDATE' && !isSignificantChange(pod, a.oldObject as Pod)) return;
  if (hasExemptRuntime(a, pod, situation)) return;
  const subject = subjectOf(pod);
  const broken = violationsOf(policy.enforce, subject);
  a.annotate?.(`${labelPrefix}enforce-policy`, policyName(policy.enforce));
  if (errors.length > 0) noteBadPolicy(a, errors);
  noteAudit(a, policy, subject);
  if (broken.length > 0) {
    const name = JSON.stringify(policyName(policy.enforce));
    throw refused(a, `violates PodSecurity ${name}: ${detailsOf(broken)}`);
  }
  warn(a, policy, subject);
}

/** Templates are never refused: what makes pods of them may not be known for long. */
async function warnOf(
  a: AdmissionAttributes,
  template: Pick<Pod, 'metadata' | 'spec'>,
  situation: Situation,
): Promise<void> {
  if (isExemptPlace(a, situation)) return;
  const namespace = await namespaceOf(a, situation);
  if (namespace === undefined) return;
  const { policy, errors } = policyOf(namespace.metadata?.labels ?? {}, situation.defaults);
  const unseen = policy.warn.level === 'privileged' && policy.audit.level === 'privileged';
  if (errors.length === 0 && unseen) return;
  if (hasExemptRuntime(a, template, situation)) return;
  const subject = subjectOf(template);
  if (errors.length > 0) noteBadPolicy(a, errors);
  noteAudit(a, policy, subject);
  warn(a, policy, subject);
}

/** For the audit log: what a stricter policy would not let in. */
function noteAudit(
  a: AdmissionAttributes,
  policy: Policy,
  subject: Parameters<typeof violationsOf>[1],
): void {
  if (a.annotate === undefined) return;
  const broken = violationsOf(policy.audit, subject);
  if (broken.length === 0) return;
  const name = JSON.stringify(policyName(policy.audit));
  const text = `would violate PodSecurity ${name}: ${detailsOf(broken)}`;
  a.annotate(`${labelPrefix}audit-violations`, text);
}

function noteBadPolicy(a: AdmissionAttributes, errors: readonly fe.FieldError[]): void {
  a.annotate?.(`${labelPrefix}error`, `Failed to parse policy: ${fe.summarize(errors)}`);
}

function warn(
  a: AdmissionAttributes,
  policy: Policy,
  subject: Parameters<typeof violationsOf>[1],
): void {
  const broken = violationsOf(policy.warn, subject);
  if (broken.length === 0) return;
  const name = JSON.stringify(policyName(policy.warn));
  a.warn(`would violate PodSecurity ${name}: ${detailsOf(broken)}`);
}

/** True where the namespace or the user is exempt, which the audit log is told. */
function isExemptPlace(a: AdmissionAttributes, { exemptions }: Situation): boolean {
  const reason = exemptions.namespaces.includes(a.namespace)
    ? 'namespace'
    : exemptions.usernames.includes(a.user.name)
      ? 'user'
      : undefined;
  if (reason !== undefined) a.annotate?.(`${labelPrefix}exempt`, reason);
  return reason !== undefined;
}

/** As `isExemptPlace` of the runtime class: it is asked for only where a policy is in force. */
function hasExemptRuntime(
  a: AdmissionAttributes,
  pod: Pick<Pod, 'spec'>,
  { exemptions }: Situation,
): boolean {
  const exempt = exemptions.runtimeClasses.includes(pod.spec?.runtimeClassName ?? '');
  if (exempt) a.annotate?.(`${labelPrefix}exempt`, 'runtimeClass');
  return exempt;
}

async function namespaceOf(
  a: AdmissionAttributes,
  { env }: Situation,
): Promise<Namespace | undefined> {
  const read = () => env.access.get<Namespace>('namespaces', '', a.namespace);
  const found = await read();
  if (found !== undefined) return found;
  await env.fresh();
  return read();
}
