/** With which bindings and parameters a policy is asked about a request. */
import { StatusError } from '../../../machinery/meta/status-error.ts';
import type { KubeObject } from '../../../machinery/schema/wire.ts';
import type { AdmissionAttributes, AdmissionEnvironment } from '../admission.ts';
import type { Binding, PolicyHook } from './policy-hooks.ts';
import { type MatchResources, matchOf, type PolicyMatch } from './policy-matching.ts';
import {
  ConfigurationProblem,
  collectParams,
  type ParamKind,
  type ParamRef,
  paramResource,
} from './policy-params.ts';

/** What both kinds of policies have. */
export interface BoundPolicy extends KubeObject {
  readonly spec?: { readonly matchConstraints?: MatchResources; readonly paramKind?: ParamKind };
}

/** What both kinds of bindings have beside the policy's name. */
export interface PolicyBinding extends Binding {
  readonly spec?: {
    readonly policyName?: string;
    readonly matchResources?: MatchResources;
    readonly paramRef?: ParamRef;
  };
}

/** A binding that chooses the request. */
export interface BoundTo<B> {
  readonly binding: B;
  readonly match: PolicyMatch;
  /** The policy is asked once with each; undefined stands for none. */
  readonly params: readonly (KubeObject | undefined)[];
}

/** Told of what is wrong with a policy, or with one of its bindings. */
export type OnProblem<B> = (binding: B | undefined, why: string) => void;

/** The bindings that choose a request, if the policy itself does. */
export async function boundTo<P extends BoundPolicy, B extends PolicyBinding, E>(
  { policy, bindings }: PolicyHook<P, B, E>,
  a: AdmissionAttributes,
  env: AdmissionEnvironment,
  onProblem: OnProblem<B>,
): Promise<readonly BoundTo<B>[]> {
  const match = await matchOf(policy.spec?.matchConstraints ?? {}, a, env);
  if (match === undefined) return [];
  if (match instanceof StatusError) {
    onProblem(undefined, match.message);
    return [];
  }
  let resource: ReturnType<typeof paramResource>;
  try {
    resource = paramResource(policy.spec?.paramKind, env);
  } catch (e) {
    onProblem(undefined, configurationProblem(e));
    return [];
  }
  const bound: BoundTo<B>[] = [];
  for (const binding of bindings) {
    try {
      const params = await paramsFor(binding, resource, a, env);
      if (params !== undefined) bound.push({ binding, match, params });
    } catch (e) {
      onProblem(binding, configurationProblem(e));
    }
  }
  return bound;
}

function configurationProblem(e: unknown): string {
  if (e instanceof ConfigurationProblem) return e.message;
  throw e;
}

async function paramsFor(
  { spec }: PolicyBinding,
  resource: ReturnType<typeof paramResource>,
  a: AdmissionAttributes,
  env: AdmissionEnvironment,
): Promise<BoundTo<unknown>['params'] | undefined> {
  if (spec?.matchResources) {
    const match = await matchOf(spec.matchResources, a, env);
    if (match === undefined) return undefined;
    if (match instanceof StatusError) throw new ConfigurationProblem(match.message);
  }
  return collectParams(resource, spec?.paramRef, a.namespace, env);
}
