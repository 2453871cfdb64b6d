/** Which pods on which nodes a pod's own affinity terms speak of. */
import { type AffinityTerm, termMatches } from '../cache/affinity-terms.ts';
import type { Cache } from '../cache/cache.ts';
import type { NodeInfo } from '../cache/node-info.ts';
import type { PodInfo } from '../cache/pod-info.ts';
import type { Listers } from '../listers.ts';

const noLabels: Record<string, string> = {};
/** Terms over more namespaces than this are counted pod by pod. */
const limitNamespaces = 16;

/** The labels of a namespace; empty when it is not known. */
export function namespaceLabels(listers: Listers): (namespace: string) => Record<string, string> {
  return (namespace) => listers.namespaces.get(undefined, namespace)?.metadata?.labels ?? noLabels;
}

/** The term with its namespace selector written out as names, as it stands now. */
export function resolved(term: AffinityTerm, listers: Listers): AffinityTerm {
  const selector = term.namespaceSelector;
  // An empty selector means every namespace; there is nothing to write out.
  if (selector === undefined || selector.empty) return term;
  const namespaces = new Set(term.namespaces);
  for (const namespace of listers.namespaces.list()) {
    if (selector.matches(namespace.metadata?.labels))
      namespaces.add(namespace.metadata?.name ?? '');
  }
  return { ...term, namespaces, namespaceSelector: undefined };
}

/** True when every one of the (resolved) terms speaks of the pod; false when there are none. */
export function matchesAll(
  terms: readonly AffinityTerm[],
  namespace: string,
  labels: Record<string, string>,
): boolean {
  if (terms.length === 0) return false;
  return terms.every((term) => termMatches(term, namespace, labels, () => noLabels));
}

/** How many pods on a node all of the (resolved) terms speak of. */
export function counterFor(
  terms: readonly AffinityTerm[],
  cache: Cache,
): (node: NodeInfo) => number {
  const [term] = terms;
  const countable =
    terms.length === 1 &&
    term !== undefined &&
    term.namespaceSelector === undefined &&
    term.namespaces.size <= limitNamespaces;
  if (countable) {
    const arrays = [...term.namespaces].map((namespace) =>
      cache.matchCounts.get(namespace, term.selector, cache.nodes, true),
    );
    return (node) => {
      let sum = 0;
      for (const counts of arrays) sum += counts[node.row] ?? 0;
      return sum;
    };
  }
  const matches = (pod: PodInfo) => matchesAll(terms, pod.namespace, pod.labels);
  return (node) => {
    let count = 0;
    for (const pod of node.pods) if (matches(pod)) count++;
    return count;
  };
}
