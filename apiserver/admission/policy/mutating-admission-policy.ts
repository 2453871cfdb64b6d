/**
 * MutatingAdmissionPolicy: policies that may change what is written, one after the other
 * (k8s.io/apiserver/pkg/admission/plugin/policy/mutating).
 */
import { semanticEqual } from '../../../machinery/meta/equality.ts';
import { quote } from '../../../machinery/meta/field-error.ts';
import { StatusError } from '../../../machinery/meta/status-error.ts';
import { kindType } from '../../../machinery/schema/schema.ts';
import type {
  KubeObject,
  MutatingAdmissionPolicy,
  MutatingAdmissionPolicyBinding,
  Namespace,
} from '../../../machinery/schema/wire.ts';
import { rememberingDecisions } from '../../cel/authority.ts';
import { ConditionMetrics } from '../../cel/condition-metrics.ts';
import type { AdmissionAttributes, AdmissionEnvironment, AdmissionPlugin } from '../admission.ts';
import { refused } from '../refusal.ts';
import { Reinvocation } from '../reinvocation.ts';
import { type KindName, requestKind } from '../request-kind.ts';
import { ChangingObject } from '../webhook/versions.ts';
import { boundTo } from './bound-policies.ts';
import { CompiledMutatingPolicy } from './mutating-policy.ts';
import { MutationProblem } from './object-patching.ts';
import { isBeyondPolicies, PolicyHooks } from './policy-hooks.ts';
import type { PolicyMatch } from './policy-matching.ts';
import { PolicyMetrics } from './policy-metrics.ts';
import { requestNamespace } from './request-namespace.ts';

type Policy = MutatingAdmissionPolicy;
type Binding = MutatingAdmissionPolicyBinding;

const group = 'admissionregistration.k8s.io';
const name = 'MutatingAdmissionPolicy';

/** A policy with one binding and one set of parameters. */
interface Invocation {
  /** Unlike those of others. */
  readonly key: string;
  readonly policy: Policy;
  readonly binding: Binding;
  readonly evaluator: CompiledMutatingPolicy;
  readonly match: PolicyMatch;
  readonly params: KubeObject | undefined;
}

/** Why a request is refused; the reason of the first counts. */
interface Problem {
  readonly message: string;
  readonly reason: 'Invalid' | 'Forbidden';
}

/** What is kept between the two runs of the mutating phase. */
interface Memory {
  /** Policies that want to be asked again after a change, and have seen all changes so far. */
  readonly reinvocable: Set<string>;
  /** Those that a change came after. */
  readonly again: Set<string>;
  /** The object as the plugin left it. */
  left: KubeObject | undefined;
}

/** The plugin over all policies and bindings. */
export function mutatingAdmissionPolicy(env: AdmissionEnvironment): AdmissionPlugin {
  const conditions = ConditionMetrics.of(env.metrics);
  const hooks = new PolicyHooks<Policy, Binding, CompiledMutatingPolicy>(
    env.watched(`mutatingadmissionpolicies.${group}`),
    env.watched(`mutatingadmissionpolicybindings.${group}`),
    (policy) => new CompiledMutatingPolicy(policy, conditions),
  );
  const metrics = PolicyMetrics.mutating(env.metrics);
  return {
    name,
    handles: (a) => hooks.any && a.operation !== 'DELETE' && !isBeyondPolicies(a),
    async admit(a) {
      const problems: Problem[] = [];
      const invocations: Invocation[] = [];
      for (const { policy, bindings, evaluator } of hooks.list()) {
        const bound = await boundTo({ policy, bindings, evaluator }, a, env, (binding, why) => {
          if (policy.spec?.failurePolicy === 'Ignore') return;
          const what = binding === undefined ? 'policy' : 'binding';
          const message = denial(policy, binding, `failed to configure ${what}: ${why}`);
          problems.push({ message, reason: 'Forbidden' });
        });
        for (const { binding, match, params: all } of bound) {
          for (const params of all) {
            const key = keyOf(policy, binding, params);
            invocations.push({ key, policy, binding, evaluator, match, params });
          }
        }
      }
      if (invocations.length > 0) {
        problems.push(...(await new Mutating(a, env, metrics).run(invocations)));
      }
      if (problems.length > 0) throw refusal(a, problems);
    },
  };
}

/** One run of the plugin over one request. */
class Mutating {
  private readonly a: AdmissionAttributes;
  private readonly env: AdmissionEnvironment;
  private readonly metrics: PolicyMetrics;
  private readonly object: ChangingObject;
  private readonly decide: AdmissionEnvironment['decide'];
  private readonly reinvocation: Reinvocation;
  private readonly memory: Memory;
  private readonly problems: Problem[] = [];
  private namespace: Namespace | undefined;

  constructor(a: AdmissionAttributes, env: AdmissionEnvironment, metrics: PolicyMetrics) {
    this.a = a;
    this.env = env;
    this.metrics = metrics;
    this.object = new ChangingObject(a);
    this.decide = rememberingDecisions(env.decide);
    this.reinvocation = a.reinvocation ?? new Reinvocation();
    this.memory = this.reinvocation.note<Memory>(name, () => ({
      reinvocable: new Set(),
      again: new Set(),
      left: undefined,
    }));
  }

  /** Makes the mutations; answers what could not be done. Throws StatusError. */
  async run(invocations: readonly Invocation[]): Promise<readonly Problem[]> {
    const { a, memory, reinvocation } = this;
    // Other plugins, asked again, have changed the object.
    if (reinvocation.running && !isSame(a, memory.left, a.object)) this.askAgain();
    this.namespace = await requestNamespace(a, this.env);
    let changed = false;
    for (const invocation of invocations) changed = (await this.ask(invocation)) || changed;
    this.object.settle();
    if (changed) {
      this.askAgain();
      reinvocation.want();
    }
    memory.left = reinvocation.wanted ? structuredClone(a.object) : a.object;
    return this.problems;
  }

  private askAgain(): void {
    for (const key of this.memory.reinvocable) this.memory.again.add(key);
    this.memory.reinvocable.clear();
  }

  /** Whether any mutation was made. */
  private async ask({ key, policy, binding, evaluator, match, params }: Invocation) {
    const { a, decide, memory, namespace } = this;
    const { kind, resource, form } = match;
    const input = { attributes: a, kind, resource, params, namespace };
    const matched = await evaluator.match({ ...input, ...this.object.in(form) }, decide);
    if ('problem' in matched) {
      this.fail(policy, binding, matched.problem);
      return false;
    }
    // Who was not asked in the first run is not asked in the second, either.
    if (!matched.matches || (this.reinvocation.running && !memory.again.has(key))) return false;
    const before = this.object.in(form).object;
    const apiVersion = kind.group === '' ? kind.version : `${kind.group}/${kind.version}`;
    const published = this.env.resourcesOf(apiVersion, kind.kind).length > 0;
    let made = false;
    for (let i = 0; i < evaluator.count; i++) {
      const { object, oldObject } = this.object.in(form);
      // A connection may have nothing to change.
      if (object === undefined) continue;
      const mutate = async () => {
        const next = await evaluator.mutate(i, { ...input, object, oldObject }, published, decide);
        checkVersion(kind, requestKind(a));
        return next;
      };
      const next = await this.measured(policy, binding, mutate);
      if (next === undefined) continue;
      this.object.replace(next);
      made = true;
    }
    if (!isSame(a, before, this.object.in(form).object)) {
      this.askAgain();
      this.reinvocation.want();
    }
    if (policy.spec?.reinvocationPolicy === 'IfNeeded') memory.reinvocable.add(key);
    return made;
  }

  /** The mutated object; undefined where that failed. */
  private async measured(
    policy: Policy,
    binding: Binding,
    mutate: () => Promise<KubeObject>,
  ): Promise<KubeObject | undefined> {
    const began = performance.now();
    const names = [nameOf(policy), nameOf(binding)] as const;
    try {
      const next = await mutate();
      this.metrics.mutated(names, undefined, performance.now() - began);
      return next;
    } catch (e) {
      if (!(e instanceof MutationProblem) && !(e instanceof StatusError)) throw e;
      this.metrics.mutated(names, e.message, performance.now() - began);
      if (e instanceof StatusError) throw e;
      this.fail(policy, binding, e.message);
      return undefined;
    }
  }

  private fail(policy: Policy, binding: Binding, why: string): void {
    if (policy.spec?.failurePolicy === 'Ignore') return;
    this.problems.push({ message: denial(policy, binding, why), reason: 'Invalid' });
  }
}

/** The real server cannot bring objects of other versions back to that of the request. */
function checkVersion(seen: KindName, own: KindName): void {
  if (seen.group === own.group && seen.version === own.version) return;
  const from = `${seen.version}.${seen.kind}`;
  const to = `${own.version}.${own.kind}`;
  throw new MutationProblem(`converting (${from}) to (${to}): unknown conversion`);
}

function nameOf({ metadata }: KubeObject): string {
  return metadata?.name ?? '';
}

function keyOf(policy: Policy, binding: Binding, params: KubeObject | undefined): string {
  const { namespace = '', name: param = '' } = params?.metadata ?? {};
  return [nameOf(policy), nameOf(binding), namespace, param].join('/');
}

function denial(policy: Policy, binding: Binding | undefined, why: string): string {
  if (binding === undefined) return `policy ${quote(nameOf(policy))} denied request: ${why}`;
  return `policy '${nameOf(policy)}' with binding '${nameOf(binding)}' denied request: ${why}`;
}

/** All problems are told; the code is that of a refusal whatever the reason. */
function refusal(a: AdmissionAttributes, problems: readonly Problem[]): StatusError {
  const [{ message, reason }] = problems as [Problem];
  const { details, code } = refused(a, '');
  const causes = [...(details?.causes ?? []), ...problems.map((p) => ({ message: p.message }))];
  return new StatusError(reason, message, { ...details, causes }, code);
}

function isSame(
  a: AdmissionAttributes,
  before: KubeObject | undefined,
  after: KubeObject | undefined,
): boolean {
  if (before === after) return true;
  if (before === undefined || after === undefined) return false;
  const { group: of, version, kind } = requestKind(a);
  const type = kindType(after.apiVersion ?? (of === '' ? version : `${of}/${version}`), kind);
  return type !== undefined && semanticEqual({ kind: 'struct', type }, before, after);
}
