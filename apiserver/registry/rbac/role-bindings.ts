/** rbac.authorization.k8s.io/v1 RoleBinding. */
import { nameIsPathSegment } from '../../../machinery/meta/names.ts';
import type { RoleBinding } from '../../../machinery/schema/wire.ts';
import { defineResource } from '../resource.ts';
import { bindingColumns } from './binding-columns.ts';
import { validateRoleBinding, validateRoleRefUnchanged } from './binding-validation.ts';

export const roleBindings = defineResource<RoleBinding>({
  group: 'rbac.authorization.k8s.io',
  version: 'v1',
  kind: 'RoleBinding',
  plural: 'rolebindings',
  namespaced: true,
  metadataChecks: ['whole', 'change'],
  createOnUpdate: true,
  nameRule: nameIsPathSegment,
  validate: validateRoleBinding,
  validateUpdate: (next, prev) => [
    ...validateRoleBinding(next),
    ...validateRoleRefUnchanged(next, prev),
  ],
  columns: bindingColumns('RoleBinding'),
});
