/** The rules that say which requests a webhook or an admission policy is for. */
import {
  duplicate,
  type FieldError,
  type FieldPath,
  invalidValue,
  notSupported,
  required,
} from '../../../machinery/meta/field-error.ts';
import { isPathSegmentName } from '../../../machinery/meta/names.ts';
import { validateLabelSelector } from '../../../machinery/meta/object-meta-validation.ts';
import type {
  MutatingWebhookConfiguration,
  ValidatingAdmissionPolicy,
} from '../../../machinery/schema/wire.ts';
import { invalidFor, validateOneOf } from '../core/field-checks.ts';

type Webhook = NonNullable<MutatingWebhookConfiguration['webhooks']>[number];
/** Operations and resources. */
export type Rule = NonNullable<Webhook['rules']>[number];
/** What a policy or a binding is for. */
export type MatchResources = NonNullable<
  NonNullable<ValidatingAdmissionPolicy['spec']>['matchConstraints']
>;
type NamedRule = NonNullable<MatchResources['resourceRules']>[number];

const operations = ['*', 'CONNECT', 'CREATE', 'DELETE', 'UPDATE'];
const scopes = ['*', 'Cluster', 'Namespaced'];

/** The values of matchPolicy. */
export const matchPolicies: readonly string[] = ['Equivalent', 'Exact'];

/** `Unsupported value` for a given value that is none of `values`. */
export function validateIfGiven(
  value: string | null | undefined,
  values: readonly string[],
  at: FieldPath,
): FieldError[] {
  return value === undefined || value === null ? [] : validateOneOf(value, values, at);
}

/** A list that names something, or everything with an asterisk alone. */
function validateWildcardList(
  list: readonly string[] | null | undefined,
  what: string,
  at: FieldPath,
): FieldError[] {
  if (!list?.length) return [required(at)];
  if (list.length === 1 || !list.includes('*')) return [];
  return [invalidValue(at, list, `if '*' is present, must not specify other ${what}`)];
}

/** Resources with their subresources; either part may be an asterisk. */
function validateResources(list: readonly string[], at: FieldPath): FieldError[] {
  const errors = list.length === 0 ? [required(at)] : [];
  const wholeResources = new Set<string>();
  const wholeSubresources = new Set<string>();
  // The real server goes by the last entry without a subresource alone.
  let lastIsPlain = false;
  for (const [i, entry] of list.entries()) {
    if (entry === '') {
      errors.push(required(at.index(i)));
      continue;
    }
    const slash = entry.indexOf('/');
    if (slash < 0) {
      lastIsPlain = entry !== '*';
      continue;
    }
    const resource = entry.slice(0, slash);
    const subresource = entry.slice(slash + 1);
    const clash = (wide: string): void => {
      const text = `if '${wide}' is present, must not specify ${entry}`;
      errors.push(invalidValue(at.index(i), entry, text));
    };
    if (wholeResources.has(resource)) clash(`${resource}/*`);
    if (wholeSubresources.has(subresource)) clash(`*/${subresource}`);
    if (subresource === '*') wholeResources.add(resource);
    if (resource === '*') wholeSubresources.add(subresource);
  }
  if (list.length > 1 && list.includes('*/*')) {
    const text = "if '*/*' is present, must not specify other resources";
    errors.push(invalidValue(at, list, text));
  }
  if (list.includes('*') && lastIsPlain) {
    const text = "if '*' is present, must not specify other resources without subresources";
    errors.push(invalidValue(at, list, text));
  }
  return errors;
}

/** A webhook's rule. */
export function validateRule(rule: Rule, at: FieldPath): FieldError[] {
  const errors = validateWildcardList(rule.operations, 'operations', at.child('operations'));
  for (const [i, o] of (rule.operations ?? []).entries()) {
    errors.push(...validateOneOf(o, operations, at.child('operations').index(i)));
  }
  errors.push(
    ...validateWildcardList(rule.apiGroups, 'API groups', at.child('apiGroups')),
    ...validateWildcardList(rule.apiVersions, 'API versions', at.child('apiVersions')),
  );
  for (const [i, v] of (rule.apiVersions ?? []).entries()) {
    if (v === '') errors.push(required(at.child('apiVersions').index(i)));
  }
  errors.push(
    ...validateResources(rule.resources ?? [], at.child('resources')),
    ...validateIfGiven(rule.scope, scopes, at.child('scope')),
  );
  return errors;
}

/** A policy's rule: a webhook's and names of objects. */
function validateNamedRule(rule: NamedRule, at: FieldPath): FieldError[] {
  const errors: FieldError[] = [];
  const seen = new Set<string>();
  for (const [i, name] of (rule.resourceNames ?? []).entries()) {
    const here = at.child('resourceNames').index(i);
    errors.push(...invalidFor(here, name, isPathSegmentName(name)));
    if (seen.has(name)) errors.push(duplicate(here, name));
    seen.add(name);
  }
  return [...errors, ...validateRule(rule, at)];
}

/** What a policy or a binding is for; absent is fine. */
export function validateMatchResources(
  match: MatchResources | null | undefined,
  at: FieldPath,
): FieldError[] {
  if (match === undefined || match === null) return [];
  const errors: FieldError[] = [];
  if (match.matchPolicy === undefined) errors.push(required(at.child('matchPolicy')));
  else errors.push(...validateOneOf(match.matchPolicy, matchPolicies, at.child('matchPolicy')));
  for (const name of ['namespaceSelector', 'objectSelector'] as const) {
    if (!match[name]) errors.push(required(at.child(name)));
    else errors.push(...validateLabelSelector(match[name], at.child(name)));
  }
  for (const name of ['resourceRules', 'excludeResourceRules'] as const) {
    const rules = match[name] ?? [];
    errors.push(...rules.flatMap((r, i) => validateNamedRule(r, at.child(name).index(i))));
  }
  return errors;
}

/** Mutating policies cannot be for deletes; the real server names no index here. */
export function validateMutatingOperations(
  match: MatchResources | null | undefined,
  at: FieldPath,
): FieldError[] {
  const allowed = operations.filter((o) => o !== 'DELETE');
  return (match?.resourceRules ?? [])
    .flatMap((r) => r.operations ?? [])
    .filter((o) => !allowed.includes(o))
    .map((o) => notSupported(at.child('resourceRules', 'operations'), o, allowed));
}
