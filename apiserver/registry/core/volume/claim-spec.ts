/** The spec of a PersistentVolumeClaim, also inside ephemeral volumes and StatefulSets. */
import { wasSent } from '../../../../machinery/meta/emptied.ts';
import {
  type FieldError,
  FieldPath,
  forbiddenField,
  invalidValue,
  notSupported,
  required,
} from '../../../../machinery/meta/field-error.ts';
import {
  isDns1123Subdomain,
  nameIsDnsLabel,
  nameIsDnsSubdomain,
} from '../../../../machinery/meta/names.ts';
import {
  validateAnnotations,
  validateLabelSelector,
  validateLabels,
} from '../../../../machinery/meta/object-meta-validation.ts';
import type {
  ObjectMeta,
  PersistentVolumeClaim,
  PersistentVolumeClaimSpec,
} from '../../../../machinery/schema/wire.ts';
import { invalidFor, validatePositiveQuantity } from '../field-checks.ts';
import { validateResourceQuantity } from '../resource-names.ts';

/** What an update may keep. */
export interface ClaimSpecOptions {
  readonly allowInvalidLabelValueInSelector: boolean;
  readonly allowInvalidApiGroup: boolean;
}

export const newClaimOptions: ClaimSpecOptions = {
  allowInvalidLabelValueInSelector: false,
  allowInvalidApiGroup: false,
};

/** Ways to mount a volume, sorted as texts list them. */
export const accessModes = ['ReadOnlyMany', 'ReadWriteMany', 'ReadWriteOnce', 'ReadWriteOncePod'];
export const volumeModes = ['Block', 'Filesystem'];

/** Known modes only; ReadWriteOncePod stands alone. */
export function validateAccessModes(
  modes: readonly string[] | undefined,
  at: FieldPath,
): FieldError[] {
  const list = modes ?? [];
  const errors = list
    .filter((m) => !accessModes.includes(m))
    .map((m) => notSupported(at, m, accessModes));
  const known = list.filter((m) => accessModes.includes(m));
  const single = known.filter((m) => m === 'ReadWriteOncePod');
  if (single.length > 0 && known.length > single.length) {
    errors.push(forbiddenField(at, 'may not use ReadWriteOncePod with other access modes'));
  }
  return errors;
}

export function validateClaimSpec(
  spec: PersistentVolumeClaimSpec,
  at: FieldPath,
  options: ClaimSpecOptions = newClaimOptions,
): FieldError[] {
  const errors: FieldError[] = [];
  const modesAt = at.child('accessModes');
  if ((spec.accessModes ?? []).length === 0) {
    errors.push(required(modesAt, 'at least 1 access mode is required'));
  }
  errors.push(
    ...validateLabelSelector(spec.selector, at.child('selector'), {
      allowInvalidValues: options.allowInvalidLabelValueInSelector,
    }),
    ...validateAccessModes(spec.accessModes, modesAt),
    ...validateStorageRequest(spec, at.child('resources').key('storage')),
    ...validateClass(spec.storageClassName, at.child('storageClassName')),
  );
  if (spec.volumeMode !== undefined && !volumeModes.includes(spec.volumeMode)) {
    errors.push(notSupported(at.child('volumeMode'), spec.volumeMode, volumeModes));
  }
  errors.push(...validateDataSources(spec, at, options));
  errors.push(
    ...validateClass(spec.volumeAttributesClassName, at.child('volumeAttributesClassName')),
  );
  return errors;
}

function validateStorageRequest(spec: PersistentVolumeClaimSpec, at: FieldPath): FieldError[] {
  const request = spec.resources?.requests?.['storage'];
  if (request === undefined) return [required(at)];
  const errors = validatePositiveQuantity(request, at);
  return errors.length > 0 ? errors : validateResourceQuantity('storage', request, at);
}

function validateClass(name: string | undefined, at: FieldPath): FieldError[] {
  return name ? invalidFor(at, name, nameIsDnsSubdomain(name, false)) : [];
}

function validateDataSources(
  spec: PersistentVolumeClaimSpec,
  at: FieldPath,
  options: ClaimSpecOptions,
): FieldError[] {
  const { dataSource, dataSourceRef } = spec;
  const errors: FieldError[] = [];
  if (dataSource !== undefined) {
    errors.push(...validateReference(dataSource, at.child('dataSource'), options));
  }
  if (dataSourceRef !== undefined) {
    const here = at.child('dataSourceRef');
    errors.push(...validateReference(dataSourceRef, here, options));
    const namespace = dataSourceRef.namespace;
    if (namespace) {
      errors.push(
        ...invalidFor(here.child('namespace'), namespace, nameIsDnsLabel(namespace, false)),
      );
    }
  }
  if (dataSource === undefined || dataSourceRef === undefined) return errors;
  // The value shown is a path object, which prints as an empty one.
  if (dataSourceRef.namespace) {
    const text = 'may not be specified when dataSourceRef.namespace is specified';
    errors.push(invalidValue(at, {}, text));
  } else if (
    dataSource.apiGroup !== dataSourceRef.apiGroup ||
    dataSource.kind !== dataSourceRef.kind ||
    dataSource.name !== dataSourceRef.name
  ) {
    errors.push(invalidValue(at, {}, 'must match dataSourceRef'));
  }
  return errors;
}

function validateReference(
  ref: { apiGroup?: string; kind: string; name: string },
  at: FieldPath,
  options: ClaimSpecOptions,
): FieldError[] {
  const errors: FieldError[] = [];
  if (!ref.name) errors.push(required(at.child('name')));
  if (!ref.kind) errors.push(required(at.child('kind')));
  if (!ref.apiGroup) {
    if (ref.kind !== 'PersistentVolumeClaim') {
      const text = "must be 'PersistentVolumeClaim' when referencing the default apiGroup";
      errors.push(invalidValue(at, ref.kind ?? '', text));
    }
  } else if (!options.allowInvalidApiGroup) {
    const here = at.child('apiGroup');
    errors.push(...invalidFor(here, ref.apiGroup, isDns1123Subdomain(ref.apiGroup)));
  }
  return errors;
}

/** Options from the stored claim. */
export function claimOptions(prev: PersistentVolumeClaim | undefined): ClaimSpecOptions {
  const spec = prev?.spec;
  if (spec === undefined) return newClaimOptions;
  return {
    allowInvalidLabelValueInSelector: hasInvalidSelector(spec),
    allowInvalidApiGroup: Boolean(spec.dataSource?.apiGroup || spec.dataSourceRef?.apiGroup),
  };
}

function hasInvalidSelector(spec: PersistentVolumeClaimSpec): boolean {
  return (spec.selector?.matchExpressions ?? []).length === 0
    ? false
    : validateLabelSelector(spec.selector, FieldPath.root).length > 0;
}

/** A claim template. */
export function validateClaimTemplate(
  template: { metadata?: ObjectMeta; spec: PersistentVolumeClaimSpec },
  at: FieldPath,
): FieldError[] {
  return [
    ...validateTemplateMeta(template.metadata ?? {}, at.child('metadata')),
    ...validateClaimSpec(template.spec ?? {}, at.child('spec')),
  ];
}

/** The metadata of a template, of which only labels and annotations count. */
export function validateTemplateMeta(meta: ObjectMeta, at: FieldPath): FieldError[] {
  return [
    ...validateAnnotations(meta.annotations, at.child('annotations')),
    ...validateLabels(meta.labels, at.child('labels')),
    ...metaFields
      .filter((f) => isSet(meta[f]) || (pointers.has(f) && wasSent(meta, f)))
      .map((f) => forbiddenField(at.child(goName[f] ?? f), 'cannot be set')),
  ];
}

/** What counts when it is sent, be it empty or zero. */
const pointers: ReadonlySet<keyof ObjectMeta> = new Set([
  'deletionGracePeriodSeconds',
  'ownerReferences',
  'finalizers',
  'managedFields',
]);

/** The other fields of metadata, in the order that they are checked. */
const metaFields = [
  'name',
  'generateName',
  'namespace',
  'selfLink',
  'uid',
  'resourceVersion',
  'generation',
  'creationTimestamp',
  'deletionTimestamp',
  'deletionGracePeriodSeconds',
  'ownerReferences',
  'finalizers',
  'managedFields',
] as const satisfies (keyof ObjectMeta)[];

/** Paths come from Go's names with a small first letter. */
const goName: Readonly<Record<string, string>> = { uid: 'uID' };

function isSet(value: unknown): boolean {
  if (value === undefined || value === null || value === '' || value === 0) return false;
  return !Array.isArray(value) || value.length > 0;
}
