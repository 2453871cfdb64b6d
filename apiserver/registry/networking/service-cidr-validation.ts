/** The rules of ServiceCIDRs. */
import { wasSent } from '../../../machinery/meta/emptied.ts';
import {
  type FieldError,
  FieldPath,
  invalidValue,
  required,
} from '../../../machinery/meta/field-error.ts';
import { isIpv4, parseCidr, validateCidr } from '../../../machinery/meta/ip.ts';
import type { ServiceCIDR } from '../../../machinery/schema/wire.ts';

const cidrsPath = FieldPath.of('spec', 'cidrs');
const immutable = 'field is immutable';

export function validateServiceCidr(next: ServiceCIDR): FieldError[] {
  const cidrs = next.spec?.cidrs ?? [];
  if (cidrs.length === 0) return [required(cidrsPath, 'at least one CIDR required')];
  if (cidrs.length > 2) {
    return [invalidValue(cidrsPath, { CIDRs: cidrs }, 'may only hold up to 2 values')];
  }
  const errors = cidrs.flatMap((cidr, i) => validateCidr(cidr, cidrsPath.index(i)));
  const families = cidrs.map(familyOf);
  if (cidrs.length === 2 && families[0] !== undefined && families[0] === families[1]) {
    const text =
      'may specify no more than one IP for each IP family, i.e 192.168.0.0/24 and 2001:db8::/64';
    errors.push(invalidValue(cidrsPath, cidrs, text));
  }
  return errors;
}

/** A second family may be added, nothing else changes. */
export function validateServiceCidrUpdate(next: ServiceCIDR, prev: ServiceCIDR): FieldError[] {
  const cidrs = next.spec?.cidrs ?? [];
  const before = prev.spec?.cidrs ?? [];
  const adds = before.length === 1 && cidrs.length === 2;
  if (before.length !== cidrs.length && !adds) {
    const none = next.spec !== undefined && wasSent(next.spec, 'cidrs') ? [] : null;
    return [invalidValue(cidrsPath, next.spec?.cidrs ?? none, immutable)];
  }
  const errors = before.flatMap((cidr, i) =>
    cidr === cidrs[i] ? [] : [invalidValue(cidrsPath.index(i), cidrs[i], immutable)],
  );
  return adds ? [...errors, ...validateServiceCidr(next)] : errors;
}

function familyOf(cidr: string): 'IPv4' | 'IPv6' | undefined {
  const parsed = parseCidr(cidr);
  if (parsed === undefined) return undefined;
  return isIpv4(parsed.address) ? 'IPv4' : 'IPv6';
}
