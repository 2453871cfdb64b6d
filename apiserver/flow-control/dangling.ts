/** The condition that says whether the priority level of a FlowSchema exists. */
import { applyPatch } from '../../machinery/patch/apply.ts';
import { kindType } from '../../machinery/schema/schema.ts';
import type { FlowSchema } from '../../machinery/schema/wire.ts';

type Condition = NonNullable<NonNullable<FlowSchema['status']>['conditions']>[number];

/** The schema with the condition as it must be; undefined when it is. `now` is RFC 3339. */
export function withDangling(
  schema: FlowSchema,
  exists: boolean,
  now: string,
): FlowSchema | undefined {
  const level = JSON.stringify(schema.spec?.priorityLevelConfiguration.name ?? '');
  const subject = `This FlowSchema references the PriorityLevelConfiguration object named ${level}`;
  const wanted: Condition = exists
    ? { type: 'Dangling', status: 'False', reason: 'Found', message: `${subject} and it exists` }
    : {
        type: 'Dangling',
        status: 'True',
        reason: 'NotFound',
        message: `${subject} but there is no such object`,
      };
  const conditions = schema.status?.conditions ?? [];
  const present = conditions.find((c) => c.type === 'Dangling');
  const same =
    present !== undefined &&
    present.status === wanted.status &&
    present.reason === wanted.reason &&
    present.message === wanted.message;
  if (same) return undefined;
  const condition: Condition = {
    type: 'Dangling',
    status: wanted.status!,
    lastTransitionTime: now as never,
    reason: wanted.reason!,
    message: wanted.message!,
  };
  return {
    ...schema,
    status: { conditions: [...conditions.filter((c) => c.type !== 'Dangling'), condition] },
  };
}

const kind = 'FlowSchema';
const apiVersion = 'flowcontrol.apiserver.k8s.io/v1';

/** The same with who owns the condition: the real server writes it by an apply of the status. */
export function applyDangling(
  schema: FlowSchema,
  exists: boolean,
  now: string,
): FlowSchema | undefined {
  const revised = withDangling(schema, exists, now);
  const condition = revised?.status?.conditions?.at(-1);
  if (revised === undefined || condition === undefined) return undefined;
  const { name = '' } = schema.metadata ?? {};
  const applied = applyPatch({
    live: { ...schema, kind, apiVersion },
    config: { kind, apiVersion, metadata: { name }, status: { conditions: [condition] } } as never,
    kind,
    apiVersion,
    type: kindType(apiVersion, kind)!,
    subresource: 'status',
    now,
    resetFields: [['spec']],
    manager: 'api-priority-and-fairness-config-consumer-v1',
    force: true,
  });
  const managedFields = applied.metadata?.managedFields;
  return {
    ...revised,
    metadata: { ...revised.metadata, ...(managedFields === undefined ? {} : { managedFields }) },
  };
}
