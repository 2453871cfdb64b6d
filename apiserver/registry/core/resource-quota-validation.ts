/** Checks of resource quotas: names, quantities and the scopes they can have. */
import { wasSent } from '../../../machinery/meta/emptied.ts';
import {
  type FieldError,
  FieldPath,
  invalidValue,
  required,
} from '../../../machinery/meta/field-error.ts';
import { parseQuantity } from '../../../machinery/meta/quantity.ts';
import type { ResourceQuota } from '../../../machinery/schema/wire.ts';
import { internalForm } from '../internal-form.ts';
import {
  isQuotaResource,
  type ResourceList,
  resourceEntries,
  validateQuotaResourceName,
  validateResourceQuantity,
} from './resource-names.ts';

type Spec = NonNullable<ResourceQuota['spec']>;

const at = FieldPath.of('spec');
const scopesAt = at.child('scopes');
const matchAt = at.child('scopeSelector', 'matchExpressions');

/** Resources that count pods by what they ask for. */
const podResources = new Set([
  'pods',
  'cpu',
  'memory',
  'limits.cpu',
  'limits.memory',
  'requests.cpu',
  'requests.memory',
]);
const claimResources = new Set(['persistentvolumeclaims', 'requests.storage']);
const scopes: Readonly<Record<string, ReadonlySet<string>>> = {
  Terminating: podResources,
  NotTerminating: podResources,
  NotBestEffort: podResources,
  PriorityClass: podResources,
  CrossNamespacePodAffinity: podResources,
  BestEffort: new Set(['pods']),
  VolumeAttributesClass: claimResources,
};
const conflicting = [
  ['BestEffort', 'NotBestEffort'],
  ['Terminating', 'NotTerminating'],
] as const;

/** Problems of the spec. */
export function validateQuotaSpec(quota: ResourceQuota): FieldError[] {
  const spec = quota.spec ?? {};
  return [
    ...validateList(spec.hard, at.child('hard')),
    ...validateScopes(spec),
    ...validateScopeSelector(spec),
  ];
}

/** Problems of the status. */
export function validateQuotaStatus(quota: ResourceQuota): FieldError[] {
  const statusAt = FieldPath.of('status');
  return [
    ...validateList(quota.status?.hard, statusAt.child('hard')),
    ...validateList(quota.status?.used, statusAt.child('used')),
  ];
}

function validateList(list: ResourceList | undefined, path: FieldPath): FieldError[] {
  return resourceEntries(list).flatMap(([name, quantity]) => [
    ...validateQuotaResourceName(name, path.key(name)),
    ...validateResourceQuantity(name, quantity, path.key(name)),
  ]);
}

function validateScopes(spec: Spec): FieldError[] {
  const list = spec.scopes ?? [];
  const bad = (text: string): FieldError => invalidValue(scopesAt, list, text);
  const errors = list.flatMap((scope) => [
    ...(Object.hasOwn(scopes, scope) ? [] : [bad('unsupported scope')]),
    ...misfits(scope, spec).map(() => bad('unsupported scope applied to resource')),
  ]);
  return [...errors, ...conflicts(list).map(() => bad('conflicting scopes'))];
}

/** Resources of the quota that the scope says nothing about. */
function misfits(scope: string, spec: Spec): string[] {
  const fitting = Object.hasOwn(scopes, scope) ? scopes[scope] : undefined;
  if (fitting === undefined) return [];
  return Object.keys(spec.hard ?? {}).filter((name) => isQuotaResource(name) && !fitting.has(name));
}

function conflicts(list: readonly string[]) {
  return conflicting.filter((pair) => pair.every((scope) => list.includes(scope)));
}

const existsOnly = new Set([
  'BestEffort',
  'NotBestEffort',
  'Terminating',
  'NotTerminating',
  'CrossNamespacePodAffinity',
]);

function validateScopeSelector(spec: Spec): FieldError[] {
  if (spec.scopeSelector === undefined) return [];
  const requirements = spec.scopeSelector.matchExpressions ?? [];
  const errors: FieldError[] = [];
  for (const { scopeName = '', operator = '', values = [] } of requirements) {
    if (!Object.hasOwn(scopes, scopeName)) {
      errors.push(invalidValue(matchAt.child('scopeName'), scopeName, 'unsupported scope'));
    }
    for (const _ of misfits(scopeName, spec)) {
      const shown = internalForm('core/v1.ScopeSelector', spec.scopeSelector);
      errors.push(invalidValue(matchAt, shown, 'unsupported scope applied to resource'));
    }
    if (existsOnly.has(scopeName) && operator !== 'Exists') {
      const text =
        "must be 'Exists' when scope is any of ResourceQuotaScopeTerminating, ResourceQuotaScopeNotTerminating, ResourceQuotaScopeBestEffort, ResourceQuotaScopeNotBestEffort or ResourceQuotaScopeCrossNamespacePodAffinity";
      errors.push(invalidValue(matchAt.child('operator'), operator, text));
    }
    errors.push(...validateOperator(operator, values));
  }
  const names = requirements.map((r) => r.scopeName);
  const text = 'conflicting scopes';
  return [
    ...errors,
    ...conflicts(names).map(() => invalidValue(scopesAt, spec.scopes ?? null, text)),
  ];
}

function validateOperator(operator: string, values: readonly string[]): FieldError[] {
  if (operator === 'In' || operator === 'NotIn') {
    const text = "must be at least one value when `operator` is 'In' or 'NotIn' for scope selector";
    return values.length > 0 ? [] : [required(matchAt.child('values'), text)];
  }
  if (operator === 'Exists' || operator === 'DoesNotExist') {
    const text = "must be no value when `operator` is 'Exist' or 'DoesNotExist' for scope selector";
    return values.length === 0 ? [] : [invalidValue(matchAt.child('values'), values, text)];
  }
  return [invalidValue(matchAt.child('operator'), operator, 'not a valid selector operator')];
}

/** Scopes stay. */
export function validateSameScopes(next: ResourceQuota, prev: ResourceQuota): FieldError[] {
  const now = new Set(next.spec?.scopes);
  const before = new Set(prev.spec?.scopes);
  if (now.size === before.size && [...now].every((s) => before.has(s))) return [];
  const shown =
    next.spec !== undefined && wasSent(next.spec, 'scopes') ? (next.spec.scopes ?? []) : null;
  return [invalidValue(scopesAt, shown, 'field is immutable')];
}

/** Requests above the limit of the same resource. */
export function quotaWarnings(quota: ResourceQuota): string[] {
  const hard = quota.spec?.hard ?? {};
  return ['cpu', 'memory', 'storage', 'ephemeral-storage'].flatMap((resource) => {
    let name = `requests.${resource}`;
    // Only these two have a short name.
    const short = resource === 'cpu' || resource === 'memory';
    if (hard[name] === undefined && short) name = resource;
    const request = hard[name];
    const limitName = `limits.${resource}`;
    const limit = hard[limitName];
    if (request === undefined || limit === undefined) return [];
    if (parseQuantity(request).cmp(parseQuantity(limit)) <= 0) return [];
    return [`ResourceQuota ${name} (${request}) should be less than ${limitName} (${limit})`];
  });
}
