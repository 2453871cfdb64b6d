/** Every built-in API group in the order of discovery. Adding a group is one line here. */
import { admissionregistrationResources } from './admissionregistration/admissionregistration.ts';
import { apiextensionsResources } from './apiextensions/apiextensions.ts';
import { apiregistrationResources } from './apiregistration/apiregistration.ts';
import { appsResources } from './apps/apps.ts';
import { authenticationResources } from './authentication/authentication.ts';
import { authorizationResources } from './authorization/authorization.ts';
import { autoscalingResources } from './autoscaling/autoscaling.ts';
import { batchResources } from './batch/batch.ts';
import { certificatesResources } from './certificates/certificates.ts';
import { coordinationResources } from './coordination/coordination.ts';
import { type CoreOptions, createCoreResources } from './core/core.ts';
import { discoveryResources } from './discovery/discovery.ts';
import { flowcontrolResources } from './flowcontrol/flowcontrol.ts';
import { networkingResources } from './networking/networking.ts';
import { nodeResources } from './node/node.ts';
import { policyResources } from './policy/policy.ts';
import { rbacResources } from './rbac/rbac.ts';
import { resourceResources } from './resource/resource.ts';
import type { ResourceDefinition } from './resource.ts';
import { schedulingResources } from './scheduling/scheduling.ts';
import { storageResources } from './storage/storage.ts';

/** A group's name, its versions with the preferred one first, and its declarations. */
export interface ApiGroup {
  readonly name: string;
  readonly versions: readonly string[];
  readonly resources: readonly ResourceDefinition[];
}

/** What declarations depend on. */
export type GroupOptions = CoreOptions;

export function builtinGroups(options: GroupOptions): readonly ApiGroup[] {
  const group = (
    name: string,
    resources: readonly ResourceDefinition[],
    versions: readonly string[] = ['v1'],
  ): ApiGroup => ({ name, versions, resources });
  return [
    group('', createCoreResources(options)),
    group('apiregistration.k8s.io', apiregistrationResources),
    group('apps', appsResources),
    // Its events are those of the core group, under another version.
    group('events.k8s.io', []),
    group('authentication.k8s.io', authenticationResources),
    group('authorization.k8s.io', authorizationResources),
    group('autoscaling', autoscalingResources, ['v2', 'v1']),
    group('batch', batchResources),
    group('certificates.k8s.io', certificatesResources),
    group('networking.k8s.io', networkingResources),
    group('policy', policyResources),
    group('rbac.authorization.k8s.io', rbacResources),
    group('storage.k8s.io', storageResources),
    group('admissionregistration.k8s.io', admissionregistrationResources),
    group('apiextensions.k8s.io', apiextensionsResources),
    group('scheduling.k8s.io', schedulingResources),
    group('coordination.k8s.io', coordinationResources),
    group('node.k8s.io', nodeResources),
    group('discovery.k8s.io', discoveryResources),
    group('resource.k8s.io', resourceResources),
    group('flowcontrol.apiserver.k8s.io', flowcontrolResources),
  ];
}
