/** Node labels that have successors, and the warnings about their use. */
import type { FieldPath } from '../../../../machinery/meta/field-error.ts';
import { isLabelValue } from '../../../../machinery/meta/names.ts';
import type { NodeSelectorTerm } from '../../../../machinery/schema/wire.ts';

const messages: Readonly<Record<string, string>> = {
  'beta.kubernetes.io/arch': 'deprecated since v1.14; use "kubernetes.io/arch" instead',
  'beta.kubernetes.io/os': 'deprecated since v1.14; use "kubernetes.io/os" instead',
  'failure-domain.beta.kubernetes.io/region':
    'deprecated since v1.17; use "topology.kubernetes.io/region" instead',
  'failure-domain.beta.kubernetes.io/zone':
    'deprecated since v1.17; use "topology.kubernetes.io/zone" instead',
  'beta.kubernetes.io/instance-type':
    'deprecated since v1.17; use "node.kubernetes.io/instance-type" instead',
  'app.kubernetes.io/created-by': 'deprecated since v1.9',
  'scheduler.alpha.kubernetes.io/preferAvoidPods':
    'deprecated since v1.22; use Taints and Tolerations instead',
  'node-role.kubernetes.io/master': 'use "node-role.kubernetes.io/control-plane" instead',
};

/** What is said of a deprecated node label; undefined for the others. */
export function deprecatedNodeLabel(key: string): string | undefined {
  return Object.hasOwn(messages, key) ? messages[key] : undefined;
}

/** Warnings about one term of a node selector; `values`: about values no label can have, too. */
export function nodeSelectorTermWarnings(
  term: NodeSelectorTerm,
  at: FieldPath,
  values = false,
): string[] {
  return (term.matchExpressions ?? []).flatMap((e, i) => {
    const here = at.child('matchExpressions').index(i);
    const message = deprecatedNodeLabel(e.key);
    const warnings = message === undefined ? [] : [`${here.child('key')}: ${e.key} is ${message}`];
    if (!values) return warnings;
    for (const [j, value] of (e.values ?? []).entries()) {
      for (const problem of isLabelValue(value)) {
        warnings.push(`${here.child('values').index(j)}: ${value} is invalid, ${problem}`);
      }
    }
    return warnings;
  });
}
