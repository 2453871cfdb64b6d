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
  KubeObject,
  ValidatingAdmissionPolicy,
  ValidatingAdmissionPolicyBinding,
} from '../../../machinery/schema/wire.ts';
import { rememberingDecisions } from '../../cel/authority.ts';
import type { AdmissionAttributes, AdmissionEnvironment, AdmissionPlugin } from '../admission.ts';
import { refused } from '../refusal.ts';
import { namespaceOf } from '../webhook/selectors.ts';
import { ObjectVersions } from '../webhook/versions.ts';
import { isBeyondPolicies, type PolicyHook, PolicyHooks } from './policy-hooks.ts';
import { matchOf, type PolicyMatch } from './policy-matching.ts';
import { PolicyMetrics } from './policy-metrics.ts';
import { ConfigurationProblem, collectParams, paramResource } from './policy-params.ts';
import { CompiledValidatingPolicy, type PolicyResult } from './validating-policy.ts';
import { Verdict } from './verdict.ts';

type Hook = PolicyHook<
  ValidatingAdmissionPolicy,
  ValidatingAdmissionPolicyBinding,
  CompiledValidatingPolicy
>;

const group = 'admissionregistration.k8s.io';

/** The plugin over all policies and bindings. */
export function validatingAdmissionPolicy(env: AdmissionEnvironment): AdmissionPlugin {
  const hooks = new PolicyHooks<
    ValidatingAdmissionPolicy,
    ValidatingAdmissionPolicyBinding,
    CompiledValidatingPolicy
  >(
    env.watched(`validatingadmissionpolicies.${group}`),
    env.watched(`validatingadmissionpolicybindings.${group}`),
    (policy) => new CompiledValidatingPolicy(policy),
  );
  const metrics = new PolicyMetrics(env.metrics);
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
    const { policy, bindings } = hook;
    const match = await matchOf(policy.spec?.matchConstraints ?? {}, this.a, this.env);
    if (match === undefined) return;
    if (match instanceof StatusError) {
      this.verdict.misconfigured(policy, undefined, match.message);
      return;
    }
    let params: ReturnType<typeof paramResource>;
    try {
      params = paramResource(policy.spec?.paramKind, this.env);
    } catch (e) {
      this.misconfigured(e, policy, undefined);
      return;
    }
    for (const binding of bindings) {
      try {
        await this.askFor(hook, binding, match, params);
      } catch (e) {
        this.misconfigured(e, policy, binding);
      }
    }
    this.verdict.publish(policy);
  }

  private misconfigured(
    e: unknown,
    policy: ValidatingAdmissionPolicy,
    binding: ValidatingAdmissionPolicyBinding | undefined,
  ): void {
    if (!(e instanceof ConfigurationProblem)) throw e;
    this.verdict.misconfigured(policy, binding, e.message);
  }

  private async askFor(
    { policy, evaluator }: Hook,
    binding: ValidatingAdmissionPolicyBinding,
    match: PolicyMatch,
    resource: ReturnType<typeof paramResource>,
  ): Promise<void> {
    const { matchResources, paramRef } = binding.spec ?? {};
    if (matchResources) {
      const bound = await matchOf(matchResources, this.a, this.env);
      if (bound === undefined) return;
      if (bound instanceof StatusError) throw new ConfigurationProblem(bound.message);
    }
    const all = await collectParams(resource, paramRef, this.a.namespace, this.env);
    if (all.length === 0) return;
    const namespace = await this.namespace();
    for (const params of all) {
      const began = performance.now();
      const result: PolicyResult = await evaluator.evaluate(
        {
          attributes: this.a,
          ...this.shown(match),
          kind: match.kind,
          resource: match.resource,
          params,
          namespace,
        },
        this.decide,
      );
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

  /** That of the request; none for namespaces themselves. */
  private async namespace(): Promise<KubeObject | undefined> {
    const { namespace, group: of, version, kind } = this.a;
    if (namespace === '' || (of === '' && version === 'v1' && kind === 'Namespace')) {
      return undefined;
    }
    return namespaceOf(namespace, this.env);
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
