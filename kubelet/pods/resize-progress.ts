/** How far a pod's in-place resize has come: what is granted, what its conditions and events say. */
import { deepEqual } from '../../machinery/meta/equality.ts';
import type { PodCondition } from '../../machinery/schema/wire.ts';
import { type NodePod, podReference } from './pod.ts';
import { withResources } from './resize.ts';
import { resizeEventText } from './resize-events.ts';
import type { WorkerDeps } from './worker-deps.ts';

type Deps = Pick<WorkerDeps, 'ledger' | 'resizeRefusal' | 'recorder'>;

export class ResizeProgress {
  private readonly deps: Deps;
  private readonly byType = new Map<string, PodCondition>();

  constructor(deps: Deps) {
    this.deps = deps;
  }

  /** For the pod's status. */
  get conditions(): PodCondition[] {
    return [...this.byType.values()];
  }

  /** The pod with the resources that it has been granted. */
  granted(pod: NodePod): NodePod {
    return withResources(pod, this.deps.ledger.granted(pod.metadata.uid));
  }

  /** Grants a change of resources if the node has room, and says so. */
  async grant(pod: NodePod): Promise<void> {
    const { ledger, resizeRefusal, recorder } = this.deps;
    if (ledger.granted(pod.metadata.uid).size === 0) {
      await ledger.grant(pod);
      return;
    }
    if (sameResources(pod, this.granted(pod))) {
      this.byType.delete('PodResizePending');
      return;
    }
    const refusal = resizeRefusal(pod);
    if (refusal === undefined) {
      await ledger.grant(pod);
      this.byType.clear();
      this.begin(pod);
      const text = resizeEventText('Pod resize started', pod);
      recorder.event(podReference(pod), 'Normal', 'ResizeStarted', text);
      return;
    }
    const { reason, message } = refusal;
    if (this.set('PodResizePending', pod, reason, message)) {
      const text = resizeEventText(`Pod resize ${reason}`, pod, message);
      recorder.event(podReference(pod), 'Warning', `Resize${reason}`, text);
    }
  }

  /** Containers are about to be given their new resources. */
  begin(pod: NodePod): void {
    this.set('PodResizeInProgress', pod, '', '');
  }

  /** The runtime did not take the new resources. */
  failed(pod: NodePod, error: string): void {
    if (!this.set('PodResizeInProgress', pod, 'Error', error)) return;
    const text = resizeEventText('Pod resize error', pod, error);
    this.deps.recorder.event(podReference(pod), 'Warning', 'ResizeError', text);
  }

  /** Nothing is left to resize. True when there was something. */
  completed(pod: NodePod): boolean {
    if (!this.byType.delete('PodResizeInProgress')) return false;
    const text = resizeEventText('Pod resize completed', pod);
    this.deps.recorder.event(podReference(pod), 'Normal', 'ResizeCompleted', text);
    return true;
  }

  /** True when the condition is new or says something else now. */
  private set(type: string, pod: NodePod, reason: string, message: string): boolean {
    const old = this.byType.get(type);
    const generation = old?.observedGeneration ?? pod.metadata.generation;
    const condition: PodCondition = {
      type,
      status: 'True',
      ...(generation === undefined ? {} : { observedGeneration: generation }),
      ...(reason ? { reason } : {}),
      ...(message ? { message } : {}),
    };
    this.byType.set(type, condition);
    return !deepEqual(old, condition);
  }
}

function sameResources(a: NodePod, b: NodePod): boolean {
  const of = (pod: NodePod): unknown =>
    [...pod.spec.containers, ...(pod.spec.initContainers ?? [])].map((c) => c.resources ?? {});
  return a === b || deepEqual(of(a), of(b));
}
