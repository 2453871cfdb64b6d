/**
 * Label selectors: the query-string form (`a in (b,c),!d`) and the object form (meta/v1
 * LabelSelector), with the error texts of the real server.
 */

import type { LabelSelector } from '../schema/wire.ts';
import {
  type LabelRequirement,
  LabelSelectorError,
  type Labels,
  labelRequirement,
  requirementMatches,
  requirementText,
  type SelectorOperator,
} from './label-requirement.ts';
import { member } from './member.ts';
import { parseSelectorText } from './selector-parser.ts';

/** A parsed label selector; immutable. */
export class Selector {
  /** Sorted by key. */
  readonly requirements: readonly LabelRequirement[];
  /** Selects nothing whatever the labels are (an absent object-form selector). */
  readonly nothing: boolean;

  constructor(requirements: readonly LabelRequirement[], nothing = false) {
    this.requirements = requirements.toSorted((a, b) =>
      a.key < b.key ? -1 : a.key > b.key ? 1 : 0,
    );
    this.nothing = nothing;
  }

  /** True when it selects everything. */
  get empty(): boolean {
    return !this.nothing && this.requirements.length === 0;
  }

  matches(labels: Labels): boolean {
    if (this.nothing) return false;
    for (const r of this.requirements) if (!requirementMatches(r, labels)) return false;
    return true;
  }

  /** The value a key must have exactly, when the selector says so. */
  exactValue(key: string): string | undefined {
    const r = this.requirements.find((x) => x.key === key);
    if (r === undefined || r.values.length !== 1) return undefined;
    return r.operator === '=' || r.operator === '==' || r.operator === 'in'
      ? r.values[0]
      : undefined;
  }

  /** The query-string form. */
  toString(): string {
    return this.requirements.map(requirementText).join(',');
  }
}

/** Selects every object. */
export const everything = new Selector([]);
/** Selects no object. */
export const nothing = new Selector([], true);

const parsed = new Map<string, Selector>();
const parsedLimit = 1024;

/** Parses the query-string form; throws LabelSelectorError. Results are shared between callers. */
export function parseLabelSelector(text: string): Selector {
  if (text === '') return everything;
  let selector = parsed.get(text);
  if (selector === undefined) {
    selector = new Selector(parseSelectorText(text));
    if (parsed.size >= parsedLimit) parsed.clear();
    if (text.length <= 1024) parsed.set(text, selector);
  }
  return selector;
}

const operatorOf: Readonly<Record<string, SelectorOperator>> = {
  In: 'in',
  NotIn: 'notin',
  Exists: 'exists',
  DoesNotExist: '!',
};

/**
 * The selector an object carries. Absent selects nothing, an empty one everything. Throws
 * LabelSelectorError when it is invalid.
 */
export function selectorOf(selector: LabelSelector | undefined | null): Selector {
  if (selector === undefined || selector === null) return nothing;
  const requirements: LabelRequirement[] = [];
  for (const [key, value] of Object.entries(selector.matchLabels ?? {})) {
    requirements.push(labelRequirement(key, '=', [value]));
  }
  for (const e of selector.matchExpressions ?? []) {
    const operator = member(operatorOf, e.operator);
    if (operator === undefined) {
      throw new LabelSelectorError(`"${e.operator}" is not a valid label selector operator`);
    }
    requirements.push(labelRequirement(e.key, operator, e.values ?? []));
  }
  return requirements.length === 0 ? everything : new Selector(requirements);
}

/** The selector that a plain map of labels stands for; nothing is checked, empty selects all. */
export function selectorOfLabels(labels: Labels): Selector {
  const entries = Object.entries(labels ?? {});
  if (entries.length === 0) return everything;
  return new Selector(entries.map(([key, value]) => ({ key, operator: '=', values: [value] })));
}
