/** The rules of IngressClasses. */
import {
  type FieldError,
  FieldPath,
  forbiddenField,
  notSupported,
  required,
  tooLong,
} from '../../../machinery/meta/field-error.ts';
import { byteLength, isDns1123Label } from '../../../machinery/meta/names.ts';
import { validateImmutableField } from '../../../machinery/meta/object-meta-validation.ts';
import type { IngressClass } from '../../../machinery/schema/wire.ts';
import { invalidFor } from '../core/field-checks.ts';
import { validateDomainPrefixedPath } from '../domain-prefixed-path.ts';
import { validateReference } from './ingress-validation.ts';

const controllerLimitBytes = 250;
const specPath = FieldPath.of('spec');

type Parameters = NonNullable<NonNullable<IngressClass['spec']>['parameters']>;

export function validateIngressClass(next: IngressClass): FieldError[] {
  const { controller = '', parameters } = next.spec ?? {};
  const at = specPath.child('controller');
  const errors: FieldError[] = [];
  if (byteLength(controller) > controllerLimitBytes) {
    errors.push(tooLong(at, controllerLimitBytes));
  }
  errors.push(...validateDomainPrefixedPath(controller, at));
  if (parameters !== undefined) {
    errors.push(...validateParameters(parameters, specPath.child('parameters')));
  }
  return errors;
}

export function validateIngressClassUpdate(next: IngressClass, prev: IngressClass): FieldError[] {
  const at = specPath.child('controller');
  return [
    ...validateImmutableField(next.spec?.controller ?? '', prev.spec?.controller ?? '', at),
    ...validateIngressClass(next),
  ];
}

function validateParameters(p: Parameters, at: FieldPath): FieldError[] {
  const errors = validateReference(p, at);
  const namespaceAt = at.child('namespace');
  switch (p.scope ?? undefined) {
    case undefined:
      errors.push(required(at.child('scope')));
      break;
    case 'Namespace':
      if (p.namespace === undefined) {
        errors.push(required(namespaceAt, "`parameters.scope` is set to 'Namespace'"));
      } else errors.push(...invalidFor(namespaceAt, p.namespace, isDns1123Label(p.namespace)));
      break;
    case 'Cluster':
      if (p.namespace !== undefined) {
        errors.push(forbiddenField(namespaceAt, "`parameters.scope` is set to 'Cluster'"));
      }
      break;
    default:
      errors.push(notSupported(at.child('scope'), p.scope, ['Cluster', 'Namespace']));
  }
  return errors;
}
