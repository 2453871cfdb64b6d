/** Annotations of pods that carry meaning. */
import {
  type FieldError,
  type FieldPath,
  forbiddenField,
  invalidValue,
} from '../../../../machinery/meta/field-error.ts';
import type { Pod, PodSpec, Toleration } from '../../../../machinery/schema/wire.ts';
import { lowerKeys } from '../internal-names.ts';
import type { PodValidationOptions } from './pod-options.ts';
import { appArmorAnnotationPrefix, validateProfileAnnotations } from './profiles.ts';
import { validateTolerations } from './tolerations.ts';

/** Marks the API object of a static pod. */
export const mirrorAnnotation = 'kubernetes.io/config.mirror';
const tolerationsAnnotation = 'scheduler.alpha.kubernetes.io/tolerations';
const deletionCostAnnotation = 'controller.kubernetes.io/pod-deletion-cost';

type Annotations = Readonly<Record<string, string>> | undefined;

/** Checks the annotations of a pod or pod template. */
export function validatePodAnnotations(
  annotations: Annotations,
  spec: PodSpec,
  at: FieldPath,
  options: PodValidationOptions,
): FieldError[] {
  const errors: FieldError[] = [];
  const mirror = annotations?.[mirrorAnnotation];
  if (mirror !== undefined && !spec.nodeName) {
    const text = 'must set spec.nodeName if mirror pod annotation is set';
    errors.push(invalidValue(at.key(mirrorAnnotation), mirror, text));
  }
  errors.push(...validateTolerationsAnnotation(annotations?.[tolerationsAnnotation], at, options));
  if (!options.allowInvalidDeletionCost && !hasValidDeletionCost(annotations)) {
    const cost = annotations?.[deletionCostAnnotation] ?? '';
    errors.push(invalidValue(at.key(deletionCostAnnotation), cost, 'must be a 32bit integer'));
  }
  errors.push(...validateProfileAnnotations(annotations, spec, at));
  return errors;
}

/** A decimal number of 32 bits, written as one would; absent is fine. */
export function hasValidDeletionCost(annotations: Annotations): boolean {
  const cost = annotations?.[deletionCostAnnotation];
  if (cost === undefined) return true;
  if (!/^(0|-\d+|[1-9]\d*)$/.test(cost)) return false;
  const n = Number(cost);
  return n >= -(2 ** 31) && n < 2 ** 31;
}

function validateTolerationsAnnotation(
  value: string | undefined,
  at: FieldPath,
  options: PodValidationOptions,
): FieldError[] {
  if (!value) return [];
  let tolerations: unknown;
  try {
    tolerations = JSON.parse(value);
  } catch (e) {
    return [invalidValue(at, tolerationsAnnotation, (e as SyntaxError).message)];
  }
  if (!Array.isArray(tolerations)) {
    const text = 'json: cannot unmarshal into Go value of type []core.Toleration';
    return [invalidValue(at, tolerationsAnnotation, text)];
  }
  // The real server reads the internal type, whose names are capitalised, in any case.
  const list = tolerations.map((t) => lowerKeys(t) as unknown as Toleration);
  return validateTolerations(list, at.child(tolerationsAnnotation), options);
}

/** What an update may do to the annotations. */
export function validatePodAnnotationsUpdate(
  next: Pod,
  prev: Pod,
  at: FieldPath,
  options: PodValidationOptions,
): FieldError[] {
  const now = next.metadata?.annotations ?? {};
  const before = prev.metadata?.annotations ?? {};
  const errors: FieldError[] = [];
  for (const k of Object.keys(before).sort()) {
    if (now[k] !== before[k]) errors.push(...fixed(k, 'may not remove or update', at));
  }
  for (const k of Object.keys(now).sort()) {
    if (!(k in before)) errors.push(...fixed(k, 'may not add', at));
  }
  return [...errors, ...validatePodAnnotations(now, next.spec!, at, options)];
}

function fixed(key: string, what: string, at: FieldPath): FieldError[] {
  if (key.startsWith(appArmorAnnotationPrefix)) {
    return [forbiddenField(at.key(key), `${what} AppArmor annotations`)];
  }
  if (key !== mirrorAnnotation) return [];
  return [forbiddenField(at.key(key), `${what} mirror pod annotation`)];
}
