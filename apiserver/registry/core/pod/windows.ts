/** Windows pods: options, HostProcess containers, and what such a pod may not set. */
import {
  type FieldError,
  type FieldPath,
  forbiddenField,
  invalidValue,
} from '../../../../machinery/meta/field-error.ts';
import { byteLength, isDns1123Subdomain } from '../../../../machinery/meta/names.ts';
import type { PodSecurityContext, PodSpec } from '../../../../machinery/schema/wire.ts';
import { invalidFor } from '../field-checks.ts';
import { containersWithPath } from './pod-walk.ts';
import { isPrivilegedAllowed } from './privileges.ts';

type WindowsOptions = NonNullable<PodSecurityContext['windowsOptions']>;

const maxCredentialSpecKib = 64;
const maxDomainLength = 256;
const maxUserLength = 104;
const netBiosName = /^[^\\/:*?"<>|.][^\\/:*?"<>|]{0,14}$/;
const dnsLabel = '[a-zA-Z0-9](?:[a-zA-Z0-9-]{0,61}[a-zA-Z0-9])?';
const dnsDomain = new RegExp(`^${dnsLabel}(?:\\.${dnsLabel})*$`);
const userCharacters = /["/\\:;|=,+*?<>@[\]]/;

/** Checks `windowsOptions` of a pod or container. */
export function validateWindowsOptions(
  options: WindowsOptions | undefined,
  at: FieldPath,
): FieldError[] {
  if (options === undefined) return [];
  const errors: FieldError[] = [];
  const name = options.gmsaCredentialSpecName;
  if (name !== undefined) {
    errors.push(...invalidFor(at.child('gmsaCredentialSpecName'), name, isDns1123Subdomain(name)));
  }
  const spec = options.gmsaCredentialSpec;
  if (spec === '') {
    const text = 'gmsaCredentialSpec cannot be an empty string';
    errors.push(invalidValue(at.child('gmsaCredentialSpec'), spec, text));
  } else if (spec !== undefined && byteLength(spec) > maxCredentialSpecKib * 1024) {
    const text = `gmsaCredentialSpec size must be under ${maxCredentialSpecKib} KiB`;
    errors.push(invalidValue(at.child('gmsaCredentialSpec'), spec, text));
  }
  const user = options.runAsUserName;
  if (user !== undefined) {
    errors.push(...invalidFor(at.child('runAsUserName'), user, userNameProblems(user)));
  }
  return errors;
}

function userNameProblems(value: string): string[] {
  if (value === '') return ['runAsUserName cannot be an empty string'];
  if (hasControlCharacter(value)) return ['runAsUserName cannot contain control characters'];
  const parts = value.split('\\');
  if (parts.length > 2) return ['runAsUserName cannot contain more than one backslash'];
  const domain = parts.length === 2 ? parts[0]! : undefined;
  const user = parts.at(-1)!;
  const problems: string[] = [];
  if (domain !== undefined && byteLength(domain) >= maxDomainLength) {
    problems.push(`runAsUserName's Domain length must be under ${maxDomainLength} characters`);
  }
  if (domain !== undefined && !netBiosName.test(domain) && !dnsDomain.test(domain)) {
    problems.push("runAsUserName's Domain doesn't match the NetBios nor the DNS format");
  }
  if (user === '') problems.push("runAsUserName's User cannot be empty");
  else if (byteLength(user) > maxUserLength) {
    problems.push(
      `runAsUserName's User length must not be longer than ${maxUserLength} characters`,
    );
  }
  if (/^[. ]+$/.test(user)) {
    problems.push("runAsUserName's User cannot contain only periods or spaces");
  }
  if (userCharacters.test(user)) {
    problems.push(
      'runAsUserName\'s User cannot contain the following characters: "/\\:;|=,+*?<>@[]',
    );
  }
  return problems;
}

function hasControlCharacter(value: string): boolean {
  return [...value].some((c) => c < ' ' || c === '\u007f');
}

/** HostProcess is all containers or none, and shares the node's network. */
export function validateHostProcess(spec: PodSpec, at: FieldPath): FieldError[] {
  const errors: FieldError[] = [];
  const ofPod = spec.securityContext?.windowsOptions?.hostProcess;
  let total = 0;
  let hostProcess = 0;
  for (const [c, here] of containersWithPath(spec, at)) {
    total++;
    const own = c.securityContext?.windowsOptions?.hostProcess;
    if (ofPod !== undefined && own !== undefined && ofPod !== own) {
      const text = `pod hostProcess value must be identical if both are specified, was ${ofPod}`;
      const path = here.child('securityContext', 'windowsOptions', 'hostProcess');
      errors.push(invalidValue(path, own, text));
    }
    if (own ?? ofPod) hostProcess++;
  }
  if (hostProcess === 0) return errors;
  if (hostProcess !== total) {
    const text =
      'If pod contains any hostProcess containers then all containers must be HostProcess containers';
    errors.push(invalidValue(at, '', text));
  }
  if (!spec.hostNetwork) {
    const text = 'hostNetwork must be true if pod contains any hostProcess containers';
    errors.push(invalidValue(at.child('hostNetwork'), false, text));
  }
  if (!isPrivilegedAllowed()) {
    errors.push(forbiddenField(at, 'hostProcess containers are disallowed by cluster policy'));
  }
  return errors;
}

const podFields = ['appArmorProfile', 'seLinuxOptions'] as const;
const lowerPodFields = ['seccompProfile', 'fsGroup', 'fsGroupChangePolicy'] as const;
const lastPodFields = [
  'runAsUser',
  'runAsGroup',
  'supplementalGroups',
  'supplementalGroupsPolicy',
  'seLinuxChangePolicy',
] as const;
const containerFields = [
  'appArmorProfile',
  'seLinuxOptions',
  'seccompProfile',
  'capabilities',
  'readOnlyRootFilesystem',
  'privileged',
  'allowPrivilegeEscalation',
  'procMount',
  'runAsUser',
  'runAsGroup',
] as const;

/** What exists on Linux only. */
export function validateWindowsPod(spec: PodSpec, at: FieldPath): FieldError[] {
  const refuse = (path: FieldPath): FieldError =>
    forbiddenField(path, 'cannot be set for a windows pod');
  const sc = spec.securityContext;
  const scAt = at.child('securityContext');
  const set = (names: readonly (keyof PodSecurityContext)[]): FieldError[] =>
    names.filter((n) => sc?.[n] !== undefined).map((n) => refuse(scAt.child(n)));
  const errors = set(podFields);
  if (spec.hostUsers !== undefined) errors.push(refuse(at.child('hostUsers')));
  if (spec.hostPID) errors.push(refuse(at.child('hostPID')));
  if (spec.hostIPC) errors.push(refuse(at.child('hostIPC')));
  errors.push(...set(lowerPodFields));
  if ((sc?.sysctls ?? []).length > 0) errors.push(refuse(scAt.child('sysctls')));
  if (spec.shareProcessNamespace !== undefined) {
    errors.push(refuse(at.child('shareProcessNamespace')));
  }
  errors.push(...set(lastPodFields));
  for (const [c, here] of containersWithPath(spec, at)) {
    for (const name of containerFields) {
      if (c.securityContext?.[name] !== undefined) {
        errors.push(refuse(here.child('securityContext', name)));
      }
    }
  }
  return errors;
}

/** What exists on Windows only. */
export function validateLinuxPod(spec: PodSpec, at: FieldPath): FieldError[] {
  const refuse = (path: FieldPath): FieldError =>
    forbiddenField(
      path.child('securityContext', 'windowsOptions'),
      'windows options cannot be set for a linux pod',
    );
  const errors = spec.securityContext?.windowsOptions === undefined ? [] : [refuse(at)];
  for (const [c, here] of containersWithPath(spec, at)) {
    if (c.securityContext?.windowsOptions !== undefined) errors.push(refuse(here));
  }
  return errors;
}
