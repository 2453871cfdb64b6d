/** Admission policies with their bindings, compiled when they change. */
import type { KubeObject } from '../../../machinery/schema/wire.ts';
import type { WatchedObjects } from '../admission.ts';

/** What both kinds of bindings have. */
export interface Binding extends KubeObject {
  readonly spec?: { readonly policyName?: string };
}

/** A policy that is bound at least once. */
export interface PolicyHook<P, B, E> {
  readonly policy: P;
  /** By their names. */
  readonly bindings: readonly B[];
  readonly evaluator: E;
}

/** The bound policies of one kind, by their names. */
export class PolicyHooks<P extends KubeObject, B extends Binding, E> {
  readonly #policies: WatchedObjects<P>;
  readonly #bindings: WatchedObjects<B>;
  readonly #compile: (policy: P) => E;
  #revisions = '';
  #hooks: readonly PolicyHook<P, B, E>[] = [];
  /** What was made of each policy as it stands. */
  #compiled = new Map<P, E>();

  constructor(policies: WatchedObjects<P>, bindings: WatchedObjects<B>, compile: (policy: P) => E) {
    this.#policies = policies;
    this.#bindings = bindings;
    this.#compile = compile;
  }

  /** Whether there may be one; costs nothing. */
  get any(): boolean {
    return this.#bindings.count > 0 && this.#policies.count > 0;
  }

  /** The present ones. */
  list(): readonly PolicyHook<P, B, E>[] {
    const revisions = `${this.#policies.revision} ${this.#bindings.revision}`;
    if (revisions === this.#revisions) return this.#hooks;
    const bindings = Map.groupBy(this.#bindings.list(), (b) => b.spec?.policyName ?? '');
    const compiled = new Map<P, E>();
    this.#hooks = this.#policies.list().flatMap((policy) => {
      const bound = bindings.get(policy.metadata?.name ?? '');
      if (bound === undefined) return [];
      const evaluator = this.#compiled.get(policy) ?? this.#compile(policy);
      compiled.set(policy, evaluator);
      return [{ policy, bindings: bound, evaluator }];
    });
    this.#compiled = compiled;
    this.#revisions = revisions;
    return this.#hooks;
  }
}

const policyResources = new Set([
  'validatingadmissionpolicies',
  'validatingadmissionpolicybindings',
  'mutatingadmissionpolicies',
  'mutatingadmissionpolicybindings',
]);
/** Reviews are not stored; a policy over them could lock everybody out. */
const reviews: Readonly<Record<string, ReadonlySet<string>>> = {
  'authentication.k8s.io': new Set(['selfsubjectreviews', 'tokenreviews']),
  'authorization.k8s.io': new Set([
    'localsubjectaccessreviews',
    'selfsubjectaccessreviews',
    'selfsubjectrulesreviews',
    'subjectaccessreviews',
  ]),
};

/** What policies are never asked about. */
export function isBeyondPolicies(a: {
  readonly group: string;
  readonly resource: string;
}): boolean {
  if (a.group === 'admissionregistration.k8s.io') return policyResources.has(a.resource);
  return Object.hasOwn(reviews, a.group) && reviews[a.group]!.has(a.resource);
}
