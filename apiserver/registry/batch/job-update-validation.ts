/** What an update may change of a Job. */
import { deepCopy } from '../../../machinery/meta/copy.ts';
import { semanticEqual } from '../../../machinery/meta/equality.ts';
import { type FieldError, FieldPath, invalidValue } from '../../../machinery/meta/field-error.ts';
import {
  hasInvalidSelectorValue,
  validateImmutableField,
  validateKubeFinalizers,
  validateObjectMetaUpdate,
} from '../../../machinery/meta/object-meta-validation.ts';
import { typeRef } from '../../../machinery/schema/schema.ts';
import type { Job, JobSpec, PodSpec, PodTemplateSpec } from '../../../machinery/schema/wire.ts';
import { selectorValue } from '../apps/selector-validation.ts';
import { templateOptions } from '../core/pod/pod-options.ts';
import { internalForm } from '../internal-form.ts';
import { controllerUidLabel, jobNameLabel } from './job-selector.ts';
import { type JobOptions, validateJob, validateJobSpec } from './job-validation.ts';

const at = FieldPath.of('spec');
const immutable = 'field is immutable';
const jobSpecType = typeRef('batch/v1.JobSpec');
const templateType = typeRef('core/v1.PodTemplateSpec');
const podSpecType = typeRef('core/v1.PodSpec');

export function validateJobUpdate(next: Job, prev: Job): FieldError[] {
  const options = optionsOf(prev);
  const spec = next.spec!;
  const before = prev.spec!;
  return [
    ...validateJob(next, options),
    // Changes of metadata come in between, where other kinds have them in front.
    ...validateObjectMetaUpdate(next.metadata!, prev.metadata!),
    ...validateKubeFinalizers(next.metadata!.finalizers),
    // The real server checks the spec twice.
    ...validateJobSpec(spec, at, options.pods),
    ...validateCompletions(spec, before),
    ...(sameMembers(spec, before, 'selector')
      ? []
      : [invalidValue(at.child('selector'), selectorValue(spec.selector), immutable)]),
    ...validateTemplate(spec, before, mayChangeTemplate(prev)),
    ...unchanged(spec, before, 'completionMode'),
    ...unchanged(spec, before, 'podFailurePolicy', 'batch/v1.PodFailurePolicy'),
    ...unchanged(spec, before, 'backoffLimitPerIndex'),
    ...unchanged(spec, before, 'managedBy'),
    ...unchanged(spec, before, 'successPolicy', 'batch/v1.SuccessPolicy'),
  ];
}

function optionsOf(prev: Job): JobOptions {
  const pods = templateOptions(prev.spec?.template);
  const labels = prev.spec?.template?.metadata?.labels ?? {};
  return {
    pods: {
      ...pods,
      allowInvalidLabelValueInSelector:
        pods.allowInvalidLabelValueInSelector || hasInvalidSelectorValue(prev.spec?.selector),
    },
    prefixedLabels: jobNameLabel in labels && controllerUidLabel in labels,
  };
}

/** A job that is suspended and has no pods may still be placed and sized. */
function mayChangeTemplate(prev: Job): boolean {
  const { startTime, conditions = [], active = 0 } = prev.status ?? {};
  const isSuspended = conditions.some((c) => c.type === 'Suspended' && c.status === 'True');
  return prev.spec?.suspend === true && (!startTime || isSuspended) && active === 0;
}

function validateCompletions(next: JobSpec, prev: JobSpec): FieldError[] {
  const completionsAt = at.child('completions');
  if (next.completionMode !== 'Indexed') {
    return validateImmutableField(next.completions, prev.completions, completionsAt);
  }
  const { completions } = next;
  if (completions === undefined || completions === prev.completions) return [];
  if (completions === next.parallelism) return [];
  const text = 'can only be modified in tandem with spec.parallelism';
  return [invalidValue(completionsAt, completions, text)];
}

function sameMembers(next: JobSpec, prev: JobSpec, field: keyof JobSpec): boolean {
  return semanticEqual(jobSpecType, { [field]: next[field] }, { [field]: prev[field] });
}

function unchanged(
  next: JobSpec,
  prev: JobSpec,
  field: keyof JobSpec,
  typeId?: string,
): FieldError[] {
  const value = next[field];
  if (sameMembers(next, prev, field)) return [];
  const shown = typeId && value !== undefined ? internalForm(typeId, value as object) : value;
  return [invalidValue(at.child(field), shown ?? null, immutable)];
}

function validateTemplate(next: JobSpec, prev: JobSpec, mayChange: boolean): FieldError[] {
  const template = next.template ?? {};
  const before = mayChange ? withPlacementOf(prev.template, template) : prev.template;
  if (!mayChange) {
    if (semanticEqual(templateType, template, before)) return [];
    const shown = internalForm('core/v1.PodTemplateSpec', template);
    return [invalidValue(at.child('template'), shown, immutable)];
  }
  const pods = template.spec ?? { containers: [] };
  const allowed = withResourcesOf(before?.spec ?? { containers: [] }, pods);
  if (semanticEqual(podSpecType, pods, allowed)) return [];
  const shown = internalForm('core/v1.PodSpec', pods);
  return [invalidValue(at.child('template.spec'), shown, immutable)];
}

/** `prev` with all that decides where a pod runs taken from `next`. */
function withPlacementOf(
  prev: PodTemplateSpec | undefined,
  next: PodTemplateSpec,
): PodTemplateSpec {
  const template = deepCopy(prev ?? {});
  const spec: Partial<PodSpec> = template.spec ?? {};
  const from: Partial<PodSpec> = next.spec ?? {};
  const { nodeAffinity: _, ...otherAffinity } = spec.affinity ?? {};
  const nodeAffinity = from.affinity?.nodeAffinity;
  const affinity = {
    ...otherAffinity,
    ...(nodeAffinity === undefined ? {} : { nodeAffinity }),
  };
  delete spec.affinity;
  if (from.affinity !== undefined || Object.keys(affinity).length > 0) spec.affinity = affinity;
  takeFields(spec, from, ['nodeSelector', 'tolerations', 'schedulingGates']);
  const metadata = template.metadata ?? {};
  takeFields(metadata, next.metadata ?? {}, ['annotations', 'labels']);
  return { ...template, metadata, spec: spec as PodSpec };
}

/** `prev` with the resources of containers that have the same name at the same place in `next`. */
function withResourcesOf(prev: PodSpec, next: PodSpec): PodSpec {
  const spec = { ...prev };
  for (const list of ['containers', 'initContainers'] as const) {
    const containers = spec[list] ?? [];
    const from = next[list] ?? [];
    if (containers.length !== from.length) continue;
    spec[list] = containers.map((c, i) => {
      if (c.name !== from[i]!.name) return c;
      const taken = { ...c };
      takeFields(taken, from[i]!, ['resources']);
      return taken;
    });
  }
  return spec;
}

function takeFields<T extends object>(to: T, from: Partial<T>, fields: readonly (keyof T)[]): void {
  for (const f of fields) {
    if (from[f] === undefined) delete to[f];
    else to[f] = from[f]!;
  }
}
