/** The rules of ResourceClaims and ResourceClaimTemplates. */
import { semanticEqual } from '../../../machinery/meta/equality.ts';
import { type FieldError, FieldPath } from '../../../machinery/meta/field-error.ts';
import { validateImmutableField } from '../../../machinery/meta/object-meta-validation.ts';
import { typeRef } from '../../../machinery/schema/schema.ts';
import type {
  KubeObject,
  ResourceClaim,
  ResourceClaimTemplate,
} from '../../../machinery/schema/wire.ts';
import { validateTemplateMeta } from '../core/volume/claim-spec.ts';
import { internalForm } from '../internal-form.ts';
import { validateClaimSpec } from './claim-spec-validation.ts';

const path = FieldPath.of('spec');

/** A new claim. */
export function validateClaim(next: ResourceClaim): FieldError[] {
  return validateClaimSpec(next.spec, path);
}

/** A changed claim: its spec stays. */
export function validateClaimUpdate(next: ResourceClaim, prev: ResourceClaim): FieldError[] {
  return specStays(next, prev, 'resource/v1.ResourceClaimSpec');
}

/** A new template. */
export function validateClaimTemplate(next: ResourceClaimTemplate): FieldError[] {
  return [
    ...validateTemplateMeta(next.spec.metadata ?? {}, path.child('metadata')),
    ...validateClaimSpec(next.spec.spec, path.child('spec')),
  ];
}

/** A changed template: its spec stays, and is checked again all the same. */
export function validateClaimTemplateUpdate(
  next: ResourceClaimTemplate,
  prev: ResourceClaimTemplate,
): FieldError[] {
  return [
    ...validateClaimTemplate(next),
    ...specStays(next, prev, 'resource/v1.ResourceClaimTemplateSpec'),
  ];
}

function specStays(
  next: KubeObject & { spec: object },
  prev: KubeObject & { spec: object },
  typeId: string,
): FieldError[] {
  if (semanticEqual(typeRef(typeId), next.spec, prev.spec)) return [];
  return validateImmutableField(internalForm(typeId, next.spec), undefined, path);
}
