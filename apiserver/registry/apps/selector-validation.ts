/** The rule of all workloads that their selector must select the pods of their template. */
import { wasSent } from '../../../machinery/meta/emptied.ts';
import {
  type FieldError,
  type FieldPath,
  invalidValue,
  required,
} from '../../../machinery/meta/field-error.ts';
import { LabelSelectorError } from '../../../machinery/meta/label-requirement.ts';
import { type Selector, selectorOf } from '../../../machinery/meta/labels.ts';
import { validateLabelSelector } from '../../../machinery/meta/object-meta-validation.ts';
import type { LabelSelector, PodTemplateSpec } from '../../../machinery/schema/wire.ts';
import { internalForm } from '../internal-form.ts';

/**
 * Present (the normal form has null for absent), well-formed and not empty; `kind` is what the
 * text calls the workload.
 */
export function validateWorkloadSelector(
  selector: LabelSelector | undefined,
  kind: string,
  at: FieldPath,
): FieldError[] {
  if (!selector) return [required(at)];
  return [...validateLabelSelector(selector, at), ...validateNotEmpty(selector, kind, at)];
}

/** `empty selector is invalid for <kind>`. */
export function validateNotEmpty(
  selector: LabelSelector,
  kind: string,
  at: FieldPath,
): FieldError[] {
  const terms =
    Object.keys(selector.matchLabels ?? {}).length + (selector.matchExpressions ?? []).length;
  if (terms > 0) return [];
  return [invalidValue(at, selectorValue(selector), `empty selector is invalid for ${kind}`)];
}

/** The parsed selector; undefined when it is not valid. */
export function parsedSelector(selector: LabelSelector | undefined): Selector | undefined {
  try {
    return selectorOf(selector);
  } catch (e) {
    if (e instanceof LabelSelectorError) return undefined;
    throw e;
  }
}

/** `at` is the template's path. */
export function validateTemplateLabels(
  template: PodTemplateSpec | undefined,
  selector: Selector,
  at: FieldPath,
): FieldError[] {
  const labels = template?.metadata?.labels;
  if (selector.matches(labels ?? {})) return [];
  const sent = template?.metadata !== undefined && wasSent(template.metadata, 'labels');
  const shown = sent ? sortedMap(labels ?? {}) : null;
  const text = '`selector` does not match template `labels`';
  return [invalidValue(at.child('metadata', 'labels'), shown, text)];
}

/** A selector as error texts show it: null when absent, map keys in order. */
export function selectorValue(selector: LabelSelector | undefined): unknown {
  return selector ? internalForm('meta/v1.LabelSelector', selector) : null;
}

function sortedMap(map: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(Object.entries(map).sort(([a], [b]) => (a < b ? -1 : 1)));
}
