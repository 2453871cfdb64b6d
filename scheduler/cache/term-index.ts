/**
 * The affinity terms of the pods on nodes, each different term once, with how often it stands on
 * which node. Replicas share their terms, so that a new pod is compared with a handful of terms
 * instead of with every pod.
 */
import type { AffinityTerm } from './affinity-terms.ts';
import type { NodeInfo } from './node-info.ts';
import type { PodInfo } from './pod-info.ts';

/** One term and the nodes whose pods carry it. */
export interface TermUse {
  readonly term: AffinityTerm;
  /** Pods that require it, that require its opposite, and summed weights (less for anti). */
  readonly required: Map<NodeInfo, number>;
  readonly requiredAnti: Map<NodeInfo, number>;
  readonly preferred: Map<NodeInfo, number>;
}

/** Owned by the cache, which reports every pod with affinity. */
export class TermIndex {
  readonly #uses = new Map<string, TermUse>();

  /** Every term in use. */
  uses(): IterableIterator<TermUse> {
    return this.#uses.values();
  }

  get size(): number {
    return this.#uses.size;
  }

  /** A pod came to a node (1) or left it (-1). Malformed terms count for nothing. */
  change(node: NodeInfo, pod: PodInfo, by: 1 | -1): void {
    const terms = termsOf(pod);
    if (terms === undefined) return;
    for (const term of terms.required) this.#count(term, 'required', node, by);
    for (const term of terms.requiredAnti) this.#count(term, 'requiredAnti', node, by);
    for (const term of terms.preferred) this.#count(term, 'preferred', node, by * term.weight);
    for (const term of terms.preferredAnti) {
      this.#count(term, 'preferred', node, -by * term.weight);
    }
  }

  #count(
    term: AffinityTerm,
    kind: 'required' | 'requiredAnti' | 'preferred',
    node: NodeInfo,
    by: number,
  ): void {
    const key = keyOf(term);
    let use = this.#uses.get(key);
    if (use === undefined) {
      use = { term, required: new Map(), requiredAnti: new Map(), preferred: new Map() };
      this.#uses.set(key, use);
    }
    const counts = use[kind];
    const count = (counts.get(node) ?? 0) + by;
    if (count === 0) counts.delete(node);
    else counts.set(node, count);
    if (use.required.size + use.requiredAnti.size + use.preferred.size === 0) {
      this.#uses.delete(key);
    }
  }
}

function termsOf(pod: PodInfo) {
  try {
    return pod.affinity;
  } catch {
    // The API server lets no such selector in.
    return undefined;
  }
}

function keyOf(term: AffinityTerm): string {
  return JSON.stringify([
    [...term.namespaces].sort(),
    term.namespaceSelector?.toString(),
    term.selector.nothing,
    term.selector.toString(),
    term.topologyKey,
  ]);
}
