/** `spec.resourceClaims` and what the status says of them. */
import {
  duplicate,
  type FieldError,
  FieldPath,
  forbiddenField,
  invalidValue,
  required,
} from '../../../../machinery/meta/field-error.ts';
import { nameIsDnsSubdomain } from '../../../../machinery/meta/names.ts';
import type { ObjectMeta, PodSpec } from '../../../../machinery/schema/wire.ts';
import { internalForm } from '../../internal-form.ts';
import { invalidFor, validateDnsLabel } from '../field-checks.ts';
import { mirrorAnnotation } from './pod-annotations.ts';

type PodResourceClaim = NonNullable<PodSpec['resourceClaims']>[number];

/** Checks the claims; `meta` undefined in templates. */
export function validateResourceClaims(
  claims: readonly PodResourceClaim[],
  meta: ObjectMeta | undefined,
  at: FieldPath,
): FieldError[] {
  const names = new Set<string>();
  return claims.flatMap((claim, i) => {
    if (meta?.annotations?.[mirrorAnnotation] !== undefined) {
      return [forbiddenField(FieldPath.unnamed, 'static pods do not support resource claims')];
    }
    return validateClaim(claim, names, at.index(i));
  });
}

function validateClaim(claim: PodResourceClaim, names: Set<string>, at: FieldPath): FieldError[] {
  const errors: FieldError[] = [];
  const name = claim.name ?? '';
  if (name === '') errors.push(required(at.child('name')));
  else if (names.has(name)) errors.push(duplicate(at.child('name'), name));
  else {
    errors.push(...validateDnsLabel(name, at.child('name')));
    names.add(name);
  }
  const { resourceClaimName, resourceClaimTemplateName } = claim;
  const shown = (): object => internalForm('core/v1.PodResourceClaim', claim);
  if (resourceClaimName !== undefined && resourceClaimTemplateName !== undefined) {
    const text =
      'at most one of `resourceClaimName` or `resourceClaimTemplateName` may be specified';
    errors.push(invalidValue(at, shown(), text));
  }
  if (resourceClaimName === undefined && resourceClaimTemplateName === undefined) {
    const text = 'must specify one of: `resourceClaimName`, `resourceClaimTemplateName`';
    errors.push(invalidValue(at, shown(), text));
  }
  for (const field of ['resourceClaimName', 'resourceClaimTemplateName'] as const) {
    const value = claim[field];
    if (value === undefined) continue;
    errors.push(...invalidFor(at.child(field), value, nameIsDnsSubdomain(value, false)));
  }
  return errors;
}
