/** What an update may not change of a PersistentVolume. */

import { semanticEqual } from '../../../../machinery/meta/equality.ts';
import {
  type FieldError,
  FieldPath,
  forbiddenField,
  invalidValue,
} from '../../../../machinery/meta/field-error.ts';
import { member } from '../../../../machinery/meta/member.ts';
import { validateImmutableField } from '../../../../machinery/meta/object-meta-validation.ts';
import { typeRef } from '../../../../machinery/schema/schema.ts';
import type {
  NodeSelectorRequirement,
  PersistentVolume,
  PersistentVolumeSpec,
} from '../../../../machinery/schema/wire.ts';
import { internalDiff, internalForm } from '../../internal-form.ts';
import { volumeSourceNames } from './persistent-volume-spec.ts';

const sourceType = typeRef('core/v1.PersistentVolumeSource');
const affinityType = typeRef('core/v1.VolumeNodeAffinity');

/** Source, mode and place stay; the attributes class stays set. */
export function validateVolumeChange(next: PersistentVolume, prev: PersistentVolume): FieldError[] {
  const spec = next.spec ?? {};
  const old = prev.spec ?? {};
  const errors: FieldError[] = [];
  const source = withoutNewSecret(sourceOf(spec), old);
  const before = sourceOf(old);
  if (!semanticEqual(sourceType, source, before)) {
    const diff = internalDiff('core/v1.PersistentVolumeSource', before, source);
    const text = `spec.persistentvolumesource is immutable after creation\n${diff}`;
    errors.push(forbiddenField(FieldPath.of('spec', 'persistentvolumesource'), text));
  }
  errors.push(
    ...validateImmutableField(spec.volumeMode, old.volumeMode, FieldPath.of('volumeMode')),
    ...validateAffinityChange(spec, old),
  );
  const cleared = spec.volumeAttributesClassName === undefined;
  if (old.volumeAttributesClassName !== undefined && cleared) {
    const path = FieldPath.of('spec', 'volumeAttributesClassName');
    errors.push(forbiddenField(path, 'update from non-nil value to nil is forbidden'));
  }
  return errors;
}

function sourceOf(spec: PersistentVolumeSpec): Partial<PersistentVolumeSpec> {
  return Object.fromEntries(
    volumeSourceNames.filter((n) => spec[n] !== undefined).map((n) => [n, spec[n]]),
  );
}

/** The secret for expanding may be added to a CSI source. */
function withoutNewSecret(
  source: Partial<PersistentVolumeSpec>,
  old: PersistentVolumeSpec,
): Partial<PersistentVolumeSpec> {
  if (old.csi === undefined || old.csi.controllerExpandSecretRef !== undefined) return source;
  if (source.csi?.controllerExpandSecretRef === undefined) return source;
  const { controllerExpandSecretRef: _secret, ...csi } = source.csi;
  return { ...source, csi };
}

/** Labels that a node affinity may move on from and to. */
const successors: Readonly<Record<string, string>> = {
  'failure-domain.beta.kubernetes.io/zone': 'topology.kubernetes.io/zone',
  'failure-domain.beta.kubernetes.io/region': 'topology.kubernetes.io/region',
  'beta.kubernetes.io/os': 'kubernetes.io/os',
  'beta.kubernetes.io/arch': 'kubernetes.io/arch',
  'beta.kubernetes.io/instance-type': 'node.kubernetes.io/instance-type',
};

function validateAffinityChange(
  spec: PersistentVolumeSpec,
  old: PersistentVolumeSpec,
): FieldError[] {
  if (old.nodeAffinity === undefined) return [];
  const now = spec.nodeAffinity;
  const terms = now?.required?.nodeSelectorTerms ?? [];
  const before = {
    ...old.nodeAffinity,
    ...(old.nodeAffinity.required === undefined
      ? {}
      : {
          required: {
            nodeSelectorTerms: (old.nodeAffinity.required.nodeSelectorTerms ?? []).map((t, i) => ({
              ...t,
              ...(t.matchExpressions === undefined
                ? {}
                : { matchExpressions: renamed(t.matchExpressions, terms[i]?.matchExpressions) }),
            })),
          },
        }),
  };
  if (now !== undefined && semanticEqual(affinityType, now, before)) return [];
  const shown = now === undefined ? null : internalForm('core/v1.VolumeNodeAffinity', now);
  const text = 'field is immutable, except for updating from beta label to GA';
  return [invalidValue(FieldPath.of('nodeAffinity'), shown, text)];
}

/** Old requirements under the new names where only the name has moved on. */
function renamed(
  old: readonly NodeSelectorRequirement[],
  next: readonly NodeSelectorRequirement[] | undefined,
): NodeSelectorRequirement[] {
  return old.map((r, i) => {
    const key = next?.[i]?.key;
    // A label without a successor has an empty one on the real server.
    return key !== undefined && (member(successors, r.key) ?? '') === key ? { ...r, key } : r;
  });
}
