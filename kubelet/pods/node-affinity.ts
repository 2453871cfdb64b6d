/** Whether a node's labels are what a pod requires (nodeSelector, required node affinity): pure. */
import type { NodeSelectorRequirement, NodeSelectorTerm } from '../../machinery/schema/wire.ts';
import type { NodePod } from './pod.ts';

type Labels = Readonly<Record<string, string>>;

function holds({ key, operator, values = [] }: NodeSelectorRequirement, labels: Labels): boolean {
  const value = labels[key];
  const bound = Number(values[0]);
  switch (operator) {
    case 'In':
      return value !== undefined && values.includes(value);
    case 'NotIn':
      return value === undefined || !values.includes(value);
    case 'Exists':
      return value !== undefined;
    case 'DoesNotExist':
      return value === undefined;
    case 'Gt':
      return value !== undefined && Number(value) > bound;
    case 'Lt':
      return value !== undefined && Number(value) < bound;
    default:
      return false;
  }
}

/** A term without requirements matches nothing. */
function termHolds(term: NodeSelectorTerm, labels: Labels, nodeName: string): boolean {
  const { matchExpressions = [], matchFields = [] } = term;
  if (matchExpressions.length + matchFields.length === 0) return false;
  return (
    matchExpressions.every((r) => holds(r, labels)) &&
    matchFields.every((r) => holds(r, { 'metadata.name': nodeName }))
  );
}

export function matchesNode(pod: NodePod, nodeName: string, labels: Labels): boolean {
  const selector = Object.entries(pod.spec.nodeSelector ?? {});
  if (!selector.every(([k, v]) => labels[k] === v)) return false;
  const required = pod.spec.affinity?.nodeAffinity?.requiredDuringSchedulingIgnoredDuringExecution;
  if (required === undefined) return true;
  return (required.nodeSelectorTerms ?? []).some((t) => termHolds(t, labels, nodeName));
}
