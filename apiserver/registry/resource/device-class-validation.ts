/** The rules of DeviceClasses. */
import { type FieldError, FieldPath, invalidValue } from '../../../machinery/meta/field-error.ts';
import { isLongName } from '../../../machinery/meta/names.ts';
import type { DeviceClass } from '../../../machinery/schema/wire.ts';
import { isExtendedResource } from '../core/resource-names.ts';
import { maxConfigs, validateConfig, validateSelectors } from './claim-spec-validation.ts';
import { validateItems } from './field-checks.ts';

const path = FieldPath.of('spec');

/** Only whole names are checked here, not what they are generated from. */
export function deviceClassName(name: string, prefix: boolean): string[] {
  return prefix ? [] : isLongName(name);
}

/** A class, new or changed. */
export function validateDeviceClass(next: DeviceClass): FieldError[] {
  const { spec } = next;
  const errors = [
    ...validateSelectors(spec.selectors, path.child('selectors')),
    ...validateItems(spec.config, maxConfigs, validateConfig, path.child('config')),
  ];
  const name = spec.extendedResourceName ?? undefined;
  if (name === undefined || isExtendedResource(name)) return errors;
  const at = path.child('extendedResourceName');
  return [...errors, invalidValue(at, name, 'must be a valid extended resource name')];
}
