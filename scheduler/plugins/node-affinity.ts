/** NodeAffinity: nodeSelector and node affinity of the pod, and affinity added by the profile. */

import {
  compileNodeSelector,
  compilePreferred,
  type NodeMatcher,
  requiredNodeMatcher,
} from '../../machinery/meta/node-selector.ts';
import type { Node, NodeAffinity, NodeSelectorTerm } from '../../machinery/schema/wire.ts';
import type { PodInfo } from '../cache/pod-info.ts';
import { on } from '../cluster-event.ts';
import { stateKey } from '../cycle-state.ts';
import type { Plugin, PreFilterResult } from '../framework.ts';
import { skip, unresolvable } from '../status.ts';
import { normalizeByMax } from './normalize.ts';

const name = 'NodeAffinity';
const mismatch = unresolvable(name, "node(s) didn't match Pod's node affinity/selector");
const enforced = unresolvable(name, "node(s) didn't match scheduler-enforced node affinity");
const conflict = unresolvable(name, 'pod affinity terms conflict');

const required = stateKey<NodeMatcher>(name);
const preferred = stateKey<(name: string, labels: Record<string, string>) => number>(name);

/** NodeAffinityArgs. */
export interface NodeAffinityArgs {
  readonly addedAffinity?: NodeAffinity;
}

const anyNode: NodeMatcher = { matches: () => true };

export function nodeAffinity(args: NodeAffinityArgs = {}): Plugin {
  const addedTerms = args.addedAffinity?.requiredDuringSchedulingIgnoredDuringExecution;
  const added = addedTerms === undefined ? undefined : compileNodeSelector(addedTerms);
  const addedPreferred = args.addedAffinity?.preferredDuringSchedulingIgnoredDuringExecution ?? [];
  const matches = (pod: PodInfo, node: Node) => {
    const nodeName = node.metadata?.name ?? '';
    const labels = node.metadata?.labels ?? {};
    const matcher = requiredNodeMatcher(pod.pod) ?? anyNode;
    return (added?.matches(nodeName, labels) ?? true) && matcher.matches(nodeName, labels);
  };
  return {
    name,
    wakesOn: [
      {
        resource: 'Node',
        on: on.add | on.updateNodeLabel,
        hint: (pod, before, after) =>
          matches(pod, after as Node) && (before === undefined || !matches(pod, before as Node)),
      },
    ],
    preFilter(state, pod) {
      const matcher = requiredNodeMatcher(pod.pod);
      if (matcher === undefined && added === undefined) return skip;
      state.write(required, matcher ?? anyNode);
      return namedNodes(pod);
    },
    filter(state, _pod, node) {
      if (added !== undefined && !added.matches(node.name, node.labels)) return enforced;
      return state.read(required)!.matches(node.name, node.labels) ? undefined : mismatch;
    },
    preScore(state, pod) {
      const terms =
        pod.pod.spec?.affinity?.nodeAffinity?.preferredDuringSchedulingIgnoredDuringExecution;
      if (terms === undefined && addedPreferred.length === 0) return skip;
      state.write(preferred, compilePreferred([...(terms ?? []), ...addedPreferred]));
      return undefined;
    },
    score: (state, _pod, node) => state.read(preferred)!(node.name, node.labels),
    normalize: (_state, _pod, scores) => normalizeByMax(scores, false),
  };
}

/** The nodes the pod names, when every term of its affinity names some. */
function namedNodes(pod: PodInfo): PreFilterResult {
  const affinity =
    pod.pod.spec?.affinity?.nodeAffinity?.requiredDuringSchedulingIgnoredDuringExecution;
  const terms = affinity?.nodeSelectorTerms ?? [];
  if (terms.length === 0) return undefined;
  let nodeNames: ReadonlySet<string> = new Set();
  for (const term of terms) {
    const names = namesOfTerm(term);
    if (names === undefined) return undefined;
    nodeNames = nodeNames.union(names);
  }
  return nodeNames.size === 0 ? conflict : { nodeNames };
}

function namesOfTerm(term: NodeSelectorTerm): ReadonlySet<string> | undefined {
  let names: ReadonlySet<string> | undefined;
  for (const field of term.matchFields ?? []) {
    if (field.key !== 'metadata.name' || field.operator !== 'In') continue;
    const values = new Set(field.values ?? []);
    names = names === undefined ? values : names.intersection(values);
  }
  return names;
}
