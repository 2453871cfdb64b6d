/** rbac.authorization.k8s.io/v1 ClusterRoleBinding. */
import { nameIsPathSegment } from '../../../machinery/meta/names.ts';
import type { ClusterRoleBinding } from '../../../machinery/schema/wire.ts';
import { defineResource } from '../resource.ts';
import { bindingColumns } from './binding-columns.ts';
import { validateClusterRoleBinding, validateRoleRefUnchanged } from './binding-validation.ts';

export const clusterRoleBindings = defineResource<ClusterRoleBinding>({
  group: 'rbac.authorization.k8s.io',
  version: 'v1',
  kind: 'ClusterRoleBinding',
  plural: 'clusterrolebindings',
  namespaced: false,
  metadataChecks: ['whole', 'change'],
  createOnUpdate: true,
  nameRule: nameIsPathSegment,
  validate: validateClusterRoleBinding,
  validateUpdate: (next, prev) => [
    ...validateClusterRoleBinding(next),
    ...validateRoleRefUnchanged(next, prev),
  ],
  columns: bindingColumns('ClusterRoleBinding'),
});
