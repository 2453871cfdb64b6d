/** The rules of IPAddresses. */
import { deepEqual } from '../../../machinery/meta/equality.ts';
import {
  type FieldError,
  FieldPath,
  invalidValue,
  required,
} from '../../../machinery/meta/field-error.ts';
import { validateIp } from '../../../machinery/meta/ip.ts';
import { isDns1123Subdomain, isPathSegmentName } from '../../../machinery/meta/names.ts';
import type { IPAddress } from '../../../machinery/schema/wire.ts';
import { invalidFor } from '../core/field-checks.ts';
import { internalForm } from '../internal-form.ts';

const parentPath = FieldPath.of('spec', 'parentRef');

/** The name is the address, in canonical form. */
export function ipAddressNameProblems(name: string): string[] {
  return validateIp(name, FieldPath.root).map((e) => e.detail);
}

export function validateIpAddress(next: IPAddress): FieldError[] {
  const parent = next.spec?.parentRef;
  if (parent === undefined) return [required(parentPath)];
  const { group = '', resource = '', name = '', namespace = '' } = parent;
  const errors: FieldError[] = [];
  if (group !== '') {
    errors.push(...invalidFor(parentPath.child('group'), group, isDns1123Subdomain(group)));
  }
  for (const [field, value] of [
    ['resource', resource],
    ['name', name],
  ] as const) {
    const at = parentPath.child(field);
    if (value === '') errors.push(required(at));
    else errors.push(...invalidFor(at, value, isPathSegmentName(value)));
  }
  if (namespace !== '') {
    const problems = isPathSegmentName(namespace);
    errors.push(...invalidFor(parentPath.child('namespace'), namespace, problems));
  }
  return errors;
}

export function validateIpAddressUpdate(next: IPAddress, prev: IPAddress): FieldError[] {
  const errors = validateIpAddress(next);
  const parent = next.spec?.parentRef;
  if (!deepEqual(parent, prev.spec?.parentRef)) {
    const shown =
      parent === undefined ? null : internalForm('networking/v1.ParentReference', parent);
    errors.push(invalidValue(parentPath, shown, 'field is immutable'));
  }
  return errors;
}
