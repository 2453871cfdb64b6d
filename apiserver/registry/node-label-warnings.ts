/** Warnings of objects that select nodes by labels that have newer names. */
import type { FieldPath } from '../../machinery/meta/field-error.ts';
import type { LabelSelector } from '../../machinery/schema/wire.ts';
import { deprecatedNodeLabel } from './core/node/deprecated-labels.ts';

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
