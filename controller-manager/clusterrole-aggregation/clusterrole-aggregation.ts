/** Fills cluster roles that have an aggregation rule with the rules of the roles it selects. */
import { clusterRoles } from '../../client/resources.ts';
import { keyOf } from '../../client/store.ts';
import { deepEqual } from '../../machinery/meta/equality.ts';
import { selectorOf } from '../../machinery/meta/labels.ts';
import type { ClusterRole, PolicyRule } from '../../machinery/schema/wire.ts';
import { type ControllerContext, defineController } from '../controller.ts';

const fieldManager = 'clusterrole-aggregation-controller';
const workers = 5;

export const clusterRoleAggregationController = defineController({
  name: 'clusterrole-aggregation-controller',
  aliases: ['clusterrole-aggregation'],
  serviceAccount: 'clusterrole-aggregation-controller',
  setup,
});

/** The rules an aggregated role should have: those selected, in order of names, each once. */
export function aggregatedRules(role: ClusterRole, all: readonly ClusterRole[]): PolicyRule[] {
  const byName = all.toSorted((a, b) => (keyOf(a) < keyOf(b) ? -1 : 1));
  const rules: PolicyRule[] = [];
  for (const labelSelector of role.aggregationRule?.clusterRoleSelectors ?? []) {
    const selector = selectorOf(labelSelector);
    for (const other of byName) {
      if (keyOf(other) === keyOf(role)) continue;
      if (!selector.matches(other.metadata?.labels ?? {})) continue;
      for (const rule of other.rules ?? []) {
        if (!rules.some((r) => deepEqual(r, rule))) rules.push(rule);
      }
    }
  }
  return rules;
}

function setup(context: ControllerContext): void {
  const { client } = context;
  const roles = context.informer(clusterRoles);
  const aggregated = 'aggregated';
  roles.addIndex(aggregated, (role) => (role.aggregationRule === undefined ? [] : ['yes']));
  const queue = context.queue({
    name: 'ClusterRoleAggregator',
    workers,
    async reconcile(name, signal) {
      const role = roles.store.byKey(name);
      if (role?.aggregationRule === undefined) return undefined;
      const rules = aggregatedRules(role, roles.store.list());
      if (deepEqual(rules, role.rules ?? [])) return undefined;
      const options = { type: 'merge', fieldManager, signal } as const;
      await client.patch(clusterRoles, { name }, { rules }, options);
      return undefined;
    },
  });
  // The roles are few, and which depend on which is not known: all are looked at.
  const wake = (): void => {
    for (const role of roles.store.byIndex(aggregated, 'yes')) queue.add(keyOf(role));
  };
  roles.addHandler({ added: wake, updated: wake, deleted: wake });
}
