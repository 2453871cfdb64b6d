/** The rules of RoleBindings and ClusterRoleBindings. */
import { deepEqual } from '../../../machinery/meta/equality.ts';
import {
  type FieldError,
  FieldPath,
  invalidValue,
  notSupported,
  required,
} from '../../../machinery/meta/field-error.ts';
import { isDns1123Subdomain, isPathSegmentName } from '../../../machinery/meta/names.ts';
import type { ClusterRoleBinding, RoleBinding } from '../../../machinery/schema/wire.ts';
import { invalidFor, validateOneOf } from '../core/field-checks.ts';
import { internalForm } from '../internal-form.ts';

const rbacGroup = 'rbac.authorization.k8s.io';

type Binding = RoleBinding | ClusterRoleBinding;
type Subject = NonNullable<RoleBinding['subjects']>[number];

export function validateRoleBinding(binding: RoleBinding): FieldError[] {
  return validateBinding(binding, ['Role', 'ClusterRole'], true);
}

export function validateClusterRoleBinding(binding: ClusterRoleBinding): FieldError[] {
  return validateBinding(binding, ['ClusterRole'], false);
}

/** A binding stays with its role. */
export function validateRoleRefUnchanged(next: Binding, prev: Binding): FieldError[] {
  if (deepEqual(next.roleRef, prev.roleRef)) return [];
  const shown = internalForm('rbac/v1.RoleRef', next.roleRef ?? {});
  return [invalidValue(FieldPath.of('roleRef'), shown, 'cannot change roleRef')];
}

function validateBinding(
  binding: Binding,
  roleKinds: readonly string[],
  namespaced: boolean,
): FieldError[] {
  const at = FieldPath.of('roleRef');
  const {
    apiGroup = '',
    kind = '',
    name = '',
  }: Partial<Binding['roleRef']> = binding.roleRef ?? {};
  const errors = [
    ...validateOneOf(apiGroup, [rbacGroup], at.child('apiGroup')),
    ...validateOneOf(kind, roleKinds, at.child('kind')),
  ];
  if (name === '') errors.push(required(at.child('name')));
  else errors.push(...invalidFor(at.child('name'), name, isPathSegmentName(name)));
  for (const [i, subject] of (binding.subjects ?? []).entries()) {
    errors.push(...validateSubject(subject, namespaced, FieldPath.of('subjects').index(i)));
  }
  return errors;
}

function validateSubject(subject: Subject, namespaced: boolean, at: FieldPath): FieldError[] {
  const { kind = '', name = '', apiGroup = '', namespace = '' }: Partial<Subject> = subject;
  const errors = name === '' ? [required(at.child('name'))] : [];
  switch (kind) {
    case 'ServiceAccount':
      if (name !== '') errors.push(...invalidFor(at.child('name'), name, isDns1123Subdomain(name)));
      if (apiGroup !== '') errors.push(notSupported(at.child('apiGroup'), apiGroup, ['']));
      if (!namespaced && namespace === '') errors.push(required(at.child('namespace')));
      break;
    case 'User':
    case 'Group':
      errors.push(...validateOneOf(apiGroup, [rbacGroup], at.child('apiGroup')));
      break;
    default:
      errors.push(notSupported(at.child('kind'), kind, ['ServiceAccount', 'User', 'Group']));
  }
  return errors;
}
