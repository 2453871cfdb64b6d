/**
 * What calls of the Kubernetes libraries cost at run time, and those of standard functions that the
 * real server counts in its own way. Go by the function's name, as there: overloads of one name
 * cost the same.
 */

import type { CallCosts } from '../library.ts';
import { ListValue } from '../list-value.ts';
import { MapValue } from '../map-value.ts';
import { CelError, ObjectValue, type Result, type Value } from '../values.ts';
import {
  checkCost,
  nominalCalls,
  regexFactor,
  selectorCost,
  traversalFactor,
} from './cost-rules.ts';
import { FormatValue } from './named-formats.ts';

type Rule = (overload: string, args: readonly Value[], result: Result) => number | undefined;

const parsing: Rule = (_, [text]) => traversals(1, text);
const rewriting: Rule = (_, [text]) => traversals(2, text);
const listing: Rule = (_, [list]) => traversalCost(list!);
const selecting: Rule = (_, [, selector]) =>
  selector === undefined ? undefined : selectorCost(sizeOf(selector));
const finding: Rule = (_, [text, pattern]) =>
  pattern === undefined ? undefined : matchCost(text, sizeOf(pattern));

const rules: ReadonlyMap<string, Rule> = new Map<string, Rule>([
  ...nominalCalls.map((name): [string, Rule] => [name, () => 1]),
  // Dear on purpose: two checks are what one expression may make.
  ['check', () => checkCost],
  ['fieldSelector', selecting],
  ['labelSelector', selecting],
  ...each(['isSorted', 'sum', 'max', 'min', 'indexOf', 'lastIndexOf'], listing),
  ...each(['url', 'lowerAscii', 'upperAscii', 'substring', 'trim', 'jsonpatch.escapeKey'], parsing),
  ...each(['cidr', 'isIP', 'isCIDR', 'quantity', 'isQuantity', 'semver', 'isSemver'], parsing),
  ...each(['replace', 'split'], rewriting),
  ['join', (_, __, result) => (result instanceof CelError ? 1 : traversals(2, result))],
  ...each(['find', 'findAll'], finding),
  ['ip', (overload, [text]) => (overload === 'cidr_ip' ? 1 : traversals(1, text))],
  ['ip.isCanonical', rewriting],
  ['containsIP', (overload, args) => containing(args, 0, overload === 'cidr_contains_ip_string')],
  [
    'containsCIDR',
    (overload, args) => containing(args, 1, overload === 'cidr_contains_cidr_string'),
  ],
  ['validate', validating],
  // Equality of values of the libraries' own kinds; of others it goes by their sizes.
  ['_==_', (_, [left]) => (left instanceof ObjectValue && left.get === undefined ? 1 : undefined)],
]);

/** The costs, for an environment. */
export const kubernetesCosts: CallCosts = {
  actual: (fn, overload, args, result) => rules.get(fn)?.(overload, args, result),
};

function each(names: readonly string[], rule: Rule): [string, Rule][] {
  return names.map((name) => [name, rule]);
}

/** Characters, bytes, items or entries; 1 for what has no size. */
function sizeOf(value: Value): number {
  if (typeof value === 'string') return characters(value);
  if (value instanceof Uint8Array) return value.length;
  if (value instanceof ListValue || value instanceof MapValue) return value.size();
  return value instanceof ObjectValue ? (value.size?.() ?? 1) : 1;
}

function characters(text: string): number {
  let count = text.length;
  for (let i = 0; i < text.length - 1; i++) {
    // A surrogate pair is one character.
    if (text.codePointAt(i)! > 0xffff) {
      count--;
      i++;
    }
  }
  return count;
}

function traversals(times: number, value: Value | undefined): number | undefined {
  return value === undefined ? undefined : Math.ceil(sizeOf(value) * times * traversalFactor);
}

/** One is added to the text: an empty one does not make a dear pattern cheap. */
function matchCost(text: Value | undefined, patternSize: number): number {
  const once = Math.ceil((1 + sizeOf(text ?? '')) * traversalFactor);
  return once * Math.ceil(patternSize * regexFactor);
}

function validating(_: string, [format, text]: readonly Value[]): number | undefined {
  return format instanceof FormatValue ? matchCost(text, format.patternSize) : undefined;
}

/** Compares prefixes; of blocks also their lengths, of texts what reading them costs. */
function containing([cidr, other]: readonly Value[], lengths: 0 | 1, reads: boolean): number {
  const size = sizeOf(cidr!);
  const compared = Math.ceil(2 * size * traversalFactor);
  const masked = lengths === 1 ? Math.ceil(size * traversalFactor) + 1 : 0;
  return compared + masked + (reads ? Math.ceil(sizeOf(other!) * traversalFactor) : 0);
}

/** What it costs to look at all of a value; texts count by bytes here. */
function traversalCost(value: Value): number {
  if (typeof value === 'string') return Math.trunc(Buffer.byteLength(value) * traversalFactor);
  if (value instanceof Uint8Array) return Math.trunc(value.length * traversalFactor);
  let cost = 0;
  if (value instanceof ListValue) {
    for (const item of value) cost += traversalCost(item);
    return cost;
  }
  if (!(value instanceof MapValue)) return 1;
  for (const key of value.keys()) {
    const item = value.find(key);
    cost += traversalCost(key) + (item instanceof CelError ? 1 : traversalCost(item ?? null));
  }
  return cost;
}
