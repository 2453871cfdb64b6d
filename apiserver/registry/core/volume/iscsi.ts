/** iSCSI volumes, in pods and as persistent volumes. */
import {
  type FieldError,
  type FieldPath,
  invalidValue,
  required,
} from '../../../../machinery/meta/field-error.ts';
import { byteLength, rangeProblem } from '../../../../machinery/meta/names.ts';
import type { PersistentVolumeSpec, Volume } from '../../../../machinery/schema/wire.ts';

type IscsiSource = NonNullable<Volume['iscsi']>;
type PersistentIscsiSource = NonNullable<PersistentVolumeSpec['iscsi']>;

const maxPortalLength = 64;
/** What is said of a portal that is too long together with its volume's name. */
export const portalProblem =
  'Total length of <volume name>:<iscsi.targetPortal> must be under 64 characters if iscsi.initiatorName is specified.';

const formats: Readonly<Record<string, RegExp>> = {
  iqn: /iqn\.\d{4}-\d{2}\.([A-Za-z0-9.-]+)(:[^,;*&$|\s]+)$/,
  eui: /^eui.[A-Za-z0-9]{16}$/,
  naa: /^naa.[A-Za-z0-9]{32}$/,
};
const unknownFormat = 'must be valid format starting with iqn, eui, or naa';
const badFormat = 'must be valid format';

/** In a pod. The length of portal and name together is checked by the caller. */
export function validateIscsi(iscsi: IscsiSource, at: FieldPath): FieldError[] {
  return [
    ...(iscsi.targetPortal ? [] : [required(at.child('targetPortal'))]),
    ...validateQualifiedNames(iscsi, at, unknownFormat),
  ];
}

/** As the source of the persistent volume `pvName`. */
export function validatePersistentIscsi(
  iscsi: PersistentIscsiSource,
  pvName: string,
  at: FieldPath,
): FieldError[] {
  const errors = iscsi.targetPortal ? [] : [required(at.child('targetPortal'))];
  if (isPortalTooLong(iscsi, pvName)) {
    errors.push(invalidValue(at.child('targetportal'), iscsi.targetPortal, portalProblem));
  }
  return [...errors, ...validateQualifiedNames(iscsi, at, badFormat)];
}

/** The node's files are named by both, and their length has a limit. */
export function isPortalTooLong(
  iscsi: IscsiSource | PersistentIscsiSource,
  volumeName: string,
): boolean {
  const name = `${volumeName}:${iscsi.targetPortal ?? ''}`;
  return iscsi.initiatorName !== undefined && byteLength(name) > maxPortalLength;
}

function validateQualifiedNames(
  iscsi: IscsiSource | PersistentIscsiSource,
  at: FieldPath,
  unknown: string,
): FieldError[] {
  const errors: FieldError[] = [];
  if (!iscsi.iqn) errors.push(required(at.child('iqn')));
  else {
    const problem = nameProblem(iscsi.iqn, unknown);
    if (problem !== undefined) errors.push(invalidValue(at.child('iqn'), iscsi.iqn, problem));
  }
  const lun = iscsi.lun ?? 0;
  if (lun < 0 || lun > 255) errors.push(invalidValue(at.child('lun'), lun, rangeProblem(0, 255)));
  if ((iscsi.chapAuthDiscovery || iscsi.chapAuthSession) && iscsi.secretRef === undefined) {
    errors.push(required(at.child('secretRef')));
  }
  // Only the reference of a persistent volume needs a name.
  if (unknown === badFormat && iscsi.secretRef !== undefined && !iscsi.secretRef.name) {
    errors.push(required(at.child('secretRef', 'name')));
  }
  const initiator = iscsi.initiatorName;
  const problem = initiator === undefined ? undefined : nameProblem(initiator, unknown);
  if (problem !== undefined) {
    errors.push(invalidValue(at.child('initiatorname'), initiator, problem));
  }
  return errors;
}

function nameProblem(name: string, unknown: string): string | undefined {
  const format = formats[name.slice(0, 3)];
  if (format === undefined) return unknown;
  return format.test(name) ? undefined : badFormat;
}
