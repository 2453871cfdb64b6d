/** Seccomp and AppArmor profiles: the fields, the older annotations, and that the two agree. */
import {
  type FieldError,
  type FieldPath,
  forbiddenField,
  invalidValue,
  notSupported,
  quote,
  required,
  tooLong,
} from '../../../../machinery/meta/field-error.ts';
import { byteLength } from '../../../../machinery/meta/names.ts';
import type { ObjectMeta, PodSecurityContext, PodSpec } from '../../../../machinery/schema/wire.ts';
import { internalForm } from '../../internal-form.ts';
import { validateDescendingPath } from '../volume/paths.ts';
import { allContainers, containersWithPath } from './pod-walk.ts';

export type SeccompProfile = NonNullable<PodSecurityContext['seccompProfile']>;
export type AppArmorProfile = NonNullable<PodSecurityContext['appArmorProfile']>;
type Annotations = Readonly<Record<string, string>> | undefined;

export const seccompPodAnnotation = 'seccomp.security.alpha.kubernetes.io/pod';
export const seccompContainerAnnotationPrefix = 'container.seccomp.security.alpha.kubernetes.io/';
export const appArmorAnnotationPrefix = 'container.apparmor.security.beta.kubernetes.io/';
const localhostPrefix = 'localhost/';
/** PATH_MAX without its closing zero. */
const maxProfileLength = 4095;
const profileTypes = ['Localhost', 'RuntimeDefault', 'Unconfined'];

/** Checks a `seccompProfile`. */
export function validateSeccompProfile(
  profile: SeccompProfile | undefined,
  at: FieldPath,
): FieldError[] {
  if (profile === undefined) return [];
  const errors: FieldError[] = [];
  const type = profile.type ?? '';
  if (type === '') {
    errors.push(required(at.child('type'), 'type is required when seccompProfile is set'));
  } else if (!profileTypes.includes(type)) {
    errors.push(notSupported(at.child('type'), type, profileTypes));
  }
  const file = at.child('localhostProfile');
  if (type === 'Localhost') {
    if (profile.localhostProfile === undefined) {
      errors.push(required(file, 'must be set when seccomp type is Localhost'));
    } else errors.push(...validateDescendingPath(profile.localhostProfile, file));
  } else if (profile.localhostProfile !== undefined) {
    const shown = internalForm('core/v1.SeccompProfile', profile);
    errors.push(invalidValue(file, shown, 'can only be set when seccomp type is Localhost'));
  }
  return errors;
}

/** Checks an `appArmorProfile`. */
export function validateAppArmorProfile(
  profile: AppArmorProfile | undefined,
  at: FieldPath,
): FieldError[] {
  if (profile === undefined) return [];
  const type = profile.type ?? '';
  const file = at.child('localhostProfile');
  if (type === 'Localhost') return validateLocalhostAppArmor(profile.localhostProfile, file);
  if (type === '') {
    return [required(at.child('type'), 'type is required when appArmorProfile is set')];
  }
  if (!profileTypes.includes(type)) return [notSupported(at.child('type'), type, profileTypes)];
  if (profile.localhostProfile === undefined) return [];
  const text = 'can only be set when AppArmor type is Localhost';
  return [invalidValue(file, profile.localhostProfile, text)];
}

function validateLocalhostAppArmor(name: string | undefined, at: FieldPath): FieldError[] {
  const missing = 'must be set when AppArmor type is Localhost';
  if (name === undefined) return [required(at, missing)];
  const errors: FieldError[] = [];
  const trimmed = name.trim();
  if (trimmed !== name) {
    errors.push(invalidValue(at, name, 'must not be padded with whitespace'));
  } else if (trimmed === '') errors.push(required(at, missing));
  if (byteLength(name) > maxProfileLength) errors.push(tooLong(at, maxProfileLength));
  return errors;
}

/** The profile that an AppArmor annotation stands for; undefined for a value that is none. */
export function appArmorProfileOf(annotation: string): AppArmorProfile | undefined {
  if (annotation === 'unconfined') return { type: 'Unconfined' };
  if (annotation === 'runtime/default') return { type: 'RuntimeDefault' };
  if (!annotation.startsWith(localhostPrefix)) return undefined;
  const name = annotation.slice(localhostPrefix.length);
  return name === '' ? undefined : { type: 'Localhost', localhostProfile: name };
}

/** The annotations of both kinds by themselves. */
export function validateProfileAnnotations(
  annotations: Annotations,
  spec: PodSpec,
  at: FieldPath,
): FieldError[] {
  const keys = Object.keys(annotations ?? {}).sort();
  const seccomp = keys.flatMap((k) =>
    k === seccompPodAnnotation || k.startsWith(seccompContainerAnnotationPrefix)
      ? validateSeccompAnnotation(annotations![k]!, at.child(k))
      : [],
  );
  const appArmor = keys.flatMap((k) =>
    k.startsWith(appArmorAnnotationPrefix)
      ? validateAppArmorAnnotation(k, annotations![k]!, spec, at.key(k))
      : [],
  );
  return [...seccomp, ...appArmor];
}

function validateSeccompAnnotation(value: string, at: FieldPath): FieldError[] {
  if (['runtime/default', 'docker/default', 'unconfined'].includes(value)) return [];
  if (value.startsWith(localhostPrefix)) {
    return validateDescendingPath(value.slice(localhostPrefix.length), at);
  }
  return [invalidValue(at, value, 'must be a valid seccomp profile')];
}

function validateAppArmorAnnotation(
  key: string,
  value: string,
  spec: PodSpec,
  at: FieldPath,
): FieldError[] {
  const errors: FieldError[] = [];
  const name = key.slice(appArmorAnnotationPrefix.length);
  const names = allContainers(spec).map((c) => c.name);
  if (!names.includes(name)) errors.push(invalidValue(at, name, 'container not found'));
  if (
    !['', 'runtime/default', 'unconfined'].includes(value) &&
    !value.startsWith(localhostPrefix)
  ) {
    errors.push(invalidValue(at, value, `invalid AppArmor profile name: ${quote(value)}`));
  }
  return errors;
}

/** Field and annotation of a new pod must say the same. */
export function validateProfilesMatchAnnotations(
  meta: ObjectMeta | undefined,
  spec: PodSpec,
  at: FieldPath,
): FieldError[] {
  const annotations = meta?.annotations ?? {};
  const errors: FieldError[] = [];
  const seccompAt = (p: FieldPath): FieldPath => p.child('securityContext', 'seccompProfile');
  const podSeccomp = spec.securityContext?.seccompProfile;
  if (podSeccomp !== undefined) {
    errors.push(...seccompMismatch(podSeccomp, annotations[seccompPodAnnotation], seccompAt(at)));
  }
  for (const [c, here] of containersWithPath(spec, at)) {
    const profile = c.securityContext?.seccompProfile;
    const annotation = annotations[seccompContainerAnnotationPrefix + c.name];
    if (profile !== undefined)
      errors.push(...seccompMismatch(profile, annotation, seccompAt(here)));
  }
  if (spec.os?.name === 'windows') return errors;
  for (const [c, here] of containersWithPath(spec, at)) {
    const profile = c.securityContext?.appArmorProfile ?? spec.securityContext?.appArmorProfile;
    const annotation = annotations[appArmorAnnotationPrefix + c.name];
    const path = here.child('securityContext', 'appArmorProfile');
    if (profile !== undefined) errors.push(...mismatch('apparmor', profile, annotation, path));
  }
  return errors;
}

function seccompMismatch(
  profile: SeccompProfile,
  annotation: string | undefined,
  at: FieldPath,
): FieldError[] {
  const same = annotation === 'docker/default' ? 'runtime/default' : annotation;
  return mismatch('seccomp', profile, same, at);
}

function mismatch(
  kind: 'seccomp' | 'apparmor',
  profile: SeccompProfile | AppArmorProfile,
  annotation: string | undefined,
  at: FieldPath,
): FieldError[] {
  if (annotation === undefined) return [];
  const typeError = [
    forbiddenField(at.child('type'), `${kind} type in annotation and field must match`),
  ];
  if (profile.type === 'Unconfined') return annotation === 'unconfined' ? [] : typeError;
  if (profile.type === 'RuntimeDefault') return annotation === 'runtime/default' ? [] : typeError;
  if (profile.type !== 'Localhost') return [];
  if (!annotation.startsWith(localhostPrefix)) return typeError;
  if (annotation.slice(localhostPrefix.length) === profile.localhostProfile) return [];
  const text = `${kind} profile in annotation and field must match`;
  return [forbiddenField(at.child('localhostProfile'), text)];
}
