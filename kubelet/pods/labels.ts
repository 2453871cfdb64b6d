/**
 * Labels and annotations on sandboxes and containers: how the kubelet finds its pods again after
 * a restart. Names and values are upstream's, so that crictl and upstream's kubelet read them.
 */
import type { Container, LifecycleHandler } from '../../machinery/schema/wire.ts';
import { containerHash } from './container-hash.ts';
import type { NodePod } from './pod.ts';

export const podNameLabel = 'io.kubernetes.pod.name';
export const podNamespaceLabel = 'io.kubernetes.pod.namespace';
export const podUidLabel = 'io.kubernetes.pod.uid';
export const containerNameLabel = 'io.kubernetes.container.name';

const hashAnnotation = 'io.kubernetes.container.hash';
const restartCountAnnotation = 'io.kubernetes.container.restartCount';
const messagePathAnnotation = 'io.kubernetes.container.terminationMessagePath';
const messagePolicyAnnotation = 'io.kubernetes.container.terminationMessagePolicy';
const preStopAnnotation = 'io.kubernetes.container.preStopHandler';
const portsAnnotation = 'io.kubernetes.container.ports';
const deletionGraceAnnotation = 'io.kubernetes.pod.deletionGracePeriod';
const terminationGraceAnnotation = 'io.kubernetes.pod.terminationGracePeriod';

type Strings = Record<string, string>;

function identity(pod: NodePod): Strings {
  return {
    [podNameLabel]: pod.metadata.name,
    [podNamespaceLabel]: pod.metadata.namespace,
    [podUidLabel]: pod.metadata.uid,
  };
}

/** The pod's own labels and its identity. */
export function sandboxLabels(pod: NodePod): Strings {
  return { ...pod.metadata.labels, ...identity(pod) };
}

export function containerLabels(pod: NodePod, container: Container): Strings {
  return { ...identity(pod), [containerNameLabel]: container.name };
}

export function containerAnnotations(
  pod: NodePod,
  container: Container,
  restartCount: number,
): Strings {
  const out: Strings = {
    [hashAnnotation]: containerHash(container),
    [restartCountAnnotation]: String(restartCount),
    [messagePathAnnotation]: container.terminationMessagePath ?? '',
    [messagePolicyAnnotation]: container.terminationMessagePolicy ?? '',
  };
  const { deletionGracePeriodSeconds } = pod.metadata;
  if (deletionGracePeriodSeconds !== undefined) {
    out[deletionGraceAnnotation] = String(deletionGracePeriodSeconds);
  }
  const { terminationGracePeriodSeconds } = pod.spec;
  if (terminationGracePeriodSeconds !== undefined) {
    out[terminationGraceAnnotation] = String(terminationGracePeriodSeconds);
  }
  const preStop = container.lifecycle?.preStop;
  if (preStop !== undefined) out[preStopAnnotation] = JSON.stringify(preStop);
  if (container.ports?.length) out[portsAnnotation] = JSON.stringify(container.ports);
  return out;
}

/** What a container's annotations say, for one whose pod may be unknown. */
export interface ContainerNotes {
  readonly hash: string;
  readonly restartCount: number;
  readonly messagePath: string;
  readonly messagePolicy: string;
  readonly graceSeconds: number | undefined;
  readonly preStop: LifecycleHandler | undefined;
  readonly ports: NonNullable<Container['ports']>;
}

function numberIn(annotations: Strings, name: string): number | undefined {
  const text = annotations[name];
  return text !== undefined && /^-?\d+$/.test(text) ? Number(text) : undefined;
}

function jsonIn<T>(annotations: Strings, name: string): T | undefined {
  const text = annotations[name];
  if (text === undefined) return undefined;
  try {
    return JSON.parse(text) as T;
  } catch {
    // Somebody else's container: it simply has no such note.
    return undefined;
  }
}

export function readContainerNotes(annotations: Strings): ContainerNotes {
  return {
    hash: annotations[hashAnnotation] ?? '',
    restartCount: numberIn(annotations, restartCountAnnotation) ?? 0,
    messagePath: annotations[messagePathAnnotation] ?? '',
    messagePolicy: annotations[messagePolicyAnnotation] ?? '',
    graceSeconds:
      numberIn(annotations, deletionGraceAnnotation) ??
      numberIn(annotations, terminationGraceAnnotation),
    preStop: jsonIn<LifecycleHandler>(annotations, preStopAnnotation),
    ports: jsonIn<NonNullable<Container['ports']>>(annotations, portsAnnotation) ?? [],
  };
}
