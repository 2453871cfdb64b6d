/** What functions on lists cost, before and after they run. */
import { costSize, listCost, traversalFactor } from '../call-cost.ts';
import {
  addRanges,
  type CallEstimate,
  type CostNode,
  fixed,
  multiplyRanges,
  type Range,
  type SizeEstimator,
  scaleRange,
} from '../estimate.ts';
import type { ListValue } from '../list-value.ts';
import { bytesType, type CelType, stringType } from '../types.ts';
import { type CelError, typeOf, type Value } from '../values.ts';
import { estimatedSize } from './sets.ts';

/** Of a call that goes over `size` items, each costing `factor`, and makes a list. */
export function actual(factor: number, size: number): number {
  return Math.floor(size * factor) + 1 + listCost;
}

/** Of a call whose result says how many items it went over. */
export function ofResult(_: readonly Value[], result: Value | CelError): number {
  return actual(1, costSize(result));
}

/** Of comparing everything with everything. */
export function selfCompare(list: ListValue): number {
  const size = list.size();
  const kind = size === 0 ? undefined : typeOf(list.at(0)).kind;
  const long = kind === 'string' || kind === 'bytes';
  return actual(2 + (long ? traversalFactor : 0), size * size);
}

/** As `actual`, before the call. */
export function allocating(factor: number, size: Range): CallEstimate {
  return { cost: addRanges(scaleRange(size, factor), fixed(1 + listCost)), resultSize: size };
}

/** The constant a node is, nothing below zero; `otherwise` for all that are not constant. */
export function literalOr(node: CostNode, otherwise: number): number {
  const { expr } = node;
  if (expr.kind !== 'literal' || typeof expr.value !== 'bigint') return otherwise;
  return expr.value < 0n ? 0 : Number(expr.value);
}

/** As `selfCompare`, before the call. */
export function sortEstimate(sizes: SizeEstimator, node: CostNode, element: CelType): CallEstimate {
  const size = estimatedSize(sizes, node);
  const long = element === stringType || element === bytesType;
  return allocating(2 + (long ? traversalFactor : 0), multiplyRanges(size, size));
}
