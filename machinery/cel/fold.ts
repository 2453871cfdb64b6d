/** Comprehensions: folds over lists and maps. */
import type { ComprehensionNode } from './ast.ts';
import type { Eval, Frame } from './frame.ts';
import { goTypeName } from './go-type-name.ts';
import { GatheredList, ListValue } from './list-value.ts';
import { GatheredMap, MapValue } from './map-value.ts';
import type { Step } from './plan.ts';
import type { Planner } from './planner.ts';
import { CelError, type Result, type Value } from './values.ts';

/** Plans a fold. Its accumulator is computed when it is first looked at. */
export function planFold(planner: Planner, e: ComprehensionNode): Step {
  const [accumulator, first, second] = [planner.local(), planner.local(), planner.local()];
  const init = planner.plan(e.init).eval;
  const range = planner.plan(e.range).eval;
  const accumulated: Eval = (frame) => {
    const known = frame.locals[accumulator];
    if (known !== undefined) return known;
    const value = gathering(init(frame));
    frame.locals[accumulator] = value;
    return value;
  };
  const own = [[e.accumulator, accumulated]] as const;
  const each: (readonly [string, Eval])[] = [[e.variable, local(first)]];
  if (e.variable2 !== undefined) each.push([e.variable2, local(second)]);
  const inside = [...each, ...own];
  const condition = planner.within(inside, e.condition).eval;
  const step = planner.within(inside, e.step).eval;
  const result = planner.within(own, e.result).eval;
  const goOn = (frame: Frame, a: Value, b: Value | undefined): boolean => {
    frame.locals[first] = a;
    frame.locals[second] = b;
    if (condition(frame) === false) return false;
    frame.locals[accumulator] = step(frame);
    return true;
  };
  const both = e.variable2 !== undefined;
  const evaluate: Eval = (frame) => {
    const over = range(frame);
    if (over instanceof CelError) return over;
    frame.locals[accumulator] = undefined;
    const problem = iterate(over, both, (a, b) => goOn(frame, a, b));
    return problem ?? finished(result(frame));
  };
  return { eval: evaluate };
}

function local(place: number): Eval {
  return (frame) => frame.locals[place]!;
}

type Each = (first: Value, second: Value | undefined) => boolean;

/** Goes over `range` until `each` says no. With two variables they are index or key, and value. */
function iterate(range: Value, both: boolean, each: Each): CelError | undefined {
  if (range instanceof ListValue) {
    for (let i = 0; i < range.size(); i++) {
      if (!(both ? each(BigInt(i), range.at(i)) : each(range.at(i), undefined))) break;
    }
    return undefined;
  }
  if (range instanceof MapValue) {
    for (const key of range.keys()) {
      const value = both ? range.find(key) : undefined;
      if (value instanceof CelError) return value;
      if (!each(key, value)) break;
    }
    return undefined;
  }
  const type = goTypeName(range);
  return new CelError(
    both
      ? `unsupported comprehension range type: ${type}`
      : `got '${type}', expected iterable type`,
  );
}

/** Empty lists and maps are gathered in place: adding to a copy each time takes the square. */
function gathering(init: Result): Result {
  if (init instanceof ListValue && init.size() === 0) return new GatheredList();
  if (init instanceof MapValue && init.size() === 0) return new GatheredMap();
  return init;
}

function finished(result: Result): Result {
  return result instanceof GatheredList || result instanceof GatheredMap ? result.finish() : result;
}
