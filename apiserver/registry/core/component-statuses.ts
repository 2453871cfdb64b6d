/**
 * v1 ComponentStatus: read only and not stored; each read asks the components themselves.
 * What can be asked is given by the server that hosts the resource.
 */
import type * as models from '@kubernetes/client-node';
import type { Wire } from '../../../machinery/schema/wire.ts';
import { defineResource, nameColumn } from '../resource.ts';

export type ComponentStatus = Wire<models.V1ComponentStatus>;

/** The outcome of asking one component. `unknown`: it could not be asked. */
export interface ComponentHealth {
  readonly health: 'healthy' | 'unhealthy' | 'unknown';
  /** What the component answered, such as `ok`. */
  readonly message?: string;
  /** Why it is not healthy. */
  readonly error?: string;
}

/** Asks one component; must settle within the time of a request. */
export type ComponentCheck = (signal: AbortSignal) => Promise<ComponentHealth>;

export const componentStatuses = defineResource<ComponentStatus>({
  group: '',
  version: 'v1',
  kind: 'ComponentStatus',
  plural: 'componentstatuses',
  deprecation: 'v1 ComponentStatus is deprecated in v1.19+',
  shortNames: ['cs'],
  namespaced: false,
  verbs: ['get', 'list'],
  columns: [
    nameColumn(),
    {
      name: 'Status',
      description: 'Status of the component conditions',
      cell: (o) => {
        const condition = healthOf(o);
        if (condition === undefined) return 'Unknown';
        return condition.status === 'True' ? 'Healthy' : 'Unhealthy';
      },
    },
    {
      name: 'Message',
      description: 'Message of the component conditions',
      cell: (o) => healthOf(o)?.message ?? '',
    },
    {
      name: 'Error',
      description: 'Error of the component conditions',
      cell: (o) => healthOf(o)?.error ?? '',
    },
  ],
});

function healthOf(
  o: ComponentStatus,
): { status: string; message?: string; error?: string } | undefined {
  return o.conditions?.find((c) => c.type === 'Healthy');
}

/** Asks all of `checks` (by component name, such as `etcd-0`) at once; a throw means unknown. */
export async function readComponentStatuses(
  checks: Readonly<Record<string, ComponentCheck>>,
  signal: AbortSignal,
): Promise<ComponentStatus[]> {
  return await Promise.all(
    Object.entries(checks).map(async ([name, check]) => statusOf(name, await ask(check, signal))),
  );
}

async function ask(check: ComponentCheck, signal: AbortSignal): Promise<ComponentHealth> {
  try {
    return await check(signal);
  } catch (e) {
    return { health: 'unknown', error: e instanceof Error ? e.message : String(e) };
  }
}

const conditionStatus = { healthy: 'True', unhealthy: 'False', unknown: 'Unknown' } as const;

function statusOf(name: string, health: ComponentHealth): ComponentStatus {
  return {
    kind: 'ComponentStatus',
    apiVersion: 'v1',
    metadata: { name },
    conditions: [
      {
        type: 'Healthy',
        status: conditionStatus[health.health],
        ...(health.message ? { message: health.message } : {}),
        ...(health.error ? { error: health.error } : {}),
      },
    ],
  };
}
