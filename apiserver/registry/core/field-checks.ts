/** Checks of single values that the kinds of the core group and of the workload groups share. */
import {
  type FieldError,
  type FieldPath,
  invalidValue,
  notSupported,
} from '../../../machinery/meta/field-error.ts';
import { parseIp } from '../../../machinery/meta/ip.ts';
import {
  isDns1123Label,
  isDns1123Subdomain,
  isPortName,
  isPortNumber,
  isQualifiedName,
  nameIsDnsSubdomain,
  type ObjectNameCheck,
} from '../../../machinery/meta/names.ts';
import { validateKubeObjectMeta } from '../../../machinery/meta/object-meta-validation.ts';
import { parseQuantity } from '../../../machinery/meta/quantity.ts';
import type { KubeObject } from '../../../machinery/schema/wire.ts';

/** One `Invalid value` per problem. */
export function invalidFor(
  at: FieldPath,
  value: unknown,
  problems: readonly string[],
): FieldError[] {
  return problems.map((p) => invalidValue(at, value, p));
}

/** A DNS label. */
export function validateDnsLabel(value: string, at: FieldPath): FieldError[] {
  return invalidFor(at, value, isDns1123Label(value));
}

/** A DNS subdomain, as most names of objects are. */
export function validateDnsSubdomain(value: string, at: FieldPath): FieldError[] {
  return invalidFor(at, value, isDns1123Subdomain(value));
}

/** An optional prefix, a slash and a name. */
export function validateQualifiedName(value: string, at: FieldPath): FieldError[] {
  return invalidFor(at, value, isQualifiedName(value));
}

/** `must be greater than zero`. */
export function validatePositive(value: number, at: FieldPath): FieldError[] {
  return value > 0 ? [] : [invalidValue(at, value, 'must be greater than zero')];
}

/** A quantity of at least zero. */
export function validateNonnegativeQuantity(value: string, at: FieldPath): FieldError[] {
  if (parseQuantity(value).sign() >= 0) return [];
  return [invalidValue(at, value, 'must be greater than or equal to 0')];
}

/** A quantity above zero. */
export function validatePositiveQuantity(value: string, at: FieldPath): FieldError[] {
  return parseQuantity(value).sign() > 0
    ? []
    : [invalidValue(at, value, 'must be greater than zero')];
}

/** One of `values`, which are given in the order that the text lists them. */
export function validateOneOf(
  value: string,
  values: readonly string[],
  at: FieldPath,
): FieldError[] {
  return values.includes(value) ? [] : [notSupported(at, value, values)];
}

/** A port as a number or by its name. */
export function validatePortNumberOrName(
  port: number | string | undefined,
  at: FieldPath,
): FieldError[] {
  if (typeof port === 'string') return invalidFor(at, port, isPortName(port));
  return invalidFor(at, port ?? 0, isPortNumber(port ?? 0));
}

/** Protocols of ports, in the order that texts list them. */
export const portProtocols = ['SCTP', 'TCP', 'UDP'] as const;

/** An address that traffic can be sent to: not unspecified, loopback or link-local. */
export function validateEndpointIp(value: string, at: FieldPath): FieldError[] {
  const ip = parseIp(value);
  if (ip === undefined) return [invalidValue(at, value, 'must be a valid IP address')];
  const mapped = ip.bytes.length === 16 && isMappedIpv4(ip.bytes);
  const bytes = mapped ? ip.bytes.slice(12) : ip.bytes;
  const errors: FieldError[] = [];
  if (bytes.every((b) => b === 0)) {
    errors.push(invalidValue(at, value, `may not be unspecified (${value})`));
  }
  if (isLoopback(bytes)) {
    const text = 'may not be in the loopback range (127.0.0.0/8, ::1/128)';
    errors.push(invalidValue(at, value, text));
  }
  const [a, b] = bytes as [number, number];
  if (bytes.length === 4 ? a === 169 && b === 254 : a === 0xfe && (b & 0xc0) === 0x80) {
    const text = 'may not be in the link-local range (169.254.0.0/16, fe80::/10)';
    errors.push(invalidValue(at, value, text));
  }
  const multicast =
    bytes.length === 4 ? a === 224 && b === 0 && bytes[2] === 0 : a === 0xff && (b & 0x0f) === 0x02;
  if (multicast) {
    const text = 'may not be in the link-local multicast range (224.0.0.0/24, ff02::/10)';
    errors.push(invalidValue(at, value, text));
  }
  return errors;
}

function isMappedIpv4(bytes: readonly number[]): boolean {
  return bytes.slice(0, 10).every((b) => b === 0) && bytes[10] === 255 && bytes[11] === 255;
}

function isLoopback(bytes: readonly number[]): boolean {
  if (bytes.length === 4) return bytes[0] === 127;
  return bytes.slice(0, 15).every((b) => b === 0) && bytes[15] === 1;
}

/**
 * The metadata of an update, checked as if the object were new: kinds whose update validation
 * includes that of a create say the same twice, as the real server does.
 */
export function validateMetaAgain(
  object: KubeObject,
  nameFn: ObjectNameCheck = nameIsDnsSubdomain,
  namespaced = true,
): FieldError[] {
  return validateKubeObjectMeta(object.metadata ?? {}, { namespaced, nameFn });
}
