/** Which nodes a daemon set wants a pod on, and what its pods need to be allowed there. */
import { requiredNodeMatcher } from '../../machinery/meta/node-selector.ts';
import { isTolerated } from '../../machinery/meta/tolerations.ts';
import type {
  DaemonSet,
  Node,
  Pod,
  PodSpec,
  PodTemplateSpec,
  Toleration,
} from '../../machinery/schema/wire.ts';

export const hashLabel = 'controller-revision-hash';
const generationAnnotation = 'deprecated.daemonset.template.generation';
const generationLabel = 'pod-template-generation';

export interface NodeVerdict {
  /** A pod is to be started there. */
  readonly run: boolean;
  /** A pod that is there may stay. */
  readonly stay: boolean;
}

const no: NodeVerdict = { run: false, stay: false };

/** Daemons stay through trouble with their node. */
function toleratedAlways(spec: PodSpec): Toleration[] {
  const when = (key: string, effect: string): Toleration => ({
    key: `node.kubernetes.io/${key}`,
    operator: 'Exists',
    effect,
  });
  return [
    when('not-ready', 'NoExecute'),
    when('unreachable', 'NoExecute'),
    when('disk-pressure', 'NoSchedule'),
    when('memory-pressure', 'NoSchedule'),
    when('pid-pressure', 'NoSchedule'),
    when('unschedulable', 'NoSchedule'),
    ...(spec.hostNetwork === true ? [when('network-unavailable', 'NoSchedule')] : []),
  ];
}

/** The tolerations of the set's pods: their own, and those of every daemon in place of equals. */
function tolerationsOf(spec: PodSpec): Toleration[] {
  const always = toleratedAlways(spec);
  const same = (a: Toleration, b: Toleration): boolean =>
    a.key === b.key &&
    a.effect === b.effect &&
    (a.operator ?? 'Equal') === b.operator &&
    (a.value ?? '') === '';
  const own = (spec.tolerations ?? []).filter((t) => !always.some((a) => same(t, a)));
  return [...own, ...always];
}

/** Judges a node by name, affinity and taints. */
export function judgeNode(set: DaemonSet, node: Node): NodeVerdict {
  const spec = set.spec?.template.spec;
  if (spec === undefined) return no;
  const { name = '', labels = {} } = node.metadata ?? {};
  if ((spec.nodeName ?? '') !== '' && spec.nodeName !== name) return no;
  const matcher = requiredNodeMatcher({ spec });
  if (matcher !== undefined && !matcher.matches(name, labels)) return no;
  const tolerations = tolerationsOf(spec);
  const untolerated = (node.spec?.taints ?? []).filter(
    (t) => t.effect !== 'PreferNoSchedule' && !isTolerated(tolerations, t),
  );
  if (untolerated.length === 0) return { run: true, stay: true };
  return { run: false, stay: !untolerated.some((t) => t.effect === 'NoExecute') };
}

/** The template of the pod for a node: the scheduler binds it there by its affinity. */
export function templateFor(set: DaemonSet, node: string, hash: string): PodTemplateSpec {
  const { template } = set.spec!;
  const spec = template.spec!;
  const generation = generationOf(set);
  const nodeAffinity = spec.affinity?.nodeAffinity;
  return {
    metadata: {
      ...template.metadata,
      labels: {
        ...template.metadata?.labels,
        ...(generation === undefined ? {} : { [generationLabel]: generation }),
        [hashLabel]: hash,
      },
    },
    spec: {
      ...spec,
      tolerations: tolerationsOf(spec),
      affinity: {
        ...spec.affinity,
        nodeAffinity: {
          ...nodeAffinity,
          // In place of the set's own terms: this node has been checked against them.
          requiredDuringSchedulingIgnoredDuringExecution: {
            nodeSelectorTerms: [
              { matchFields: [{ key: 'metadata.name', operator: 'In', values: [node] }] },
            ],
          },
        },
      },
    },
  };
}

function generationOf(set: DaemonSet): string | undefined {
  const text = set.metadata?.annotations?.[generationAnnotation];
  return text !== undefined && /^-?[0-9]+$/.test(text) ? text : undefined;
}

/** The node that a pod runs on or is made for. */
export function targetNode(pod: Pod): string | undefined {
  const { nodeName = '', affinity } = pod.spec ?? {};
  if (nodeName !== '') return nodeName;
  const required = affinity?.nodeAffinity?.requiredDuringSchedulingIgnoredDuringExecution;
  for (const term of required?.nodeSelectorTerms ?? []) {
    for (const { key, operator, values = [] } of term.matchFields ?? []) {
      if (key === 'metadata.name' && operator === 'In' && values.length === 1) return values[0];
    }
  }
  return undefined;
}

/** The pod is of the present template: by hash, or by generation for pods of old servers. */
export function isUpdated(set: DaemonSet, pod: Pod, hash: string): boolean {
  const { labels } = pod.metadata ?? {};
  const generation = generationOf(set);
  if (labels?.[hashLabel] === hash) return true;
  return generation !== undefined && labels?.[generationLabel] === generation;
}
