/**
 * Default roles and bindings brought up to date: what is missing is added, what an administrator
 * added stays. An object with the annotation `autoupdate: "false"` is left alone.
 * Rules: rbac documentation, "Auto-reconciliation".
 */
import { deepEqual } from '../../machinery/meta/equality.ts';
import type {
  ClusterRole,
  ClusterRoleBinding,
  KubeObject,
  Role,
  RoleBinding,
} from '../../machinery/schema/wire.ts';
import { uncoveredRules } from '../auth/rule-coverage.ts';
import { mergeMaps } from './ensure.ts';

const autoUpdate = 'rbac.authorization.kubernetes.io/autoupdate';

/** The role completed; undefined when it has all that is expected, or opts out. */
export function reviseRole<T extends Role | ClusterRole>(expected: T, existing: T): T | undefined {
  if (existing.metadata?.annotations?.[autoUpdate] === 'false') return undefined;
  const next: ClusterRole = { ...existing, metadata: mergedMetadata(expected, existing) };
  const missing = uncoveredRules(existing.rules ?? [], expected.rules ?? []);
  if (missing.length > 0) next.rules = [...(existing.rules ?? []), ...missing];
  const wanted = (expected as ClusterRole).aggregationRule;
  const present = (existing as ClusterRole).aggregationRule;
  if (wanted === undefined) delete next.aggregationRule;
  else {
    const own = present?.clusterRoleSelectors ?? [];
    const absent = (wanted.clusterRoleSelectors ?? []).filter(
      (s) => !own.some((o) => deepEqual(o, s)),
    );
    if (absent.length > 0) next.aggregationRule = { clusterRoleSelectors: [...own, ...absent] };
  }
  return deepEqual(next, existing) ? undefined : (next as T);
}

/** The binding completed; one to another role cannot be changed and is made again. */
export function reviseBinding<T extends RoleBinding | ClusterRoleBinding>(
  expected: T,
  existing: T,
): T | 'recreate' | undefined {
  if (existing.metadata?.annotations?.[autoUpdate] === 'false') return undefined;
  const { kind, name } = existing.roleRef;
  if (kind !== expected.roleRef.kind || name !== expected.roleRef.name) return 'recreate';
  const next: T = { ...existing, metadata: mergedMetadata(expected, existing) };
  const own = existing.subjects ?? [];
  const missing = (expected.subjects ?? []).filter((s) => !own.some((o) => deepEqual(o, s)));
  if (missing.length > 0) next.subjects = [...own, ...missing];
  return deepEqual(next, existing) ? undefined : next;
}

function mergedMetadata(expected: KubeObject, existing: KubeObject): KubeObject['metadata'] & {} {
  const labels = mergeMaps(expected.metadata?.labels, existing.metadata?.labels);
  const annotations = mergeMaps(expected.metadata?.annotations, existing.metadata?.annotations);
  return {
    ...existing.metadata,
    ...(labels === undefined ? {} : { labels }),
    ...(annotations === undefined ? {} : { annotations }),
  };
}
