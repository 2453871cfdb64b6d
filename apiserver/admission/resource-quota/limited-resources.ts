/**
 * What nobody may use without a quota for it. Configured by a file: ResourceQuotaConfiguration,
 * apiserver.config.k8s.io/v1.
 */
import { StatusError } from '../../../machinery/meta/status-error.ts';
import type { Amounts } from '../../../machinery/quota/amounts.ts';
import { type ScopeRequirement, scopeRequirements } from '../../../machinery/quota/scopes.ts';
import type { AdmissionAttributes } from '../admission.ts';
import { refused } from '../refusal.ts';
import type { QuotaState } from './charge.ts';
import type { ChargedKind } from './kinds.ts';

/** An entry of the configuration. */
export interface LimitedResource {
  readonly apiGroup?: string;
  readonly resource: string;
  /** Parts of the names that are limited. */
  readonly matchContains?: readonly string[];
  readonly matchScopes?: readonly ScopeRequirement[];
}

/** Reads what a configuration file says; undefined is no file. Throws an Error for people. */
export function limitedResourcesOf(document: unknown): readonly LimitedResource[] {
  if (document === undefined) return [];
  const { kind, limitedResources = [] } = document as {
    kind?: unknown;
    limitedResources?: unknown;
  };
  if (kind !== 'ResourceQuotaConfiguration' && kind !== 'Configuration') {
    throw new Error('expected a ResourceQuotaConfiguration of apiserver.config.k8s.io/v1');
  }
  if (!Array.isArray(limitedResources)) throw new Error('limitedResources: must be a list');
  limitedResources.forEach((entry: Partial<LimitedResource>, i) => {
    if (!entry.resource) throw new Error(`limitedResources[${i}].resource: must not be empty`);
  });
  return limitedResources as LimitedResource[];
}

/** A request that uses more than before, and the quotas that it is charged to. */
export interface Uncovered {
  readonly a: AdmissionAttributes;
  readonly kind: ChargedKind;
  readonly usage: Amounts;
  readonly states: readonly QuotaState[];
  readonly matching: readonly QuotaState[];
  readonly limited: readonly LimitedResource[];
}

/** Refuses what is limited by configuration and no quota covers. */
export function requireCover(u: Uncovered): void {
  const { a, kind, usage, states, matching, limited } = u;
  if (limited.length === 0) return;
  const own = limited.filter((l) => l.resource === a.resource && (l.apiGroup ?? '') === a.group);
  const names = [...usage]
    .filter(([, q]) => q.sign() > 0)
    .map(([name]) => name)
    .filter((name) => own.some((l) => l.matchContains?.some((part) => name.includes(part))));
  const covered = (name: string) =>
    kind.evaluator.tracks(name) && matching.some(({ hard }) => hard.has(name));
  const open = names.filter((name) => !covered(name));
  if (open.length > 0) {
    throw refused(a, `insufficient quota to consume: ${open.sort().join(',')}`);
  }
  const inScope = (scope: ScopeRequirement) => kind.evaluator.inScope(a.object!, scope);
  const present = states.flatMap(({ quota }) => scopeRequirements(quota.spec)).filter(inScope);
  const missing = limited
    .flatMap((l) => l.matchScopes ?? [])
    .filter(inScope)
    .filter((scope) => !present.some((known) => known.scopeName === scope.scopeName));
  if (missing.length === 0) return;
  const shown = missing.map(
    ({ scopeName, operator, values }) => `{${scopeName} ${operator} [${(values ?? []).join(' ')}]}`,
  );
  // The real server answers this one with a code alone.
  throw new StatusError('', `insufficient quota to match these scopes: [${shown.join(' ')}]`);
}
