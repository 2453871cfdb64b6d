/**
 * What an expression may cost, before it runs: a range, from what it says of sizes itself and what
 * its caller knows of them.
 */
import type { CallNode, ComprehensionNode, Expr, ListNode, MapNode, SelectNode } from './ast.ts';
import { listCost, mapCost, structCost } from './call-cost.ts';
import { costSum, type EstimatedArguments, estimateByDefault } from './call-estimate.ts';
import {
  addRanges,
  type CallEstimate,
  type CostEstimator,
  fixed,
  multiplyRanges,
  type Range,
  unbounded,
  unionRanges,
  unknownSize,
} from './estimate.ts';
import type { FunctionDeclaration } from './library.ts';
import { type EntrySizes, SizeTable, unionEntries } from './size-table.ts';

/** What an estimate has to know of an environment. */
export interface EstimateOptions {
  readonly functions: ReadonlyMap<string, FunctionDeclaration>;
  readonly presenceTestCost: 0 | 1;
}

/** The costs of the checked tree at `root`. */
export function estimate(root: Expr, estimator: CostEstimator, options: EstimateOptions): Range {
  return new CostEstimation(estimator, options).cost(root);
}

const nothing = fixed(0);
const one = fixed(1);
/** What a union begins with. */
const empty: Range = { min: unbounded, max: 0 };

class CostEstimation {
  private readonly estimator: CostEstimator;
  private readonly options: EstimateOptions;
  private readonly table: SizeTable;

  constructor(estimator: CostEstimator, options: EstimateOptions) {
    this.estimator = estimator;
    this.options = options;
    this.table = new SizeTable(estimator);
  }

  cost(e: Expr): Range {
    switch (e.kind) {
      case 'literal':
        return nothing;
      case 'ident':
        this.table.setPath(e, this.table.local(e.name)?.path ?? [e.name]);
        return one;
      case 'select':
        return this.select(e);
      case 'call':
        return this.call(e);
      case 'list':
        return this.list(e);
      case 'map':
        return this.map(e);
      case 'struct':
        return addRanges(costSum(e.fields.map((f) => this.cost(f.value))), fixed(structCost));
      case 'comprehension':
        return isBinding(e) ? this.binding(e) : this.comprehension(e);
    }
  }

  private select(e: SelectNode): Range {
    if (e.reference?.name !== undefined) {
      this.table.setPath(e, [e.reference.name]);
      return one;
    }
    const operand = this.cost(e.operand);
    if (e.test) return addRanges(fixed(this.options.presenceTestCost), operand);
    this.table.setPath(e, [...this.table.path(e.operand), e.field]);
    switch (e.operand.type?.kind) {
      case 'map':
      case 'struct':
      case 'param':
        return addRanges(operand, one);
      default:
        return operand;
    }
  }

  private call(e: CallNode): Range {
    if (e.function === 'dyn') return this.dyn(e.args[0]!, e);
    const costs = e.args.map((arg) => this.cost(arg));
    const args = e.args.map((arg) => this.table.node(arg));
    const overloads = e.reference?.overloads ?? [];
    if (overloads.length === 0) return nothing;
    const targetCost = e.target === undefined ? nothing : this.cost(e.target);
    const target = e.target === undefined ? undefined : this.table.node(e.target);
    let cost = empty;
    let resultSize: Range | undefined;
    for (const overload of overloads) {
      const found = this.overload(e, overload, { target, args, costs });
      cost = unionRanges(cost, found.cost);
      resultSize = unionSizes(resultSize, found.resultSize);
      const part = indexParts[overload];
      if (part !== undefined) {
        resultSize = this.table.entries(e.args[0]!)?.value;
        this.table.setPath(e, [...this.table.path(e.args[0]!), part]);
      }
      resultSize ??= this.table.size(e);
    }
    this.table.setSize(e, resultSize);
    return addRanges(targetCost, cost);
  }

  private dyn(arg: Expr, e: Expr): Range {
    const cost = this.cost(arg);
    this.copySizes(e, arg);
    return addRanges(one, cost);
  }

  private copySizes(to: Expr, from: Expr): void {
    this.table.setSize(to, this.table.size(from));
    this.table.setEntries(to, this.table.entries(from));
  }

  private overload(e: CallNode, id: string, call: EstimatedArguments): CallEstimate {
    const { target, args, costs } = call;
    const declared = this.options.functions.get(e.function)?.overloads.find((o) => o.id === id);
    const special =
      declared?.estimate?.(this.estimator, target, args) ??
      this.estimator.call(e.function, id, target, args);
    if (special !== undefined) {
      return { ...special, cost: addRanges(special.cost, costSum(costs)) };
    }
    if (id === 'conditional') this.setUnion(e, e.args[1]!, e.args[2]!);
    if (/^add_(?:list|string|bytes)$/.test(id)) this.setUnion(e, e.args[0]!, e.args[1]!);
    return estimateByDefault(id, call);
  }

  private setUnion(e: Expr, a: Expr, b: Expr): void {
    this.table.setEntries(e, unionEntries(this.table.entries(a), this.table.entries(b)));
  }

  private list(e: ListNode): Range {
    let cost = nothing;
    let value = e.elements.length === 0 ? nothing : empty;
    for (const element of e.elements) {
      cost = addRanges(cost, this.cost(element));
      value = unionRanges(value, this.table.size(element) ?? unknownSize);
    }
    this.table.setEntries(e, { container: 'list', key: one, value });
    return addRanges(cost, fixed(listCost));
  }

  private map(e: MapNode): Range {
    let cost = nothing;
    let key = e.entries.length === 0 ? nothing : empty;
    let value = key;
    for (const entry of e.entries) {
      cost = addRanges(addRanges(cost, this.cost(entry.key)), this.cost(entry.value));
      key = unionRanges(key, this.table.size(entry.key) ?? unknownSize);
      value = unionRanges(value, this.table.size(entry.value) ?? unknownSize);
    }
    this.table.setEntries(e, { container: 'map', key, value });
    return addRanges(cost, fixed(mapCost));
  }

  private binding(e: ComprehensionNode): Range {
    const init = addRanges(this.cost(e.range), this.cost(e.init));
    this.pushAccumulator(e);
    const cost = addRanges(init, this.cost(e.result));
    this.table.pop(e.accumulator);
    this.copySizes(e, e.result);
    return cost;
  }

  private pushAccumulator(e: ComprehensionNode): void {
    const { table } = this;
    const [size, entries] = [table.size(e.init), table.entries(e.init)];
    table.push(e.accumulator, { path: table.path(e.init), size, entries });
  }

  private comprehension(e: ComprehensionNode): Range {
    const init = addRanges(this.cost(e.range), this.cost(e.init));
    this.pushAccumulator(e);
    this.pushVariables(e);
    const each = addRanges(this.cost(e.condition), this.cost(e.step));
    this.table.pop(e.variable);
    if (e.variable2 !== undefined) this.table.pop(e.variable2);
    const once = addRanges(init, this.cost(e.result));
    this.table.pop(e.accumulator);
    const count = this.table.size(e.range) ?? unknownSize;
    if (e.init.kind === 'literal') this.table.setSize(e, this.table.size(e.init));
    if (e.init.kind === 'list' || e.init.kind === 'map') {
      this.table.setSize(e, count);
      this.table.setEntries(e, this.table.entries(e.step));
    }
    return addRanges(once, multiplyRanges(count, each));
  }

  private pushVariables(e: ComprehensionNode): void {
    const entries: EntrySizes | undefined = this.table.entries(e.range);
    const isList = (entries?.container ?? e.range.type?.kind) === 'list';
    const path = this.table.path(e.range);
    const push = (name: string, part: string, size: Range | undefined): void =>
      this.table.push(name, { path: [...path, part], size, entries: undefined });
    if (e.variable2 === undefined) {
      if (isList) push(e.variable, '@items', entries?.value);
      else push(e.variable, '@keys', entries?.key);
      return;
    }
    push(e.variable, isList ? '@indices' : '@keys', entries?.key);
    push(e.variable2, isList ? '@items' : '@values', entries?.value);
  }
}

const indexParts: Readonly<Record<string, string>> = {
  index_list: '@items',
  index_map: '@values',
};

function unionSizes(a: Range | undefined, b: Range | undefined): Range | undefined {
  return a === undefined || b === undefined ? (a ?? b) : unionRanges(a, b);
}

/** Whether it only gives a name to a value, as `cel.bind` does. */
function isBinding(e: ComprehensionNode): boolean {
  return (
    e.range.kind === 'list' &&
    e.range.elements.length === 0 &&
    e.condition.kind === 'literal' &&
    e.condition.value === false &&
    e.accumulator !== '__result__'
  );
}
