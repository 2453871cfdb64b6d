/** Node selectors and node affinity, compiled for many nodes. API: core/v1 NodeSelector. */

import type {
  NodeSelector,
  NodeSelectorRequirement,
  NodeSelectorTerm,
  Pod,
} from '../schema/wire.ts';
import {
  type LabelRequirement,
  labelRequirement,
  requirementMatches,
  type SelectorOperator,
} from './label-requirement.ts';
import { member } from './member.ts';

/** What is asked of a node. */
export interface NodeMatcher {
  matches(name: string, labels: Record<string, string>): boolean;
}

/** A term with the score it is worth. */
export interface PreferredTerm {
  readonly weight: number;
  readonly preference: NodeSelectorTerm;
}

const operators: Readonly<Record<string, SelectorOperator>> = {
  In: 'in',
  NotIn: 'notin',
  Exists: 'exists',
  DoesNotExist: '!',
  Gt: 'gt',
  Lt: 'lt',
};

interface CompiledTerm {
  /** Undefined when the term is malformed: such a term matches nothing. */
  readonly expressions: readonly LabelRequirement[] | undefined;
  readonly fields: readonly NodeSelectorRequirement[];
}

function compileTerm(term: NodeSelectorTerm): CompiledTerm {
  const fields = term.matchFields ?? [];
  const malformed = fields.some(
    (f) => (f.operator !== 'In' && f.operator !== 'NotIn') || f.values?.length !== 1,
  );
  try {
    const expressions = (term.matchExpressions ?? []).map((e) => {
      const operator = member(operators, e.operator);
      if (operator === undefined) throw new Error(`unknown operator ${e.operator}`);
      return labelRequirement(e.key, operator, e.values ?? []);
    });
    return { expressions: malformed ? undefined : expressions, fields };
  } catch {
    return { expressions: undefined, fields };
  }
}

function termMatches(term: CompiledTerm, name: string, labels: Record<string, string>): boolean {
  if (term.expressions === undefined) return false;
  for (const e of term.expressions) if (!requirementMatches(e, labels)) return false;
  for (const f of term.fields) {
    const value = f.key === 'metadata.name' ? name : '';
    if ((value === f.values![0]) !== (f.operator === 'In')) return false;
  }
  return true;
}

function isEmptyTerm(term: NodeSelectorTerm): boolean {
  return !term.matchExpressions?.length && !term.matchFields?.length;
}

/** Any of the terms; an empty term matches nothing, and so does an empty list. */
export function compileNodeSelector(selector: NodeSelector): NodeMatcher {
  const terms = (selector.nodeSelectorTerms ?? []).filter((t) => !isEmptyTerm(t)).map(compileTerm);
  return { matches: (name, labels) => terms.some((term) => termMatches(term, name, labels)) };
}

/** The summed weights of the terms that match. */
export function compilePreferred(
  terms: readonly PreferredTerm[],
): (name: string, labels: Record<string, string>) => number {
  const compiled = terms
    .filter((t) => t.weight !== 0 && !isEmptyTerm(t.preference))
    .map((t) => ({ weight: t.weight, term: compileTerm(t.preference) }));
  return (name, labels) => {
    let sum = 0;
    for (const { weight, term } of compiled) if (termMatches(term, name, labels)) sum += weight;
    return sum;
  };
}

/** What the pod itself requires: nodeSelector and required node affinity; undefined: nothing. */
export function requiredNodeMatcher(pod: Pod): NodeMatcher | undefined {
  const wanted = Object.entries(pod.spec?.nodeSelector ?? {});
  const affinity = pod.spec?.affinity?.nodeAffinity?.requiredDuringSchedulingIgnoredDuringExecution;
  const selector = affinity === undefined ? undefined : compileNodeSelector(affinity);
  if (wanted.length === 0) return selector;
  return {
    matches(name, labels) {
      for (const [key, value] of wanted) if (labels[key] !== value) return false;
      return selector === undefined || selector.matches(name, labels);
    },
  };
}
