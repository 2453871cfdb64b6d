/** rbac.authorization.k8s.io/v1 Role. */
import { nameIsPathSegment } from '../../../machinery/meta/names.ts';
import type { Role } from '../../../machinery/schema/wire.ts';
import { defineResource } from '../resource.ts';
import { validateRole } from './rule-validation.ts';

export const roles = defineResource<Role>({
  group: 'rbac.authorization.k8s.io',
  version: 'v1',
  kind: 'Role',
  plural: 'roles',
  namespaced: true,
  metadataChecks: ['whole', 'change'],
  createOnUpdate: true,
  nameRule: nameIsPathSegment,
  validate: validateRole,
  validateUpdate: validateRole,
});
