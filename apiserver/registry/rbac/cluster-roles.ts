/** rbac.authorization.k8s.io/v1 ClusterRole. */
import { nameIsPathSegment } from '../../../machinery/meta/names.ts';
import type { ClusterRole } from '../../../machinery/schema/wire.ts';
import { defineResource } from '../resource.ts';
import { validateClusterRole } from './rule-validation.ts';

export const clusterRoles = defineResource<ClusterRole>({
  group: 'rbac.authorization.k8s.io',
  version: 'v1',
  kind: 'ClusterRole',
  plural: 'clusterroles',
  namespaced: false,
  metadataChecks: ['whole', 'change'],
  createOnUpdate: true,
  nameRule: nameIsPathSegment,
  validate: (role) => validateClusterRole(role, undefined),
  validateUpdate: validateClusterRole,
});
