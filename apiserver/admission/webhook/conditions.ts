/**
 * Match conditions of webhooks: expressions that decide whether one is asked at all. The seam to
 * who evaluates them.
 */
import type { KubeObject } from '../../../machinery/schema/wire.ts';
import type { AccessAttributes } from '../../auth/authorizer.ts';
import type { AdmissionAttributes } from '../admission.ts';
import type { KindName } from '../request-kind.ts';

/** A condition as a webhook has it. */
export interface MatchCondition {
  readonly name: string;
  readonly expression: string;
}

/** What is asked about, in the version that the webhook is shown. */
export interface ConditionInput {
  readonly attributes: AdmissionAttributes;
  readonly object: KubeObject | undefined;
  readonly oldObject: KubeObject | undefined;
  readonly matched: KindName & { readonly resource: string };
}

/** Whether all hold; a problem is for the failure policy. */
export type Match = { readonly matches: boolean } | { readonly problem: string };

export interface Conditions {
  match(
    input: ConditionInput,
    authorize: (a: AccessAttributes) => Promise<boolean>,
  ): Promise<Match>;
}

/** Never fails: what cannot be compiled is a problem of each request. */
export function compileConditions(conditions: readonly MatchCondition[]): Conditions {
  const named = conditions.map(({ name }) => name).join(', ');
  return {
    match: () => Promise.resolve({ problem: `match conditions are not evaluated: ${named}` }),
  };
}
