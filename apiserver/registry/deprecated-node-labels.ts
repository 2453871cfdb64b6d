/** Node labels that have newer names, and the warnings of objects that still select by them. */
import type { FieldPath } from '../../machinery/meta/field-error.ts';
import type { LabelSelector } from '../../machinery/schema/wire.ts';

const deprecated: Readonly<Record<string, string>> = {
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

/** What to say about a label key; undefined when it is fine. */
export function deprecatedNodeLabel(key: string): string | undefined {
  return Object.hasOwn(deprecated, key) ? deprecated[key] : undefined;
}

/** Warnings of a plain map of labels: `<path>: <text>`. */
export function nodeLabelWarnings(
  labels: Readonly<Record<string, string>> | undefined,
  at: FieldPath,
): string[] {
  return Object.keys(labels ?? {}).flatMap((key) => {
    const text = deprecatedNodeLabel(key);
    return text === undefined ? [] : [`${at}: ${text}`];
  });
}

/** Warnings of a selector over nodes. */
export function nodeSelectorWarnings(selector: LabelSelector | undefined, at: FieldPath): string[] {
  const warnings: string[] = [];
  for (const [i, { key }] of (selector?.matchExpressions ?? []).entries()) {
    const text = deprecatedNodeLabel(key);
    if (text === undefined) continue;
    warnings.push(`${at.child('matchExpressions').index(i).child('key')}: ${key} is ${text}`);
  }
  for (const key of Object.keys(selector?.matchLabels ?? {})) {
    const text = deprecatedNodeLabel(key);
    if (text !== undefined) warnings.push(`${at.child('matchLabels').child(key)}: ${text}`);
  }
  return warnings;
}
