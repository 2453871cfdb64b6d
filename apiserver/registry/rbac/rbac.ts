/** The resources of group rbac.authorization.k8s.io, in discovery order. */
import { resourceList } from '../resource-list.ts';
import { clusterRoleBindings } from './cluster-role-bindings.ts';
import { clusterRoles } from './cluster-roles.ts';
import { roleBindings } from './role-bindings.ts';
import { roles } from './roles.ts';

export const rbacResources = resourceList(clusterRoleBindings, clusterRoles, roleBindings, roles);
