/** Names of certificate signers and of trust bundles, as projected volumes refer to them. */
import {
  type FieldError,
  type FieldPath,
  invalidValue,
  quote,
  required,
  tooLong,
} from '../../../../machinery/meta/field-error.ts';
import {
  byteLength,
  isDns1123Label,
  isDns1123Subdomain,
  nameIsDnsSubdomain,
} from '../../../../machinery/meta/names.ts';

const maxDomainLength = 253;
/** Domain, slash, namespace, dot and name. */
const maxSignerLength = maxDomainLength + 1 + 63 + 1 + 253;

/** Kubernetes' own signers. */
export function isKubernetesSigner(name: string): boolean {
  const host = name.split('/')[0]!;
  return host === 'kubernetes.io' || host.endsWith('.kubernetes.io');
}

/** `example.com/name`. */
export function validateSignerName(name: string, at: FieldPath): FieldError[] {
  if (name === '') return [required(at)];
  const segments = name.split('/');
  const [domain = '', path = ''] = segments;
  if (segments.length !== 2) {
    const text = "must be a fully qualified domain and path of the form 'example.com/signer-name'";
    return [invalidValue(at, name, text)];
  }
  const errors: FieldError[] = [];
  if (byteLength(domain) > maxDomainLength) errors.push(tooLong(at, maxDomainLength));
  errors.push(...firstBadLabel(domain, isDns1123Label, at));
  if (!domain.includes('.')) {
    const text = 'should be a domain with at least two segments separated by dots';
    errors.push(invalidValue(at, domain, text));
  }
  errors.push(...firstBadLabel(path, isDns1123Subdomain, at));
  if (byteLength(name) > maxSignerLength) errors.push(tooLong(at, maxSignerLength));
  return errors;
}

function firstBadLabel(
  text: string,
  check: (label: string) => string[],
  at: FieldPath,
): FieldError[] {
  const label = text.split('.').find((l) => check(l).length > 0);
  if (label === undefined) return [];
  return check(label).map((p) => invalidValue(at, text, `validating label ${quote(label)}: ${p}`));
}

/** Problems of a trust bundle's name: its signer, when it has one, is a prefix. */
export function trustBundleNameProblems(name: string): string[] {
  const colon = name.lastIndexOf(':');
  return nameIsDnsSubdomain(colon < 0 ? name : name.slice(colon + 1), false);
}
