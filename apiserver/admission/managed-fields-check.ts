/**
 * managedFields after the mutating phase: those that nobody could read any more are put back
 * (k8s.io/apiserver/pkg/endpoints/handlers/fieldmanager: admission.go).
 */
import { managedFieldsProblem } from '../../machinery/patch/managers.ts';
import type { ManagedFieldsEntry } from '../../machinery/schema/wire.ts';
import type { AdmissionAttributes } from './admission.ts';

/** `before`: what the object had when the phase began; plugins that change it make a new list. */
export function checkedManagedFields(
  { object, warn }: Pick<AdmissionAttributes, 'object' | 'warn'>,
  before: ManagedFieldsEntry[] | undefined,
): void {
  const after = object?.metadata?.managedFields;
  if (after === before) return;
  const problem = managedFieldsProblem(after);
  if (problem === undefined) return;
  if (before === undefined) delete object!.metadata!.managedFields;
  else object!.metadata!.managedFields = before;
  warn(
    '.metadata.managedFields was in an invalid state after admission; this could be caused by an ' +
      `outdated mutating admission controller; please fix your requests: ${problem}`,
  );
}
