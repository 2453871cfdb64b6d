/**
 * How many pods of a namespace match a selector, node by node, kept up to date as pods come and go.
 * Spreading asks the same question for every replica of a workload; counting once and adjusting
 * makes the answer cost one read per node instead of one look at every pod.
 */
import type { Selector } from '../../machinery/meta/labels.ts';
import type { NodeInfo } from './node-info.ts';
import type { PodInfo } from './pod-info.ts';

/** Questions kept at most; the one unused for longest makes room. */
const limitQuestions = 256;

interface Question {
  readonly selector: Selector;
  /** Pods that are being deleted count as well. */
  readonly leaving: boolean;
  counts: Int32Array;
}

/** Owned by the cache, which reports every change. */
export class MatchCounts {
  /** By namespace, then by the selector's text; both in order of use. */
  readonly #byNamespace = new Map<string, Map<string, Question>>();
  #size = 0;

  /**
   * Counts by row of the pods on each node; `leaving`: also those being deleted. The array is
   * live: it is read, never written or kept by the caller.
   */
  get(
    namespace: string,
    selector: Selector,
    nodes: readonly NodeInfo[],
    leaving = false,
  ): Int32Array {
    const text = `${leaving} ${selector.nothing ? '\0nothing' : selector.toString()}`;
    let questions = this.#byNamespace.get(namespace);
    const known = questions?.get(text);
    if (questions !== undefined && known !== undefined) {
      questions.delete(text);
      questions.set(text, known);
      return known.counts;
    }
    if (this.#size >= limitQuestions) this.#evict();
    questions = this.#byNamespace.get(namespace);
    if (questions === undefined) {
      questions = new Map();
      this.#byNamespace.set(namespace, questions);
    }
    const counts = count(namespace, selector, nodes, leaving);
    const question = { selector, leaving, counts };
    questions.set(text, question);
    this.#size++;
    return question.counts;
  }

  /** A pod came to a node (1) or left it (-1). */
  change(node: NodeInfo, pod: PodInfo, by: 1 | -1): void {
    const questions = this.#byNamespace.get(pod.namespace);
    if (questions === undefined) return;
    const leaves = pod.pod.metadata?.deletionTimestamp !== undefined;
    for (const question of questions.values()) {
      if (leaves && !question.leaving) continue;
      if (!question.selector.matches(pod.labels)) continue;
      if (node.row >= question.counts.length) {
        question.counts = widen(question.counts, node.row);
      }
      question.counts[node.row]! += by;
    }
  }

  /** Forgets everything counted. */
  clear(): void {
    this.#byNamespace.clear();
    this.#size = 0;
  }

  /** The row is about to be given to another node. */
  forgetRow(row: number): void {
    for (const questions of this.#byNamespace.values()) {
      for (const question of questions.values()) {
        if (row < question.counts.length) question.counts[row] = 0;
      }
    }
  }

  #evict(): void {
    const [namespace, questions] = this.#byNamespace.entries().next().value!;
    const [text] = questions.keys();
    questions.delete(text!);
    this.#size--;
    this.#byNamespace.delete(namespace);
    if (questions.size > 0) this.#byNamespace.set(namespace, questions);
  }
}

function count(
  namespace: string,
  selector: Selector,
  nodes: readonly NodeInfo[],
  leaving: boolean,
): Int32Array {
  let highest = 0;
  for (const node of nodes) highest = Math.max(highest, node.row);
  const counts = new Int32Array(highest + 1);
  for (const node of nodes) {
    for (const pod of node.pods) {
      if (pod.namespace !== namespace) continue;
      if (!leaving && pod.pod.metadata?.deletionTimestamp !== undefined) continue;
      if (selector.matches(pod.labels)) counts[node.row]! += 1;
    }
  }
  return counts;
}

function widen(counts: Int32Array, row: number): Int32Array {
  const wider = new Int32Array(Math.max(row + 1, counts.length * 2));
  wider.set(counts);
  return wider;
}
