/** Checks of the status of PersistentVolumeClaims: capacities and how a resize goes. */
import {
  type FieldError,
  FieldPath,
  invalidValue,
  notSupported,
  required,
} from '../../../../machinery/meta/field-error.ts';
import { isQualifiedName } from '../../../../machinery/meta/names.ts';
import { parseQuantity } from '../../../../machinery/meta/quantity.ts';
import type { PersistentVolumeClaim } from '../../../../machinery/schema/wire.ts';
import { invalidFor } from '../field-checks.ts';
import { isNativeResource, resourceEntries, validateResourceQuantity } from '../resource-names.ts';

const at = FieldPath.of('status');
const resizeStatuses = [
  'ControllerResizeInProgress',
  'ControllerResizeInfeasible',
  'NodeResizeInProgress',
  'NodeResizeInfeasible',
  'NodeResizePending',
].sort();

/** Problems of a status update. */
export function validateClaimStatus(claim: PersistentVolumeClaim): FieldError[] {
  const errors: FieldError[] = [];
  if ((claim.spec?.accessModes ?? []).length === 0) {
    errors.push(required(FieldPath.of('Spec', 'accessModes')));
  }
  for (const [name, quantity] of resourceEntries(claim.status?.capacity)) {
    errors.push(...validateBasic(quantity, at.child('capacity').key(name)));
  }
  const statusesAt = at.child('allocatedResourceStatuses');
  for (const [name, status] of resourceEntries(claim.status?.allocatedResourceStatuses)) {
    errors.push(...validateKey(name, statusesAt));
    if (!resizeStatuses.includes(status)) {
      errors.push(notSupported(statusesAt, name, resizeStatuses));
    }
  }
  const resourcesAt = at.child('allocatedResources');
  for (const [name, quantity] of resourceEntries(claim.status?.allocatedResources)) {
    const keyErrors = validateKey(name, resourcesAt);
    errors.push(...keyErrors);
    if (keyErrors.length > 0) continue;
    const basic = validateBasic(quantity, resourcesAt.key(name));
    errors.push(...basic);
    if (basic.length > 0) continue;
    errors.push(...validateResourceQuantity('storage', quantity, resourcesAt.key(name)));
  }
  return errors;
}

function validateBasic(quantity: string, path: FieldPath): FieldError[] {
  const whole = parseQuantity(quantity).value();
  if (whole >= 0n) return [];
  return [invalidValue(path, Number(whole), 'must be a valid resource quantity')];
}

function validateKey(name: string, path: FieldPath): FieldError[] {
  const errors = invalidFor(path, name, isQualifiedName(name));
  if (errors.length > 0 || !isNativeResource(name) || name === 'storage') return errors;
  return [notSupported(path, name, ['storage'])];
}
