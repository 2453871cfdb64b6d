/**
 * spec.behavior of an autoscaler as the annotation for v1 readers carries it: the JSON of the real
 * server's internal type, with capitalised names and nulls.
 */
import type { HorizontalPodAutoscalerV2 } from '../../../machinery/schema/wire.ts';

type Behavior = NonNullable<NonNullable<HorizontalPodAutoscalerV2['spec']>['behavior']>;
type Rules = NonNullable<Behavior['scaleUp']>;
type Policy = NonNullable<Rules['policies']>[number];

/** The value to encode as JSON; the order of the keys matters. */
export function behaviorToAnnotation(behavior: Behavior): unknown {
  return { ScaleUp: rulesOut(behavior.scaleUp), ScaleDown: rulesOut(behavior.scaleDown) };
}

function rulesOut(rules: Rules | undefined): unknown {
  if (rules === undefined) return null;
  return {
    StabilizationWindowSeconds: rules.stabilizationWindowSeconds ?? null,
    SelectPolicy: rules.selectPolicy ?? null,
    Policies:
      rules.policies?.map((p) => ({
        Type: p.type,
        Value: p.value,
        PeriodSeconds: p.periodSeconds,
      })) ?? null,
    Tolerance: rules.tolerance ?? null,
  };
}

/** Names match without regard to case, as Go's decoder does; undefined when nothing is in it. */
export function behaviorFromAnnotation(value: unknown): Behavior | undefined {
  const scaleUp = rulesIn(member(value, 'scaleup'));
  const scaleDown = rulesIn(member(value, 'scaledown'));
  if (scaleUp === undefined && scaleDown === undefined) return undefined;
  return {
    ...(scaleUp === undefined ? {} : { scaleUp }),
    ...(scaleDown === undefined ? {} : { scaleDown }),
  };
}

function rulesIn(value: unknown): Rules | undefined {
  if (typeof value !== 'object' || value === null) return undefined;
  const window = member(value, 'stabilizationwindowseconds');
  const select = member(value, 'selectpolicy');
  const policies = member(value, 'policies');
  const tolerance = member(value, 'tolerance');
  return {
    ...(typeof window === 'number' ? { stabilizationWindowSeconds: window } : {}),
    ...(typeof select === 'string' ? { selectPolicy: select } : {}),
    ...(Array.isArray(policies) ? { policies: policies.map(policyIn) } : {}),
    ...(typeof tolerance === 'string' ? { tolerance } : {}),
  };
}

function policyIn(value: unknown): Policy {
  const type = member(value, 'type');
  const amount = member(value, 'value');
  const period = member(value, 'periodseconds');
  return {
    type: typeof type === 'string' ? type : '',
    value: typeof amount === 'number' ? amount : 0,
    periodSeconds: typeof period === 'number' ? period : 0,
  };
}

function member(value: unknown, lowerCaseName: string): unknown {
  if (typeof value !== 'object' || value === null) return undefined;
  return Object.entries(value).find(([name]) => name.toLowerCase() === lowerCaseName)?.[1];
}
