/** The pods that the API has bound to this node, told to the pod manager as they change. */
import type { Client } from '../../client/client.ts';
import { Informer } from '../../client/informer.ts';
import type { Log } from '../../client/log.ts';
import { pods } from '../../client/resources.ts';
import type { Clock } from '../../machinery/meta/clock.ts';
import type { Pod } from '../../machinery/schema/wire.ts';
import { isMirrorPod, type NodePod, nodePod } from './pod.ts';

export interface ApiSourceOptions {
  readonly client: Client;
  readonly clock: Clock;
  readonly log: Log;
  readonly nodeName: string;
}

export interface PodSink {
  put(pod: NodePod): void;
  drop(pod: NodePod): void;
  /** The API's copy of a static pod. */
  mirror?(pod: NodePod, gone: boolean): void;
}

export class ApiSource {
  private readonly informer: Informer<Pod>;

  constructor(options: ApiSourceOptions) {
    const { client, clock, log, nodeName } = options;
    const selection = { fieldSelector: `spec.nodeName=${nodeName}` };
    this.informer = new Informer(client, pods, selection, { clock, log });
    this.informer.addIndex('uid', (pod) => [pod.metadata?.uid ?? '']);
  }

  /** The pod as the watch last showed it. */
  byUid(uid: string): NodePod | undefined {
    const [pod] = this.informer.store.byIndex('uid', uid);
    return pod as NodePod | undefined;
  }

  byName(namespace: string, name: string): NodePod | undefined {
    const pod = this.informer.store.get(namespace, name);
    return pod as NodePod | undefined;
  }

  all(): NodePod[] {
    return this.informer.store.list() as NodePod[];
  }

  /** Follows the API until the signal aborts. */
  run(signal: AbortSignal): Promise<void> {
    return this.informer.run(signal);
  }

  /** Resolves when the whole present state is known. */
  synced(signal: AbortSignal): Promise<void> {
    return this.informer.synced(signal);
  }

  /** Hands on what is there, oldest first, then every change. */
  deliver(sink: PodSink): void {
    const byAge = (a: Pod, b: Pod): number =>
      (a.metadata?.creationTimestamp ?? '') < (b.metadata?.creationTimestamp ?? '') ? -1 : 1;
    for (const pod of this.informer.store.list().toSorted(byAge)) this.put(pod, sink);
    // The handler hears again of what is there: putting a pod twice changes nothing.
    this.informer.addHandler({
      added: (pod) => this.put(pod, sink),
      updated: (old, pod) => {
        // Deleted and made again while the watch was away.
        if (old.metadata?.uid !== pod.metadata?.uid) this.drop(old, sink);
        this.put(pod, sink);
      },
      deleted: (pod) => this.drop(pod, sink),
    });
  }

  private put(pod: Pod, sink: PodSink): void {
    const known = nodePod(pod);
    if (isMirrorPod(known)) sink.mirror?.(known, false);
    else sink.put(known);
  }

  private drop(pod: Pod, sink: PodSink): void {
    const known = nodePod(pod);
    if (isMirrorPod(known)) sink.mirror?.(known, true);
    else sink.drop(known);
  }
}
