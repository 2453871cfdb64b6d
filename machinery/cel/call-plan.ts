/** Calls of functions: to the overload the checker found, or to what fits at run time. */
import type { CallNode } from './ast.ts';
import { type CallCost, callCost } from './call-cost.ts';
import type { Eval } from './frame.ts';
import type { FunctionDeclaration, Implementation } from './library.ts';
import { type PlannerOptions, PlanProblem, type Step } from './plan.ts';
import { compileRegexp } from './regexp.ts';
import { acceptsAll, noOverloadFor } from './runtime-types.ts';
import { specialCall } from './special-calls.ts';
import { foldedFunctions } from './standard/conversions.ts';
import { CelError, noSuchOverload, type Result, typeOf, type Value } from './values.ts';

/** Plans a call whose arguments, the receiver first, are planned. */
export function planCall(options: PlannerOptions, e: CallNode, args: readonly Step[]): Step {
  const ids = e.reference?.overloads ?? [];
  const known = ids.length === 1 ? ids[0]! : '';
  const special = specialCall(e.function, known, args, options.costs);
  if (special !== undefined) return special;
  const fn = options.declarations.functions.get(e.function)!;
  const target =
    patternTarget(e.function, args) ?? checkedPattern(fn, targetOf(fn, known, args.length), args);
  const constant = args[0]?.constant;
  if (args.length === 1 && constant !== undefined && foldedFunctions.has(fn.name)) {
    const value = target.call(constant.value);
    if (value instanceof CelError) throw new PlanProblem(value);
    return { eval: () => value, constant: { value } };
  }
  const overload = fn.overloads.find((o) => o.id === known);
  const cost = callCost(fn.name, overload, options.costs);
  return { eval: evaluation(args, target, cost) };
}

/** What a call runs. */
interface Target {
  readonly call: Implementation;
  /** Takes no errors as arguments. */
  readonly strict: boolean;
  /** The first argument that is an error ends the call; the others are not looked at. */
  readonly inTurn: boolean;
}

function evaluation(args: readonly Step[], { call, strict, inTurn }: Target, cost: CallCost): Eval {
  if (args.length === 1) return ofOne(args[0]!.eval, call, strict, cost);
  if (args.length === 2 && strict && !inTurn)
    return ofTwo(args[0]!.eval, args[1]!.eval, call, cost);
  const evals = args.map((a) => a.eval);
  return (frame) => {
    const values: Value[] = [];
    for (const argument of evals) {
      const value = argument(frame);
      // Overloads that are not strict know errors when they see them.
      values.push(value as Value);
      if (!(strict && value instanceof CelError)) continue;
      // A call is charged where all its arguments were looked at.
      if (values.length === evals.length) frame.charge(cost(values, value));
      return value;
    }
    const result = call(...values);
    frame.charge(cost(values, result));
    return result;
  };
}

function ofOne(argument: Eval, call: Implementation, strict: boolean, cost: CallCost): Eval {
  return (frame) => {
    const value = argument(frame);
    const result = strict && value instanceof CelError ? value : call(value as Value);
    frame.charge(cost([value as Value], result));
    return result;
  };
}

/** Both sides are looked at, also when the first is an error. */
function ofTwo(left: Eval, right: Eval, call: Implementation, cost: CallCost): Eval {
  return (frame) => {
    const a = left(frame);
    const b = right(frame);
    let result: Result;
    if (a instanceof CelError) result = a;
    else result = b instanceof CelError ? b : call(a, b);
    frame.charge(cost([a as Value, b as Value], result));
    return result;
  };
}

function targetOf(fn: FunctionDeclaration, known: string, count: number): Target {
  if (fn.singleton !== undefined) {
    return { call: singleton(fn, fn.singleton), strict: true, inTurn: count > 2 };
  }
  const overloads = known === '' ? fn.overloads : fn.overloads.filter((o) => o.id === known);
  const strict = !overloads.some((o) => o.nonStrict);
  if (overloads.length === 1) {
    const { params, nonStrict = false, call = () => noSuchOverload } = overloads[0]!;
    const guarded: Implementation = (...args) =>
      acceptsAll(params, args, nonStrict) ? call(...args) : noOverloadFor(fn.name, args);
    return { call: guarded, strict, inTurn: count > 2 };
  }
  const dispatched: Implementation = (...args) => {
    for (const { params, nonStrict = false, call } of overloads) {
      if (call !== undefined && acceptsAll(params, args, nonStrict)) return call(...args);
    }
    return noOverloadFor(fn.name, args);
  };
  return { call: dispatched, strict, inTurn: true };
}

function singleton({ name, operands }: FunctionDeclaration, call: Implementation): Implementation {
  if (operands === undefined) return call;
  const other = new CelError(`no such overload: ${name}`);
  return (...args) => {
    const { kind } = typeOf(args[0]!);
    if (operands.has(kind)) return call(...args);
    // These dispatch their methods themselves, in other words.
    return kind === 'string' || kind === 'timestamp' || kind === 'duration'
      ? noSuchOverload
      : other;
  };
}

/** `x.matches('constant')`: the pattern is compiled once. */
function patternTarget(name: string, args: readonly Step[]): Target | undefined {
  const pattern = args[1]?.constant?.value;
  if (name !== 'matches' || typeof pattern !== 'string') return undefined;
  const compiled = compileRegexp(pattern);
  if (compiled instanceof CelError) throw new PlanProblem(compiled);
  const call: Implementation = (s) => (typeof s === 'string' ? compiled.test(s) : noSuchOverload);
  return { call, strict: true, inTurn: true };
}

/** `x.find('constant')`: what does not compile is told before it runs. */
function checkedPattern(fn: FunctionDeclaration, target: Target, args: readonly Step[]): Target {
  const { patternArgument } = fn;
  const pattern = patternArgument === undefined ? undefined : args[patternArgument];
  if (typeof pattern?.constant?.value !== 'string') return target;
  const compiled = compileRegexp(pattern.constant.value);
  if (compiled instanceof CelError) throw new PlanProblem(compiled);
  return { ...target, inTurn: true };
}
