/**
 * Pods nominated to nodes: they preempted others there, or are about to be bound, and count as if
 * they ran on the node when pods of lower or equal priority are placed.
 */
import type { PodInfo } from '../cache/pod-info.ts';
import type { Nominations } from '../framework.ts';

/** Fed by the queue (API objects) and by the scheduler (its own decisions, which come first). */
export class Nominator implements Nominations {
  readonly #byNode = new Map<string, Map<string, PodInfo>>();
  readonly #nodeOf = new Map<string, string>();

  get empty(): boolean {
    return this.#nodeOf.size === 0;
  }

  podsOn(nodeName: string): readonly PodInfo[] {
    const pods = this.#byNode.get(nodeName);
    return pods === undefined ? [] : [...pods.values()];
  }

  nodeOf(uid: string): string | undefined {
    return this.#nodeOf.get(uid);
  }

  nominate(pod: PodInfo, nodeName: string): void {
    this.withdraw(pod.uid);
    if (nodeName === '') return;
    this.#nodeOf.set(pod.uid, nodeName);
    const pods = this.#byNode.get(nodeName);
    if (pods === undefined) this.#byNode.set(nodeName, new Map([[pod.uid, pod]]));
    else pods.set(pod.uid, pod);
  }

  withdraw(uid: string): void {
    const nodeName = this.#nodeOf.get(uid);
    if (nodeName === undefined) return;
    this.#nodeOf.delete(uid);
    const pods = this.#byNode.get(nodeName);
    pods?.delete(uid);
    if (pods?.size === 0) this.#byNode.delete(nodeName);
  }

  /** Follows an API update of a pod that waits. */
  update(before: PodInfo, after: PodInfo): void {
    // An update that does not speak of a nomination may be older than the one made in memory.
    const silent = before.nominatedNodeName === '' && after.nominatedNodeName === '';
    const kept = silent ? this.nodeOf(before.uid) : undefined;
    this.nominate(after, kept ?? after.nominatedNodeName);
  }
}
