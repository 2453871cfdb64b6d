/** The resources of the core group, in the order of discovery. */
import type { KubeObject } from '../../../machinery/schema/wire.ts';
import type { ResourceDefinition } from '../resource.ts';
import { bindings } from './bindings.ts';
import { componentStatuses } from './component-statuses.ts';
import { configMaps } from './config-maps.ts';
import { endpoints } from './endpoints.ts';
import { events } from './events.ts';
import { limitRanges } from './limit-ranges.ts';
import { namespaces } from './namespaces.ts';
import { nodes } from './nodes.ts';
import { persistentVolumeClaims } from './persistent-volume-claims.ts';
import { persistentVolumes } from './persistent-volumes.ts';
import { podTemplates } from './pod-templates.ts';
import { pods } from './pods.ts';
import { replicationControllers } from './replication-controllers.ts';
import { resourceQuotas } from './resource-quotas.ts';
import { secrets } from './secrets.ts';
import { serviceAccounts } from './service-accounts.ts';
import { createServices, type ServiceNetworkOptions } from './services.ts';

export interface CoreOptions extends ServiceNetworkOptions {
  /** How long events are kept, when not an hour. */
  readonly eventTtlSeconds?: number;
}

/** All resources of the core group for one server. */
export function createCoreResources(options: CoreOptions): ResourceDefinition[] {
  return [
    ofAnyKind(bindings),
    ofAnyKind(componentStatuses),
    ofAnyKind(configMaps),
    ofAnyKind(endpoints),
    ofAnyKind({ ...events, ttlSeconds: options.eventTtlSeconds ?? events.ttlSeconds }),
    ofAnyKind(limitRanges),
    ofAnyKind(namespaces),
    ofAnyKind(nodes),
    ofAnyKind(persistentVolumeClaims),
    ofAnyKind(persistentVolumes),
    ofAnyKind(pods),
    ofAnyKind(podTemplates),
    ofAnyKind(replicationControllers),
    ofAnyKind(resourceQuotas),
    ofAnyKind(secrets),
    ofAnyKind(serviceAccounts),
    ofAnyKind(createServices(options)),
  ];
}

/** The framework hands a definition only objects of its own kind. */
function ofAnyKind<T extends KubeObject>(definition: ResourceDefinition<T>): ResourceDefinition {
  return definition as unknown as ResourceDefinition;
}
