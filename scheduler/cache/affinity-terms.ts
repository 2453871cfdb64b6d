/** Pod affinity terms, parsed once per pod. API: core/v1 PodAffinityTerm. */
import { type Selector, selectorOf } from '../../machinery/meta/labels.ts';
import type { Pod, PodAffinityTerm } from '../../machinery/schema/wire.ts';

/** Labels of a namespace, by name; empty for one that is not known. */
export type NamespaceLabels = (namespace: string) => Record<string, string>;

/** One required term. */
export interface AffinityTerm {
  readonly namespaces: ReadonlySet<string>;
  readonly namespaceSelector: Selector | undefined;
  readonly selector: Selector;
  readonly topologyKey: string;
}

/** One preferred term. */
export interface WeightedTerm extends AffinityTerm {
  readonly weight: number;
}

/** The terms of a pod. */
export interface AffinityTerms {
  readonly required: readonly AffinityTerm[];
  readonly requiredAnti: readonly AffinityTerm[];
  readonly preferred: readonly WeightedTerm[];
  readonly preferredAnti: readonly WeightedTerm[];
}

const none: AffinityTerms = { required: [], requiredAnti: [], preferred: [], preferredAnti: [] };

/** Parses the terms; throws when a selector is malformed. */
export function affinityTermsOf(pod: Pod): AffinityTerms {
  const affinity = pod.spec?.affinity;
  const near = affinity?.podAffinity;
  const apart = affinity?.podAntiAffinity;
  if (near === undefined && apart === undefined) return none;
  const parse = (term: PodAffinityTerm) => parseTerm(pod, term);
  const parseWeighted = (one: { weight: number; podAffinityTerm: PodAffinityTerm }) => ({
    ...parseTerm(pod, one.podAffinityTerm),
    weight: one.weight,
  });
  return {
    required: (near?.requiredDuringSchedulingIgnoredDuringExecution ?? []).map(parse),
    requiredAnti: (apart?.requiredDuringSchedulingIgnoredDuringExecution ?? []).map(parse),
    preferred: (near?.preferredDuringSchedulingIgnoredDuringExecution ?? []).map(parseWeighted),
    preferredAnti: (apart?.preferredDuringSchedulingIgnoredDuringExecution ?? []).map(
      parseWeighted,
    ),
  };
}

function parseTerm(pod: Pod, term: PodAffinityTerm): AffinityTerm {
  const listed = term.namespaces ?? [];
  const own = listed.length === 0 && term.namespaceSelector === undefined;
  return {
    namespaces: new Set(own ? [pod.metadata?.namespace ?? ''] : listed),
    namespaceSelector:
      term.namespaceSelector === undefined ? undefined : selectorOf(term.namespaceSelector),
    selector: selectorOf(term.labelSelector),
    topologyKey: term.topologyKey,
  };
}

/** True when the term speaks of a pod with this namespace and these labels. */
export function termMatches(
  term: AffinityTerm,
  namespace: string,
  labels: Record<string, string>,
  namespaceLabels: NamespaceLabels,
): boolean {
  const inNamespace =
    term.namespaces.has(namespace) ||
    (term.namespaceSelector?.matches(namespaceLabels(namespace)) ?? false);
  return inNamespace && term.selector.matches(labels);
}
