/** v1 ConfigMap. */
import { isSentEmpty } from '../../../machinery/meta/emptied.ts';
import { deepEqual } from '../../../machinery/meta/equality.ts';
import {
  type FieldError,
  FieldPath,
  forbiddenField,
  invalidValue,
  tooLong,
} from '../../../machinery/meta/field-error.ts';
import { isConfigMapKey } from '../../../machinery/meta/names.ts';
import type { ConfigMap } from '../../../machinery/schema/wire.ts';
import { ageColumn } from '../columns.ts';
import { defineResource, nameColumn } from '../resource.ts';

/** All values of one object together, in bytes (API reference of ConfigMap and Secret). */
const maxDataBytes = 1024 * 1024;

export const configMaps = defineResource<ConfigMap>({
  group: '',
  version: 'v1',
  kind: 'ConfigMap',
  plural: 'configmaps',
  shortNames: ['cm'],
  namespaced: true,
  metadataChecks: ['change', 'whole'],
  validate: validateData,
  validateUpdate: (next, prev) => [...validateImmutable(next, prev), ...validateData(next)],
  columns: [
    nameColumn(),
    {
      name: 'Data',
      description: '@core/v1.ConfigMap.data',
      cell: (cm) => Object.keys(cm.data ?? {}).length + Object.keys(cm.binaryData ?? {}).length,
    },
    ageColumn(),
  ],
});

function validateData(cm: ConfigMap): FieldError[] {
  const errors: FieldError[] = [];
  let sizeBytes = 0;
  for (const [key, value] of Object.entries(cm.data ?? {})) {
    const at = FieldPath.of('data').key(key);
    errors.push(...isConfigMapKey(key).map((p) => invalidValue(at, key, p)));
    if (cm.binaryData !== undefined && Object.hasOwn(cm.binaryData, key)) {
      errors.push(invalidValue(at, key, 'duplicate of key present in binaryData'));
    }
    sizeBytes += Buffer.byteLength(value);
  }
  for (const [key, value] of Object.entries(cm.binaryData ?? {})) {
    const at = FieldPath.of('binaryData').key(key);
    errors.push(...isConfigMapKey(key).map((p) => invalidValue(at, key, p)));
    sizeBytes += Buffer.byteLength(value ?? '', 'base64');
  }
  if (sizeBytes > maxDataBytes) errors.push(tooLong(FieldPath.unnamed, maxDataBytes));
  return errors;
}

function validateImmutable(next: ConfigMap, prev: ConfigMap): FieldError[] {
  if (prev.immutable !== true) return [];
  const errors: FieldError[] = [];
  const fixed = 'field is immutable when `immutable` is set';
  if (next.immutable !== true) errors.push(forbiddenField(FieldPath.of('immutable'), fixed));
  // No data is an empty map by default; of binaryData, where it is not, the two are told apart.
  const changed = {
    data: !deepEqual(next.data ?? {}, prev.data ?? {}),
    binaryData: !deepEqual(next.binaryData, prev.binaryData) || isSentEmpty(next, 'binaryData'),
  };
  for (const [field, differs] of Object.entries(changed)) {
    if (differs) errors.push(forbiddenField(FieldPath.of(field), fixed));
  }
  return errors;
}
