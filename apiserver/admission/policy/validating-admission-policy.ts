/**
 * ValidatingAdmissionPolicy: policies that may refuse what is written
 * (k8s.io/apiserver/pkg/admission/plugin/policy/validating).
 */
import {
  codeOfReason,
  StatusError,
  type StatusReason,
} from '../../../machinery/meta/status-error.ts';
import type {
  ValidatingAdmissionPolicy,
  ValidatingAdmissionPolicyBinding,
} from '../../../machinery/schema/wire.ts';
import { rememberingDecisions } from '../../cel/authority.ts';
import { ConditionMetrics } from '../../cel/condition-metrics.ts';
import type { AdmissionAttributes, AdmissionEnvironment, AdmissionPlugin } from '../admission.ts';
import { refused } from '../refusal.ts';
import { ObjectVersions } from '../webhook/versions.ts';
import { type BoundTo, boundTo } from './bound-policies.ts';
import { isBeyondPolicies, type PolicyHook, PolicyHooks } from './policy-hooks.ts';
import type { PolicyMatch } from './policy-matching.ts';
import { PolicyMetrics } from './policy-metrics.ts';
import { ConfigurationProblem } from './policy-params.ts';
import { requestNamespace } from './request-namespace.ts';
import { CompiledValidatingPolicy } from './validating-policy.ts';
import { Verdict } from './verdict.ts';

type Hook = PolicyHook<
  ValidatingAdmissionPolicy,
  ValidatingAdmissionPolicyBinding,
  CompiledValidatingPolicy
>;

const group = 'admissionregistration.k8s.io';

/** The plugin over all policies and bindings. */
export function validatingAdmissionPolicy(env: AdmissionEnvironment): AdmissionPlugin {
  const conditions = ConditionMetrics.of(env.metrics);
  const hooks = new PolicyHooks<
    ValidatingAdmissionPolicy,
    ValidatingAdmissionPolicyBinding,
    CompiledValidatingPolicy
  >(
    env.watched(`validatingadmissionpolicies.${group}`),
    env.watched(`validatingadmissionpolicybindings.${group}`),
    (policy) => new CompiledValidatingPolicy(policy, conditions),
  );
  const metrics = PolicyMetrics.validating(env.metrics);
  return {
    name: 'ValidatingAdmissionPolicy',
    handles: (a) => hooks.any && !isBeyondPolicies(a),
    async validate(a) {
      const verdict = new Verdict(a, metrics);
      const asking = new Asking(a, env, verdict);
      for (const hook of hooks.list()) await asking.ask(hook);
      const denial = verdict.denial();
      if (denial !== undefined) throw denialError(a, denial);
    },
  };
}

/** One request and the policies that are asked about it. */
class Asking {
  private readonly a: AdmissionAttributes;
  private readonly env: AdmissionEnvironment;
  private readonly verdict: Verdict;
  private readonly versions: ObjectVersions;
  private readonly decide: AdmissionEnvironment['decide'];

  constructor(a: AdmissionAttributes, env: AdmissionEnvironment, verdict: Verdict) {
    this.a = a;
    this.env = env;
    this.verdict = verdict;
    this.versions = new ObjectVersions(a);
    this.decide = rememberingDecisions(env.decide);
  }

  async ask(hook: Hook): Promise<void> {
    const { policy } = hook;
    const misconfigured = (binding: ValidatingAdmissionPolicyBinding | undefined, why: string) =>
      this.verdict.misconfigured(policy, binding, why);
    for (const bound of await boundTo(hook, this.a, this.env, misconfigured)) {
      try {
        await this.askFor(hook, bound);
      } catch (e) {
        if (!(e instanceof ConfigurationProblem)) throw e;
        misconfigured(bound.binding, e.message);
      }
    }
    this.verdict.publish(policy);
  }

  private async askFor(
    { policy, evaluator }: Hook,
    { binding, match, params: all }: BoundTo<ValidatingAdmissionPolicyBinding>,
  ): Promise<void> {
    if (all.length === 0) return;
    const shown = this.shown(match);
    const namespace = await requestNamespace(this.a, this.env);
    for (const params of all) {
      const began = performance.now();
      const { kind, resource } = match;
      const input = { attributes: this.a, ...shown, kind, resource, params, namespace };
      const result = await evaluator.evaluate(input, this.decide);
      this.verdict.add(policy, binding, result, performance.now() - began);
    }
  }

  private shown({ form }: PolicyMatch): ReturnType<ObjectVersions['in']> {
    try {
      return this.versions.in(form);
    } catch (e) {
      const why = (e as Error).message;
      throw new ConfigurationProblem(`failed to convert object version: ${why}`);
    }
  }
}

function denialError(
  a: AdmissionAttributes,
  { message, reason }: { readonly message: string; readonly reason: string },
): StatusError {
  const { message: text, details } = refused(a, message);
  const known = reason in codeOfReason ? (reason as StatusReason) : 'Invalid';
  const causes = [...(details?.causes ?? []), { message }];
  return new StatusError(known, text, { ...details, causes });
}
