/** v1 ConfigMap. */

import { deepEqual } from '../../../machinery/meta/equality.ts';
import {
  duplicate,
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
  validate: validateConfigMap,
  validateUpdate: (next, prev) => [...validateImmutable(next, prev), ...validateConfigMap(next)],
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

function validateConfigMap(cm: ConfigMap): FieldError[] {
  const errors: FieldError[] = [];
  let size = 0;
  for (const [key, value] of Object.entries(cm.data ?? {})) {
    const at = FieldPath.of('data').key(key);
    for (const problem of isConfigMapKey(key)) errors.push(invalidValue(at, key, problem));
    if (cm.binaryData !== undefined && key in cm.binaryData) errors.push(duplicate(at, key));
    size += Buffer.byteLength(value);
  }
  for (const [key, value] of Object.entries(cm.binaryData ?? {})) {
    const at = FieldPath.of('binaryData').key(key);
    for (const problem of isConfigMapKey(key)) errors.push(invalidValue(at, key, problem));
    size += Buffer.byteLength(value, 'base64');
  }
  if (size > maxDataBytes) errors.push(tooLong(FieldPath.root, maxDataBytes));
  return errors;
}

function validateImmutable(next: ConfigMap, prev: ConfigMap): FieldError[] {
  if (prev.immutable !== true) return [];
  const errors: FieldError[] = [];
  const fixed = 'field is immutable when `immutable` is set';
  if (next.immutable !== true) errors.push(forbiddenField(FieldPath.of('immutable'), fixed));
  if (!deepEqual(next.data, prev.data)) errors.push(forbiddenField(FieldPath.of('data'), fixed));
  if (!deepEqual(next.binaryData, prev.binaryData)) {
    errors.push(forbiddenField(FieldPath.of('binaryData'), fixed));
  }
  return errors;
}
