/**
 * The objects that a server creates at start. The data stands in JSON files beside this one: what a
 * fresh kube-apiserver v1.36 holds, without what each server sets (uid, time stamps).
 */
import { readFileSync } from 'node:fs';
import type {
  ClusterRole,
  ClusterRoleBinding,
  FlowSchema,
  PriorityClass,
  PriorityLevelConfiguration,
  Role,
  RoleBinding,
} from '../../../machinery/schema/wire.ts';

/** Default roles and bindings; the rules of aggregated ClusterRoles come from a controller. */
export interface RbacBootstrap {
  clusterroles: ClusterRole[];
  clusterrolebindings: ClusterRoleBinding[];
  roles: Role[];
  rolebindings: RoleBinding[];
}

/** Default configuration of priority and fairness; `catch-all` and `exempt` are mandatory. */
export interface FlowcontrolBootstrap {
  prioritylevelconfigurations: PriorityLevelConfiguration[];
  flowschemas: FlowSchema[];
}

/** A fresh copy of the roles and bindings of a new cluster. */
export function rbacBootstrap(): RbacBootstrap {
  return read('rbac.json');
}

/** A fresh copy of the flow schemas and priority levels of a new cluster. */
export function flowcontrolBootstrap(): FlowcontrolBootstrap {
  return read('flowcontrol.json');
}

/** A fresh copy of the two system priority classes. */
export function priorityClassBootstrap(): PriorityClass[] {
  return read<{ priorityclasses: PriorityClass[] }>('priority-classes.json').priorityclasses;
}

function read<T>(file: string): T {
  return JSON.parse(readFileSync(new URL(file, import.meta.url), 'utf8')) as T;
}
