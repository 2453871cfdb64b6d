/** What an update may change of a PersistentVolumeClaim: its size once bound, and little else. */
import { deepCopy } from '../../../../machinery/meta/copy.ts';
import { semanticEqual } from '../../../../machinery/meta/equality.ts';
import {
  type FieldError,
  FieldPath,
  forbiddenField,
  invalidValue,
} from '../../../../machinery/meta/field-error.ts';
import { validateImmutableField } from '../../../../machinery/meta/object-meta-validation.ts';
import { parseQuantity, type Quantity } from '../../../../machinery/meta/quantity.ts';
import { typeRef } from '../../../../machinery/schema/schema.ts';
import type {
  PersistentVolumeClaim,
  PersistentVolumeClaimSpec,
} from '../../../../machinery/schema/wire.ts';
import { internalDiff } from '../../internal-form.ts';
import { matchDataSources } from './claim-data-source.ts';

const at = FieldPath.of('spec');
const specType = typeRef('core/v1.PersistentVolumeClaimSpec');
const classAnnotation = 'volume.beta.kubernetes.io/storage-class';

/** Problems of the change. */
export function validateClaimChange(
  next: PersistentVolumeClaim,
  prev: PersistentVolumeClaim,
): FieldError[] {
  const spec = deepCopy(next.spec ?? {});
  const old = deepCopy(prev.spec ?? {});
  matchDataSources(old);
  const errors: FieldError[] = [];
  // A claim may be bound to a volume.
  if (!old.volumeName && spec.volumeName) old.volumeName = spec.volumeName;
  errors.push(...undoClassUpgrade(spec, next, prev));
  if (next.status?.phase === 'Bound') undoBoundChanges(spec, old);
  if (!semanticEqual(specType, spec, old)) {
    const diff = internalDiff('core/v1.PersistentVolumeClaimSpec', old, spec);
    const text = `spec is immutable after creation except resources.requests and volumeAttributesClassName for bound claims\n${diff}`;
    errors.push(forbiddenField(at, text));
  }
  const size = storage(next.spec?.resources?.requests);
  const smallest = storage(prev.status?.capacity);
  if (size.cmp(storage(prev.spec?.resources?.requests)) < 0 && size.cmp(smallest) <= 0) {
    const path = at.child('resources', 'requests', 'storage');
    errors.push(forbiddenField(path, 'field can not be less than status.capacity'));
  }
  const modeAt = FieldPath.of('volumeMode');
  errors.push(...validateImmutableField(next.spec?.volumeMode, prev.spec?.volumeMode, modeAt));
  return [...errors, ...validateAttributesClass(next, prev)];
}

function storage(list: Readonly<Record<string, string>> | undefined): Quantity {
  return parseQuantity(list?.['storage'] ?? '0');
}

/** The class may move from the annotation to the field, or come where there was none. */
function undoClassUpgrade(
  spec: PersistentVolumeClaimSpec,
  next: PersistentVolumeClaim,
  prev: PersistentVolumeClaim,
): FieldError[] {
  const before = prev.metadata?.annotations?.[classAnnotation];
  const now = next.metadata?.annotations?.[classAnnotation];
  const unset = prev.spec?.storageClassName === undefined;
  const name = next.spec?.storageClassName;
  if (before !== undefined && unset && name === before && (now ?? before) === before) {
    delete spec.storageClassName;
    return [];
  }
  if (name !== undefined && unset && (before ?? name) === name) delete spec.storageClassName;
  if ((now ?? '') === (before ?? '')) return [];
  const path = FieldPath.of('metadata', 'annotations', classAnnotation);
  return [invalidValue(path, now ?? '', 'field is immutable')];
}

function undoBoundChanges(spec: PersistentVolumeClaimSpec, old: PersistentVolumeClaimSpec): void {
  if (spec.resources?.requests !== undefined) {
    const size = old.resources?.requests?.['storage'] ?? '0';
    spec.resources.requests = { ...spec.resources.requests, storage: size };
  }
  if (old.volumeAttributesClassName === undefined) delete spec.volumeAttributesClassName;
  else spec.volumeAttributesClassName = old.volumeAttributesClassName;
}

function validateAttributesClass(
  next: PersistentVolumeClaim,
  prev: PersistentVolumeClaim,
): FieldError[] {
  const now = next.spec?.volumeAttributesClassName;
  if (now === prev.spec?.volumeAttributesClassName || now) return [];
  if (prev.status?.currentVolumeAttributesClassName === undefined) return [];
  const what = now === undefined ? 'nil' : 'empty string';
  const text = `update to ${what} is forbidden when status.currentVolumeAttributesClassName is not nil`;
  return [forbiddenField(at.child('volumeAttributesClassName'), text)];
}
