/** Checks of clusterIP, clusterIPs, ipFamilies and ipFamilyPolicy, which go together. */
import {
  duplicate,
  type FieldError,
  FieldPath,
  internalFieldError,
  invalidValue,
  notSupported,
  required,
} from '../../../../machinery/meta/field-error.ts';
import { validateLegacyIp } from '../../../../machinery/meta/ip.ts';
import type { ServiceSpec } from '../../../../machinery/schema/wire.ts';
import { familyOf, headlessIp, isHeadless } from './service-facts.ts';

const at = FieldPath.of('spec');
const ipsAt = at.child('clusterIPs');
const familiesAt = at.child('ipFamilies');
const policyAt = at.child('ipFamilyPolicy');
const families = ['IPv4', 'IPv6'];
const policies = ['PreferDualStack', 'RequireDualStack', 'SingleStack'];

/** The fields by themselves; `old` is the stored spec. */
export function validateClusterIpFields(
  spec: ServiceSpec,
  old: ServiceSpec | undefined,
): FieldError[] {
  if (spec.type === 'ExternalName') return [];
  const ips = spec.clusterIPs ?? [];
  const errors = [...validateFirst(spec), ...validateFamilies(spec)];
  let bad = false;
  for (const [i, ip] of ips.entries()) {
    if (i === 0 && ip === headlessIp) {
      if (ips.length > 1) {
        bad = true;
        errors.push(invalidValue(ipsAt, ips, "'None' must be the first and only value"));
      }
      continue;
    }
    const problems = validateLegacyIp(ip, ipsAt.index(i), true, old?.clusterIPs ?? []);
    bad ||= problems.length > 0;
    errors.push(...problems);
  }
  if (ips.length > 2) errors.push(invalidValue(ipsAt, ips, 'may only hold up to 2 values'));
  if (bad) return errors;
  // An address that is no longer valid may stay: its family is not known then.
  const unreadable = ips.findIndex((ip) => familyOf(ip) === undefined);
  if (ips.length > 1 && unreadable >= 0) {
    const text = `failed to check for dual stack with error:invalid IP[${unreadable}]: ${ips[unreadable]}`;
    errors.push(internalFieldError(ipsAt, text));
  }
  if (ips.length > 1 && (unreadable >= 0 || new Set(ips.map(familyOf)).size !== 2)) {
    errors.push(invalidValue(ipsAt, ips, 'may specify no more than one IP for each IP family'));
  }
  if (isHeadless(spec)) return errors;
  for (const [i, ip] of ips.entries()) {
    const family = spec.ipFamilies?.[i];
    if (family === undefined || !families.includes(family)) continue;
    if ((family === 'IPv6') === (familyOf(ip) === 'IPv6')) continue;
    const text = `expected an ${family} value as indicated by \`ipFamilies[${i}]\``;
    errors.push(invalidValue(ipsAt.index(i), ip, text));
  }
  return errors;
}

function validateFirst(spec: ServiceSpec): FieldError[] {
  const ips = spec.clusterIPs ?? [];
  if (!spec.clusterIP) {
    const text = 'must be empty when `clusterIP` is not specified';
    return ips.length > 0 ? [invalidValue(ipsAt, ips, text)] : [];
  }
  if (ips.length === 0) return [required(ipsAt)];
  if (ips[0] === spec.clusterIP) return [];
  return [invalidValue(ipsAt, ips, 'first value must match `clusterIP`')];
}

function validateFamilies(spec: ServiceSpec): FieldError[] {
  const errors: FieldError[] = [];
  const seen = new Set<string>();
  for (const [i, family] of (spec.ipFamilies ?? []).entries()) {
    if (!families.includes(family)) {
      errors.push(notSupported(familiesAt.index(i), family, families));
    }
    if (seen.has(family)) errors.push(duplicate(familiesAt.index(i), family));
    seen.add(family);
  }
  const policy = spec.ipFamilyPolicy;
  if (policy !== undefined && !policies.includes(policy)) {
    errors.push(notSupported(policyAt, policy, policies));
  }
  return errors;
}

const fixed = 'may not change once set';

/** Addresses stay; a second one may come, and go with its policy. */
export function validateClusterIpsUpdate(spec: ServiceSpec, old: ServiceSpec): FieldError[] {
  if (!bothHaveAddresses(spec, old)) return [];
  if (isHeadless(old) && isHeadless(spec)) return [];
  const now = spec.clusterIPs ?? [];
  const before = old.clusterIPs ?? [];
  const refuse = (i: number, text: string): FieldError =>
    invalidValue(ipsAt.index(i), spec.clusterIPs ?? null, text);
  if (before.length === now.length) {
    return before.flatMap((ip, i) => (ip === now[i] ? [] : [refuse(i, fixed)]));
  }
  const errors: FieldError[] = [];
  if (before.length > now.length && now.length === 0) {
    errors.push(refuse(0, 'primary clusterIP can not be unset'));
  }
  if (before.length > 0 && now.length > 0 && now[0] !== before[0]) errors.push(refuse(0, fixed));
  if (before.length > now.length && now.length === 1) {
    errors.push(...validateReleased(spec, 'clusterIP'));
  }
  return errors;
}

/** The same for families. The values shown are the real server's, odd as they are. */
export function validateIpFamiliesUpdate(spec: ServiceSpec, old: ServiceSpec): FieldError[] {
  if (!bothHaveAddresses(spec, old)) return [];
  if (isHeadless(old) || isHeadless(spec)) return [];
  const now = spec.ipFamilies ?? [];
  const before = old.ipFamilies ?? [];
  const refuse = (shown: string[] | undefined, text: string): FieldError =>
    invalidValue(familiesAt.index(0), shown ?? null, text);
  if (before.length === now.length) {
    return before.flatMap((f, i) => (f === now[i] ? [] : [refuse(spec.ipFamilies, fixed)]));
  }
  const errors: FieldError[] = [];
  const shrinks = before.length > now.length;
  if (shrinks && (spec.clusterIPs ?? []).length === 0) {
    errors.push(refuse(spec.ipFamilies, 'primary ipFamily can not be unset'));
  }
  if (before.length > 0 && now.length > 0 && now[0] !== before[0]) {
    errors.push(refuse(spec.clusterIPs, fixed));
  }
  if (shrinks && now.length === 1) errors.push(...validateReleased(spec, 'ipFamily'));
  return errors;
}

function bothHaveAddresses(spec: ServiceSpec, old: ServiceSpec): boolean {
  return spec.type !== 'ExternalName' && old.type !== 'ExternalName';
}

function validateReleased(spec: ServiceSpec, what: string): FieldError[] {
  if (spec.ipFamilyPolicy === 'SingleStack') return [];
  const text = `must be set to 'SingleStack' when releasing the secondary ${what}`;
  return [invalidValue(policyAt, spec.ipFamilyPolicy ?? null, text)];
}
