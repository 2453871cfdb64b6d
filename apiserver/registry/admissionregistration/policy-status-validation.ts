/** The rules of the status of ValidatingAdmissionPolicies. */
import { type FieldError, FieldPath, required } from '../../../machinery/meta/field-error.ts';
import { validateConditions } from '../../../machinery/meta/object-meta-validation.ts';
import type { ValidatingAdmissionPolicy } from '../../../machinery/schema/wire.ts';

const status = FieldPath.of('status');

/** What the check of a policy's expressions found, and conditions. */
export function validatePolicyStatus(next: ValidatingAdmissionPolicy): FieldError[] {
  const at = status.child('typeChecking', 'expressionWarnings');
  const warnings = next.status?.typeChecking?.expressionWarnings ?? [];
  return [
    ...warnings.flatMap((w, i) => [
      ...(w.warning ? [] : [required(at.index(i).child('warning'))]),
      ...((w.fieldRef ?? '').trim() === '' ? [required(at.index(i).child('fieldRef'))] : []),
    ]),
    ...validateConditions(next.status?.conditions, status.child('conditions')),
  ];
}
