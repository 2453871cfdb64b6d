/** The rules of Roles and ClusterRoles. */
import {
  type FieldError,
  FieldPath,
  invalidValue,
  required,
} from '../../../machinery/meta/field-error.ts';
import { LabelSelectorError } from '../../../machinery/meta/label-requirement.ts';
import { selectorOf } from '../../../machinery/meta/labels.ts';
import { validateLabelSelector } from '../../../machinery/meta/object-meta-validation.ts';
import type { ClusterRole, PolicyRule, Role } from '../../../machinery/schema/wire.ts';

export function validateRole(role: Role): FieldError[] {
  return (role.rules ?? []).flatMap((rule, i) =>
    validatePolicyRule(rule, true, FieldPath.of('rules').index(i)),
  );
}

export function validateClusterRole(
  role: ClusterRole,
  prev: ClusterRole | undefined,
): FieldError[] {
  const errors = (role.rules ?? []).flatMap((rule, i) =>
    validatePolicyRule(rule, false, FieldPath.of('rules').index(i)),
  );
  if (role.aggregationRule === undefined) return errors;
  const at = FieldPath.of('aggregationRule', 'clusterRoleSelectors');
  const selectors = role.aggregationRule.clusterRoleSelectors ?? [];
  if (selectors.length === 0) {
    const text = 'at least one clusterRoleSelector required if aggregationRule is non-nil';
    errors.push(required(at, text));
  }
  const options = { allowInvalidValues: hasInvalidSelector(prev) };
  for (const [i, selector] of selectors.entries()) {
    errors.push(...validateLabelSelector(selector, at.index(i), options));
    try {
      selectorOf(selector);
    } catch (e) {
      if (!(e instanceof LabelSelectorError)) throw e;
      // The real server prints the parsed selector here, which does not exist then.
      errors.push(invalidValue(at.index(i), null, 'invalid label selector.'));
    }
  }
  return errors;
}

function hasInvalidSelector(role: ClusterRole | undefined): boolean {
  return (role?.aggregationRule?.clusterRoleSelectors ?? []).some(
    (s) => validateLabelSelector(s, FieldPath.root).length > 0,
  );
}

/** One rule; roles of a namespace cannot speak of URLs. */
export function validatePolicyRule(
  rule: PolicyRule,
  namespaced: boolean,
  at: FieldPath,
): FieldError[] {
  const errors: FieldError[] = [];
  const { verbs, apiGroups = [], resources = [], resourceNames = [], nonResourceURLs = [] } = rule;
  if ((verbs ?? []).length === 0) {
    errors.push(required(at.child('verbs'), 'verbs must contain at least one value'));
  }
  if (nonResourceURLs.length > 0) {
    const urlsAt = at.child('nonResourceURLs');
    if (namespaced) {
      const text = 'namespaced rules cannot apply to non-resource URLs';
      errors.push(invalidValue(urlsAt, nonResourceURLs, text));
    }
    if (apiGroups.length > 0 || resources.length > 0 || resourceNames.length > 0) {
      const text = 'rules cannot apply to both regular resources and non-resource URLs';
      errors.push(invalidValue(urlsAt, nonResourceURLs, text));
    }
    return errors;
  }
  if (apiGroups.length === 0) {
    const text = 'resource rules must supply at least one api group';
    errors.push(required(at.child('apiGroups'), text));
  }
  if (resources.length === 0) {
    const text = 'resource rules must supply at least one resource';
    errors.push(required(at.child('resources'), text));
  }
  return errors;
}
