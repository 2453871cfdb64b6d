/** A pod as the kubelet handles it, and the questions everybody asks about one. */
import type {
  Container,
  EphemeralContainer,
  KubeObject,
  ObjectMeta,
  ObjectReference,
  Pod,
  PodSpec,
} from '../../machinery/schema/wire.ts';

/** A pod that came through the API (or a static manifest): it has a name, a uid and a spec. */
export type NodePod = Pod & {
  metadata: ObjectMeta & { name: string; namespace: string; uid: string };
  spec: PodSpec;
};

/** The same object seen as a NodePod; throws when name, namespace, uid or spec are missing. */
export function nodePod(pod: Pod): NodePod {
  const m = pod.metadata;
  if (!m?.name || !m.namespace || !m.uid || pod.spec === undefined) {
    throw new Error('pod without name, namespace, uid or spec');
  }
  return pod as NodePod;
}

/** Where a pod came from is an annotation, as upstream writes it. */
export const configSourceAnnotation = 'kubernetes.io/config.source';
/** Set on the API's copy of a static pod: the hash of the manifest it mirrors. */
export const mirrorAnnotation = 'kubernetes.io/config.mirror';
export const configHashAnnotation = 'kubernetes.io/config.hash';

export function isStaticPod(pod: KubeObject): boolean {
  const source = pod.metadata?.annotations?.[configSourceAnnotation];
  return source !== undefined && source !== 'api';
}

export function isMirrorPod(pod: KubeObject): boolean {
  return pod.metadata?.annotations?.[mirrorAnnotation] !== undefined;
}

/** `name_namespace(uid)`: how messages of the kubelet name a pod. */
export function podText(pod: NodePod): string {
  return `${pod.metadata.name}_${pod.metadata.namespace}(${pod.metadata.uid})`;
}

/** An init container that keeps running beside the main ones. */
export function isSidecar(container: Container): boolean {
  return container.restartPolicy === 'Always';
}

export function isHostNetwork(pod: NodePod): boolean {
  return pod.spec.hostNetwork === true;
}

export function initContainers(pod: NodePod): Container[] {
  return pod.spec.initContainers ?? [];
}

export function sidecars(pod: NodePod): Container[] {
  return initContainers(pod).filter(isSidecar);
}

/** An ephemeral container as a container: it has all fields of one but probes and ports. */
export function ephemeralContainers(pod: NodePod): (Container & EphemeralContainer)[] {
  return pod.spec.ephemeralContainers ?? [];
}

/** Every container of the spec: main, init, ephemeral. */
export function allContainers(pod: NodePod): Container[] {
  return [...pod.spec.containers, ...initContainers(pod), ...ephemeralContainers(pod)];
}

export function findContainer(pod: NodePod, name: string): Container | undefined {
  return allContainers(pod).find((c) => c.name === name);
}

export function isDeleted(pod: KubeObject): boolean {
  return pod.metadata?.deletionTimestamp !== undefined;
}

export function isTerminalPhase(phase: string | undefined): boolean {
  return phase === 'Succeeded' || phase === 'Failed';
}

/** What an event about a pod is attached to. */
export function podReference(pod: NodePod): ObjectReference {
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    name: pod.metadata.name,
    namespace: pod.metadata.namespace,
    uid: pod.metadata.uid,
    ...(pod.metadata.resourceVersion ? { resourceVersion: pod.metadata.resourceVersion } : {}),
  };
}

/** The same for one container: the field path names it. */
export function containerReference(pod: NodePod, name: string): ObjectReference {
  let list = 'containers';
  if (initContainers(pod).some((c) => c.name === name)) list = 'initContainers';
  else if (ephemeralContainers(pod).some((c) => c.name === name)) list = 'ephemeralContainers';
  return { ...podReference(pod), fieldPath: `spec.${list}{${name}}` };
}

const criticalPriority = 2_000_000_000;

/** Static, mirrored or of a system priority: admitted first and evicted last. */
export function isCriticalPod(pod: NodePod): boolean {
  return isStaticPod(pod) || isMirrorPod(pod) || (pod.spec.priority ?? 0) >= criticalPriority;
}
