/** Security contexts of pods and containers. */
import {
  type FieldError,
  type FieldPath,
  forbiddenField,
  invalidValue,
  notSupported,
} from '../../../../machinery/meta/field-error.ts';
import { isUnixId } from '../../../../machinery/meta/names.ts';
import type { PodSpec, SecurityContext } from '../../../../machinery/schema/wire.ts';
import { internalForm } from '../../internal-form.ts';
import { invalidFor, validateOneOf } from '../field-checks.ts';
import type { PodValidationOptions } from './pod-options.ts';
import { isPrivilegedAllowed } from './privileges.ts';
import { validateAppArmorProfile, validateSeccompProfile } from './profiles.ts';
import { validateSysctls } from './sysctls.ts';
import { validateWindowsOptions } from './windows.ts';

/** A container's context. `hostUsers`: the pod shares the node's user namespace. */
export function validateSecurityContext(
  sc: SecurityContext | undefined,
  at: FieldPath,
  hostUsers: boolean,
): FieldError[] {
  if (sc === undefined) return [];
  const disallowed = sc.privileged === true && !isPrivilegedAllowed();
  const errors = [
    ...(disallowed ? [forbiddenField(at.child('privileged'), 'disallowed by cluster policy')] : []),
    ...validateId(sc.runAsUser, at.child('runAsUser')),
    ...validateId(sc.runAsGroup, at.child('runAsGroup')),
  ];
  if (sc.procMount !== undefined) {
    const types = ['Default', 'Unmasked'];
    if (!types.includes(sc.procMount)) {
      errors.push(notSupported(at.child('procMount'), sc.procMount, types));
    }
    if (hostUsers && sc.procMount === 'Unmasked') {
      const text = '`hostUsers` must be false to use `Unmasked`';
      errors.push(invalidValue(at.child('procMount'), sc.procMount, text));
    }
  }
  errors.push(
    ...validateSeccompProfile(sc.seccompProfile, at.child('seccompProfile')),
    ...validatePrivilegeEscalation(sc, at),
    ...validateWindowsOptions(sc.windowsOptions, at.child('windowsOptions')),
    ...validateAppArmorProfile(sc.appArmorProfile, at.child('appArmorProfile')),
  );
  return errors;
}

function validateId(id: number | undefined, at: FieldPath): FieldError[] {
  return id === undefined ? [] : invalidFor(at, id, isUnixId(id));
}

function validatePrivilegeEscalation(sc: SecurityContext, at: FieldPath): FieldError[] {
  if (sc.allowPrivilegeEscalation !== false) return [];
  const errors: FieldError[] = [];
  const against = (what: string): FieldError => {
    const text = `cannot set \`allowPrivilegeEscalation\` to false and ${what}`;
    return invalidValue(at, internalForm('core/v1.SecurityContext', sc), text);
  };
  if (sc.privileged === true) errors.push(against('`privileged` to true'));
  for (const capability of sc.capabilities?.add ?? []) {
    if (capability === 'CAP_SYS_ADMIN') {
      errors.push(against('`capabilities.Add` CAP_SYS_ADMIN'));
    }
  }
  return errors;
}

/** The pod's context, `at` being the path of the context itself. */
export function validatePodSecurityContext(
  spec: PodSpec,
  at: FieldPath,
  options: PodValidationOptions,
): FieldError[] {
  const sc = spec.securityContext;
  const errors = [
    ...validateId(sc?.fsGroup, at.child('fsGroup')),
    ...validateId(sc?.runAsUser, at.child('runAsUser')),
    ...validateId(sc?.runAsGroup, at.child('runAsGroup')),
    ...(sc?.supplementalGroups ?? []).flatMap((gid, i) =>
      validateId(gid, at.child('supplementalGroups').index(i)),
    ),
  ];
  if (spec.shareProcessNamespace === true && spec.hostPID === true) {
    const text = 'ShareProcessNamespace and HostPID cannot both be enabled';
    errors.push(invalidValue(at.child('shareProcessNamespace'), true, text));
  }
  if (sc === undefined) return errors;
  errors.push(...validateSysctls(spec, at.child('sysctls'), options));
  const closed = (value: string | undefined, name: string, values: readonly string[]): void => {
    if (value !== undefined) errors.push(...validateOneOf(value, values, at.child(name)));
  };
  closed(sc.fsGroupChangePolicy, 'fsGroupChangePolicy', ['Always', 'OnRootMismatch']);
  errors.push(
    ...validateSeccompProfile(sc.seccompProfile, at.child('seccompProfile')),
    ...validateWindowsOptions(sc.windowsOptions, at.child('windowsOptions')),
    ...validateAppArmorProfile(sc.appArmorProfile, at.child('appArmorProfile')),
  );
  closed(sc.supplementalGroupsPolicy, 'supplementalGroupsPolicy', ['Merge', 'Strict']);
  const selinux = options.allowAnySelinuxChangePolicy
    ? ['MountOption', 'Recursive']
    : ['Recursive'];
  closed(sc.seLinuxChangePolicy, 'seLinuxChangePolicy', selinux);
  return errors;
}
