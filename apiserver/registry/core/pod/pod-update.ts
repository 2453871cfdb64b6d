/** What an update may change of a pod: images, deadlines, tolerations, gates and little else. */
import { deepCopy } from '../../../../machinery/meta/copy.ts';
import { holdsNotes } from '../../../../machinery/meta/emptied.ts';
import { jsonEqual, semanticEqual } from '../../../../machinery/meta/equality.ts';
import {
  type FieldError,
  FieldPath,
  forbiddenField,
  invalidValue,
  required,
} from '../../../../machinery/meta/field-error.ts';
import { rangeProblem } from '../../../../machinery/meta/names.ts';
import { typeRef } from '../../../../machinery/schema/schema.ts';
import type {
  Affinity,
  Container,
  NodeAffinity,
  NodeSelectorTerm,
  Pod,
  PodSpec,
} from '../../../../machinery/schema/wire.ts';
import { internalDiff, internalForm, internalList } from '../../internal-form.ts';
import { isSound } from '../../sound-objects.ts';
import { validatePodAnnotations, validatePodAnnotationsUpdate } from './pod-annotations.ts';
import { validatePodAsWhole } from './pod-create.ts';
import { podOptions } from './pod-options.ts';
import { validateOnlyAddedTolerations } from './tolerations.ts';

const maxInt32 = 2 ** 31 - 1;
const specAt = FieldPath.of('spec');
const specType = typeRef('core/v1.PodSpec');
const nodeAffinityType = typeRef('core/v1.NodeAffinity');
const requirementsType = typeRef('[]core/v1.NodeSelectorRequirement');

const updatable = [
  '`spec.containers[*].image`',
  '`spec.initContainers[*].image`',
  '`spec.activeDeadlineSeconds`',
  '`spec.tolerations` (only additions to existing tolerations)',
  '`spec.terminationGracePeriodSeconds` (allow it to be set to 1 if it was previously negative)',
].join(',');

/** Problems of an update of the pod itself. */
export function validatePodUpdate(next: Pod, prev: Pod): FieldError[] {
  const options = podOptions(prev);
  const spec = next.spec!;
  const old = prev.spec!;
  const annotationsAt = FieldPath.of('metadata', 'annotations');
  // Most updates leave the spec alone, which is most of the work.
  if (isSound(prev) && jsonEqual(spec, old) && !holdsNotes(spec)) {
    return [
      ...validatePodAnnotations(next.metadata?.annotations, spec, annotationsAt, options),
      ...validatePodAnnotationsUpdate(next, prev, annotationsAt, options),
    ];
  }
  const errors = [
    ...validatePodAsWhole(next, options),
    ...validatePodAnnotationsUpdate(next, prev, annotationsAt, options),
  ];
  for (const list of ['containers', 'initContainers'] as const) {
    const stop = validateContainersUpdate(spec[list] ?? [], old[list] ?? [], specAt.child(list));
    errors.push(...stop.errors);
    if (stop.stop) return errors;
  }
  const deadline = validateDeadline(spec, old);
  errors.push(...deadline.errors);
  if (deadline.stop) return errors;
  errors.push(
    ...validateOnlyAddedTolerations(
      spec.tolerations ?? [],
      old.tolerations ?? [],
      specAt.child('tolerations'),
      options,
    ),
    ...validateOnlyRemovedGates(spec, old),
  );
  if (semanticEqual(specType, spec, old)) return errors;
  const kept = withAllowedChangesUndone(spec, old);
  if ((old.schedulingGates ?? []).length > 0) errors.push(...undoGatedChanges(kept, old));
  if (!semanticEqual(specType, kept, old)) {
    const diff = internalDiff('core/v1.PodSpec', old, kept);
    const text = `pod updates may not change fields other than ${updatable}\n${diff}`;
    errors.push(forbiddenField(specAt, text));
  }
  return errors;
}

interface Checked {
  errors: FieldError[];
  /** Nothing further can be said. */
  stop: boolean;
}

function validateContainersUpdate(
  next: readonly Container[],
  prev: readonly Container[],
  at: FieldPath,
): Checked {
  if (next.length !== prev.length) {
    const text = 'pod updates may not add or remove containers';
    return { errors: [forbiddenField(at, text)], stop: true };
  }
  const errors = next.flatMap((c, i) => {
    const path = at.index(i).child('image');
    const image = c.image ?? '';
    if (image === '') return [required(path)];
    const text = 'must not have leading or trailing whitespace';
    return image.trim() === image ? [] : [invalidValue(path, image, text)];
  });
  return { errors, stop: false };
}

/** A deadline may come and shrink, not grow or go. */
function validateDeadline(spec: PodSpec, old: PodSpec): Checked {
  const at = specAt.child('activeDeadlineSeconds');
  const now = spec.activeDeadlineSeconds;
  const before = old.activeDeadlineSeconds;
  const refuse = (value: unknown, text: string, stop: boolean): Checked => ({
    errors: [invalidValue(at, value, text)],
    stop,
  });
  if (now === undefined) {
    if (before === undefined) return { errors: [], stop: false };
    return refuse(null, 'must not update from a positive integer to nil value', false);
  }
  if (now < 0 || now > maxInt32) return refuse(now, rangeProblem(0, maxInt32), true);
  if (before === undefined || before >= now) return { errors: [], stop: false };
  return refuse(now, 'must be less than or equal to previous value', true);
}

function validateOnlyRemovedGates(spec: PodSpec, old: PodSpec): FieldError[] {
  const before = new Set((old.schedulingGates ?? []).map((g) => g.name));
  return (spec.schedulingGates ?? []).flatMap((gate, i) => {
    if (before.has(gate.name)) return [];
    const path = specAt.child('schedulingGates').index(i).child('name');
    const text = `only deletion is allowed, but found new scheduling gate '${gate.name}'`;
    return [forbiddenField(path, text)];
  });
}

function withAllowedChangesUndone(spec: PodSpec, old: PodSpec): PodSpec {
  const kept = deepCopy(spec);
  for (const list of ['containers', 'initContainers'] as const) {
    for (const [i, c] of (kept[list] ?? []).entries()) setOr(c, 'image', old[list]?.[i]?.image);
  }
  setOr(kept, 'activeDeadlineSeconds', old.activeDeadlineSeconds);
  setOr(kept, 'schedulingGates', old.schedulingGates);
  setOr(kept, 'tolerations', old.tolerations);
  const grace = old.terminationGracePeriodSeconds;
  if (grace !== undefined && grace < 0 && kept.terminationGracePeriodSeconds === 1) {
    kept.terminationGracePeriodSeconds = grace;
  }
  return kept;
}

function setOr<T extends object, K extends keyof T>(to: T, key: K, value: T[K] | undefined): void {
  if (value === undefined) delete to[key];
  else to[key] = value;
}

/** As long as a pod is gated its node selection may be narrowed; changes `kept` in place. */
function undoGatedChanges(kept: PodSpec, old: PodSpec): FieldError[] {
  const errors: FieldError[] = [];
  const selector = old.nodeSelector ?? {};
  const changed = Object.keys(selector).some((k) => kept.nodeSelector?.[k] !== selector[k]);
  if (changed) {
    const text = 'only additions to spec.nodeSelector are allowed (no mutations or deletions)';
    errors.push(invalidValue(specAt.child('nodeSelector'), kept.nodeSelector ?? null, text));
  }
  setOr(kept, 'nodeSelector', old.nodeSelector);
  const before = old.affinity?.nodeAffinity;
  const now = kept.affinity?.nodeAffinity;
  if (
    semanticEqual(nodeAffinityType, before, now) &&
    (before === undefined) === (now === undefined)
  ) {
    return errors;
  }
  errors.push(...validateNodeAffinityChange(now, before));
  setOr(kept, 'affinity', restored(kept.affinity, old.affinity, before));
  return errors;
}

/** The affinity with the old node affinity in it. */
function restored(
  now: Affinity | undefined,
  old: Affinity | undefined,
  nodeAffinity: NodeAffinity | undefined,
): Affinity | undefined {
  if (now === undefined) return nodeAffinity === undefined ? undefined : { nodeAffinity };
  const only = now.podAffinity === undefined && now.podAntiAffinity === undefined;
  if (old === undefined && only) return undefined;
  const out = { ...now };
  setOr(out, 'nodeAffinity', nodeAffinity);
  return out;
}

function validateNodeAffinityChange(
  next: NodeAffinity | undefined,
  prev: NodeAffinity | undefined,
): FieldError[] {
  const hard = 'requiredDuringSchedulingIgnoredDuringExecution';
  if (prev?.[hard] === undefined) return [];
  const before = prev[hard].nodeSelectorTerms ?? [];
  const now = next?.[hard]?.nodeSelectorTerms;
  const at = specAt.child('affinity', 'nodeAffinity', hard, 'nodeSelectorTerms');
  if (before.length > 0 && before.length !== (now ?? []).length) {
    const text = 'no additions/deletions to non-empty NodeSelectorTerms list are allowed';
    return [invalidValue(at, internalList('core/v1.NodeSelectorTerm', now), text)];
  }
  return before.flatMap((term, i) => {
    const own = now![i]!;
    if (onlyAdds(own, term)) return [];
    const text = 'only additions are allowed (no mutations or deletions)';
    return [invalidValue(at.index(i), internalForm('core/v1.NodeSelectorTerm', own), text)];
  });
}

function onlyAdds(next: NodeSelectorTerm, prev: NodeSelectorTerm): boolean {
  const lists = ['matchExpressions', 'matchFields'] as const;
  const empty = (t: NodeSelectorTerm): boolean => lists.every((l) => (t[l] ?? []).length === 0);
  if (empty(prev)) return empty(next);
  return lists.every((l) => {
    const before = prev[l] ?? [];
    return semanticEqual(requirementsType, (next[l] ?? []).slice(0, before.length), before);
  });
}
