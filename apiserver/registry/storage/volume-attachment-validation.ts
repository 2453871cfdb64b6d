/** The rules of VolumeAttachments. */
import { semanticEqual } from '../../../machinery/meta/equality.ts';
import {
  type FieldError,
  FieldPath,
  forbiddenField,
  invalidValue,
  required,
  tooLong,
} from '../../../machinery/meta/field-error.ts';
import { byteLength, isDns1123Subdomain } from '../../../machinery/meta/names.ts';
import { typeRef } from '../../../machinery/schema/schema.ts';
import type { VolumeAttachment } from '../../../machinery/schema/wire.ts';
import { invalidFor } from '../core/field-checks.ts';
import { validateVolumeSpec } from '../core/volume/persistent-volume-spec.ts';
import { validateCsiDriverName } from '../core/volume/sources.ts';
import { internalForm } from '../internal-form.ts';

const metadataLimitBytes = 256 * 1024;
const messageLimitBytes = 1024;
const specPath = FieldPath.of('spec');
const specType = typeRef('storage/v1.VolumeAttachmentSpec');
const statusPath = FieldPath.of('status');

type Source = VolumeAttachment['spec']['source'];
type VolumeError = NonNullable<NonNullable<VolumeAttachment['status']>['attachError']>;

export function validateVolumeAttachment(next: VolumeAttachment): FieldError[] {
  const {
    attacher = '',
    source = {},
    nodeName = '',
  }: Partial<VolumeAttachment['spec']> = next.spec;
  const errors = [
    ...validateCsiDriverName(attacher, specPath.child('attacher')),
    ...validateSource(source, specPath.child('source')),
    ...invalidFor(specPath.child('nodeName'), nodeName, isDns1123Subdomain(nodeName)),
    ...validateStatus(next.status),
  ];
  const volume = source.persistentVolumeName;
  if (volume !== undefined) {
    const at = FieldPath.of('spec.source.persistentVolumeName');
    errors.push(...invalidFor(at, volume, isDns1123Subdomain(volume)));
  }
  return errors;
}

export function validateVolumeAttachmentUpdate(
  next: VolumeAttachment,
  prev: VolumeAttachment,
): FieldError[] {
  const errors = validateVolumeAttachment(next);
  if (!semanticEqual(specType, next.spec, prev.spec)) {
    const shown = internalForm('storage/v1.VolumeAttachmentSpec', next.spec);
    errors.push(invalidValue(specPath, shown, 'field is immutable'));
  }
  return errors;
}

function validateSource(source: Source, at: FieldPath): FieldError[] {
  const { inlineVolumeSpec: inline, persistentVolumeName: name } = source;
  const text = 'must specify exactly one of inlineVolumeSpec and persistentVolumeName';
  if (inline === undefined && name === undefined) return [required(at, text)];
  if (inline !== undefined && name !== undefined) return [forbiddenField(at, text)];
  if (name === '') {
    return [
      required(at.child('persistentVolumeName'), 'must specify non empty persistentVolumeName'),
    ];
  }
  if (inline === undefined) return [];
  const options = { allowInvalidLabelValueInNodeAffinity: false };
  return validateVolumeSpec(inline, '', at.child('inlineVolumeSpec'), options, true);
}

function validateStatus(status: VolumeAttachment['status']): FieldError[] {
  const errors: FieldError[] = [];
  const entries = Object.entries(status?.attachmentMetadata ?? {});
  const sizeBytes = entries.reduce((sum, [k, v]) => sum + byteLength(k) + byteLength(v), 0);
  if (sizeBytes > metadataLimitBytes) {
    errors.push(tooLong(statusPath.child('attachmentMetadata'), metadataLimitBytes));
  }
  for (const f of ['attachError', 'detachError'] as const) {
    const error = status?.[f];
    if (error !== undefined) errors.push(...validateVolumeError(error, statusPath.child(f)));
  }
  return errors;
}

function validateVolumeError(e: VolumeError, at: FieldPath): FieldError[] {
  const errors: FieldError[] = [];
  if (byteLength(e.message ?? '') > messageLimitBytes) {
    // The real server names the limit of the metadata here.
    errors.push(tooLong(at.child('message'), metadataLimitBytes));
  }
  if (e.errorCode !== undefined && e.errorCode < 0) {
    const text = 'must be between 0 and 2147483647, inclusive';
    errors.push(invalidValue(at.child('errorCode'), e.errorCode, text));
  }
  return errors;
}
