/** Pod templates of workloads. */
import {
  type FieldError,
  type FieldPath,
  forbiddenField,
} from '../../../../machinery/meta/field-error.ts';
import {
  validateAnnotations,
  validateLabels,
} from '../../../../machinery/meta/object-meta-validation.ts';
import type { PodTemplateSpec } from '../../../../machinery/schema/wire.ts';
import { validatePodAnnotations } from './pod-annotations.ts';
import { newTemplateOptions, type PodValidationOptions } from './pod-options.ts';
import { validatePodSpec } from './pod-spec.ts';
import { validateProfilesMatchAnnotations } from './profiles.ts';

/**
 * Problems of a pod template. `options`: templateOptions(the stored template), so that an update
 * may keep what was allowed before.
 */
export function validatePodTemplateSpec(
  template: PodTemplateSpec,
  at: FieldPath,
  options: PodValidationOptions = newTemplateOptions,
): FieldError[] {
  const meta = template.metadata;
  const spec = template.spec ?? { containers: [] };
  const annotationsAt = at.child('annotations');
  const specAt = at.child('spec');
  const errors = [
    ...validateLabels(meta?.labels, at.child('labels')),
    ...validateAnnotations(meta?.annotations, annotationsAt),
    ...validatePodAnnotations(meta?.annotations, spec, annotationsAt, options),
    ...validatePodSpec(spec, undefined, specAt, options),
    ...validateProfilesMatchAnnotations(meta, spec, specAt),
  ];
  if ((spec.ephemeralContainers ?? []).length > 0) {
    const text = 'ephemeral containers not allowed in pod template';
    errors.push(forbiddenField(specAt.child('ephemeralContainers'), text));
  }
  return errors;
}
