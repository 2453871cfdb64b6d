/** Warnings about the sizes that claims ask for. */
import { type FieldPath, quote } from '../../../../machinery/meta/field-error.ts';
import { parseQuantity } from '../../../../machinery/meta/quantity.ts';
import type { PersistentVolumeClaimSpec } from '../../../../machinery/schema/wire.ts';

/** Fractions of bytes; `at` is the claim's spec. */
export function claimSpecWarnings(
  spec: PersistentVolumeClaimSpec | undefined,
  at: FieldPath,
): string[] {
  return (['requests', 'limits'] as const).flatMap((kind) => {
    const value = spec?.resources?.[kind]?.['storage'];
    if (value === undefined || parseQuantity(value).isWhole()) return [];
    const path = at.child('resources', kind).key('storage');
    return [`${path}: fractional byte value ${quote(value)} is invalid, must be an integer`];
  });
}
