/** The condition that says whether the priority level of a FlowSchema exists. */
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
