/** Rules about system call filters, of both levels. */
import {
  type Check,
  containersNamed,
  distinct,
  plural,
  quoted,
  type Subject,
  setters,
  type Violation,
} from './check.ts';

const podAnnotation = 'seccomp.security.alpha.kubernetes.io/pod';
const containerAnnotation = 'container.seccomp.security.alpha.kubernetes.io/';

/** No filter is fine, turning filters off is not. */
export const seccompBaseline: Check = {
  id: 'seccompProfile_baseline',
  since: 0,
  violation: (subject, minor) =>
    minor < 19 ? annotationViolation(subject) : explicitViolation(subject),
};

/** There must be a filter. */
export const seccompRestricted: Check = {
  id: 'seccompProfile_restricted',
  since: 19,
  overrides: ['seccompProfile_baseline'],
  violation(subject, minor) {
    const { spec, containers } = subject;
    if (minor >= 25 && spec.os?.name === 'windows') return undefined;
    const explicit = explicitViolation(subject);
    if (explicit !== undefined) return explicit;
    if (spec.securityContext?.seccompProfile !== undefined) return undefined;
    const bad = containers.filter((c) => c.securityContext?.seccompProfile === undefined);
    if (bad.length === 0) return undefined;
    return {
      reason: 'seccompProfile',
      detail: `pod or ${containersNamed(bad)} must set securityContext.seccompProfile.type to "RuntimeDefault" or "Localhost"`,
    };
  },
};

function explicitViolation({ spec, containers }: Subject): Violation | undefined {
  const isBad = (profile: { type: string } | undefined) =>
    profile !== undefined && profile.type !== 'Localhost' && profile.type !== 'RuntimeDefault';
  const podProfile = spec.securityContext?.seccompProfile;
  const bad = containers.filter((c) => isBad(c.securityContext?.seccompProfile));
  const who = setters(isBad(podProfile), bad);
  if (who === '') return undefined;
  const types = bad.map((c) => c.securityContext!.seccompProfile!.type);
  if (isBad(podProfile)) types.push(podProfile!.type);
  return {
    reason: 'seccompProfile',
    detail: `${who} must not set securityContext.seccompProfile.type to ${quoted(distinct(types))}`,
  };
}

/** Before there were fields for it. */
function annotationViolation({ annotations, containers }: Subject): Violation | undefined {
  const keys = [podAnnotation, ...containers.map((c) => containerAnnotation + c.name)];
  const bad = distinct(
    keys.flatMap((key) => {
      const value = annotations[key];
      if (value === undefined || isProfile(value)) return [];
      return [`${key}=${JSON.stringify(value)}`];
    }),
  );
  if (bad.length === 0) return undefined;
  const detail = `forbidden ${plural('annotation', bad)} ${bad.join(', ')}`;
  return { reason: 'seccompProfile', detail };
}

function isProfile(text: string): boolean {
  return text === 'runtime/default' || text === 'docker/default' || text.startsWith('localhost/');
}
