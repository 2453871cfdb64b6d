/** The rules of Leases. */
import {
  type FieldError,
  FieldPath,
  forbiddenField,
  invalidValue,
  notSupported,
} from '../../../machinery/meta/field-error.ts';
import { isQualifiedName } from '../../../machinery/meta/names.ts';
import type { Lease } from '../../../machinery/schema/wire.ts';
import { invalidFor } from '../core/field-checks.ts';

const strategies = ['OldestEmulationVersion'];

export function validateLease(next: Lease): FieldError[] {
  const at = FieldPath.of('spec');
  const { leaseDurationSeconds, leaseTransitions, strategy, preferredHolder } = next.spec ?? {};
  const errors: FieldError[] = [];
  if (leaseDurationSeconds !== undefined && leaseDurationSeconds <= 0) {
    const text = 'must be greater than 0';
    errors.push(invalidValue(at.child('leaseDurationSeconds'), leaseDurationSeconds, text));
  }
  if (leaseTransitions !== undefined && leaseTransitions < 0) {
    const text = 'must be greater than or equal to 0';
    errors.push(invalidValue(at.child('leaseTransitions'), leaseTransitions, text));
  }
  // The doubled `strategy` is how the real server names the field.
  const strategyAt = at.child('strategy', 'strategy');
  if (strategy?.includes('/')) {
    errors.push(...invalidFor(strategyAt, strategy, isQualifiedName(strategy)));
  } else if (strategy !== undefined && !strategies.includes(strategy)) {
    errors.push(notSupported(strategyAt, strategy, strategies));
  }
  if (preferredHolder && !strategy) {
    const text = 'may only be specified if `strategy` is defined';
    errors.push(forbiddenField(at.child('preferredHolder'), text));
  }
  return errors;
}
