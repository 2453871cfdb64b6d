/** The `ephemeralcontainers` subresource: containers added to a running pod, for debugging. */
import { deepCopy } from '../../../../machinery/meta/copy.ts';
import { semanticEqual } from '../../../../machinery/meta/equality.ts';
import {
  type FieldError,
  FieldPath,
  forbiddenField,
  quote,
} from '../../../../machinery/meta/field-error.ts';
import { typeRef } from '../../../../machinery/schema/schema.ts';
import type { Pod } from '../../../../machinery/schema/wire.ts';
import { internalDiff } from '../../internal-form.ts';
import type { FaceStrategy } from '../../resource.ts';
import { keepMetadata } from '../../status-metadata.ts';
import { dropDisabledPodFields } from './drop-disabled.ts';
import { mirrorAnnotation, validatePodAnnotationsUpdate } from './pod-annotations.ts';
import { validatePodAsWhole } from './pod-create.ts';
import { bumpPodGeneration } from './pod-generation.ts';
import { podOptions } from './pod-options.ts';

const containerType = typeRef('core/v1.EphemeralContainer');

/** Everything but `spec.ephemeralContainers` stays as it is. */
export const ephemeralContainersStrategy: FaceStrategy<Pod> = {
  verbs: ['get', 'patch', 'update'],
  metadataChecks: ['change', 'whole'],
  prepareForUpdate: (next, prev) => {
    const containers = next.spec?.ephemeralContainers;
    next.spec = deepCopy(prev.spec!);
    if (containers === undefined) delete next.spec.ephemeralContainers;
    else next.spec.ephemeralContainers = containers;
    if (prev.status === undefined) delete next.status;
    else next.status = deepCopy(prev.status);
    keepMetadata(next, prev);
    dropDisabledPodFields(next.spec, prev.spec);
    bumpPodGeneration(next, prev);
  },
  validateUpdate: validateEphemeralUpdate,
};

function validateEphemeralUpdate(next: Pod, prev: Pod): FieldError[] {
  if (prev.metadata?.annotations?.[mirrorAnnotation] !== undefined) {
    return [forbiddenField(FieldPath.unnamed, 'static pods do not support ephemeral containers')];
  }
  const options = podOptions(prev);
  const annotationsAt = FieldPath.of('metadata', 'annotations');
  const errors = [
    ...validatePodAsWhole(next, options),
    ...validatePodAnnotationsUpdate(next, prev, annotationsAt, options),
  ];
  const at = FieldPath.of('spec', 'ephemeralContainers');
  const byName = new Map((next.spec?.ephemeralContainers ?? []).map((c) => [c.name, c]));
  for (const old of prev.spec?.ephemeralContainers ?? []) {
    const now = byName.get(old.name);
    const existing = `existing ephemeral containers ${quote(old.name)}`;
    if (now === undefined) errors.push(forbiddenField(at, `${existing} may not be removed\n`));
    else if (!semanticEqual(containerType, old, now)) {
      const diff = internalDiff('core/v1.EphemeralContainer', old, now);
      errors.push(forbiddenField(at, `${existing} may not be changed\n${diff}`));
    }
  }
  return errors;
}
