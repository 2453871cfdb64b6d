/** node.k8s.io/v1 RuntimeClass. */
import { FieldPath } from '../../../machinery/meta/field-error.ts';
import type { RuntimeClass } from '../../../machinery/schema/wire.ts';
import { ageColumn, column } from '../columns.ts';
import { nodeLabelWarnings } from '../node-label-warnings.ts';
import { defineResource, nameColumn } from '../resource.ts';
import { validateRuntimeClass, validateRuntimeClassUpdate } from './runtime-class-validation.ts';

export const runtimeClasses = defineResource<RuntimeClass>({
  group: 'node.k8s.io',
  version: 'v1',
  kind: 'RuntimeClass',
  plural: 'runtimeclasses',
  namespaced: false,
  metadataChecks: ['change', 'whole'],
  anyFinalizer: true,
  createOnUpdate: true,
  unconditionalUpdate: false,
  validate: validateRuntimeClass,
  validateUpdate: validateRuntimeClassUpdate,
  warnings: (next) =>
    nodeLabelWarnings(next.scheduling?.nodeSelector, FieldPath.of('scheduling', 'nodeSelector')),
  columns: [nameColumn(), column('Handler', '', (c) => c.handler), ageColumn()],
});
