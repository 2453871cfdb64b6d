/**
 * Checked trees as closures, made once and run often. Constants are computed here, patterns
 * compiled, names of variables resolved; costs are charged as the reference charges them.
 */
import type {
  CallNode,
  Expr,
  IdentNode,
  ListNode,
  MapNode,
  SelectNode,
  StructNode,
} from './ast.ts';
import { type Attribute, isKey, type Qualifier, resolver } from './attributes.ts';
import { listCost, mapCost, structCost } from './call-cost.ts';
import { planCall } from './call-plan.ts';
import { planFold } from './fold.ts';
import type { Eval, Frame } from './frame.ts';
import { goTypeName } from './go-type-name.ts';
import { ArrayList } from './list-value.ts';
import { EntriesMap } from './map-value.ts';
import * as operators from './operators.ts';
import { elementError, entryError } from './optional-errors.ts';
import { type PlannerOptions, PlanProblem, type Step } from './plan.ts';
import type { CelType } from './types.ts';
import { CelError, noSuchOverload, Optional, type Result, type Value } from './values.ts';

/** Plans trees; holds what is the same for all nodes. */
export class Planner {
  readonly options: PlannerOptions;
  /** How many variables of comprehensions a frame needs. */
  locals = 0;
  private readonly scopes: Map<string, Eval>[] = [];

  constructor(options: PlannerOptions) {
    this.options = options;
  }

  plan(e: Expr): Step {
    switch (e.kind) {
      case 'literal':
        return constantStep(e.value);
      case 'ident':
        return this.ident(e);
      case 'select':
        return this.select(e);
      case 'call':
        return this.call(e);
      case 'list':
        return this.list(e);
      case 'map':
        return this.map(e);
      case 'struct':
        return this.struct(e);
      case 'comprehension':
        return planFold(this, e);
    }
  }

  /** Plans `e` with variables of a comprehension in place; the names hide those outside. */
  within(variables: readonly (readonly [string, Eval])[], e: Expr): Step {
    this.scopes.push(new Map(variables));
    const step = this.plan(e);
    this.scopes.pop();
    return step;
  }

  /** A place for a variable of a comprehension. */
  local(): number {
    return this.locals++;
  }

  private ident(e: IdentNode): Step {
    const { reference } = e;
    if (reference?.value !== undefined) return constantStep(reference.value);
    const name = reference?.name ?? e.name;
    return this.named(name, e.type);
  }

  /** A type where the name is one, or a variable. */
  private named(name: string, of: CelType | undefined): Step {
    if (of?.kind === 'type') {
      const { typeNames, provider } = this.options.declarations;
      const type = typeNames.get(name) ?? provider.findType(name);
      if (type !== undefined) return constantStep(type);
    }
    return attributeStep({ base: this.variable(name), qualifiers: [], cost: 1 });
  }

  private variable(name: string): Eval {
    for (let i = this.scopes.length - 1; i >= 0; i--) {
      const local = this.scopes[i]!.get(name);
      if (local !== undefined) return local;
    }
    const missing = new CelError(`no such attribute(s): ${name}`);
    return (frame) => {
      // Null is a value like any other.
      const value = frame.vars.resolve(name);
      return value === undefined ? missing : value;
    };
  }

  private select(e: SelectNode): Step {
    if (e.reference !== undefined) {
      const { name, value } = e.reference;
      if (value !== undefined) return constantStep(value);
      return this.named(name!, e.type);
    }
    const key: Eval = () => e.field;
    const attribute = extended(this.plan(e.operand), { optional: false, test: e.test, key });
    return e.test ? this.presence(attribute) : attributeStep(attribute);
  }

  private presence(attribute: Attribute): Step {
    const resolve = resolver(attribute);
    const cost = attribute.cost - 1 + this.options.presenceTestCost;
    const evaluate: Eval = (frame) => {
      const found = resolve(frame);
      frame.charge(cost);
      return found instanceof Optional ? found.value !== undefined : found;
    };
    return { eval: evaluate, attribute };
  }

  private call(e: CallNode): Step {
    const nodes = e.target === undefined ? e.args : [e.target, ...e.args];
    const args = nodes.map((n) => this.plan(n));
    switch (e.function) {
      case operators.logicalAnd:
        return logical(args, false);
      case operators.logicalOr:
        return logical(args, true);
      case operators.conditional:
        return conditional(args);
      case operators.index:
        return this.index(args, false);
      case operators.optionalIndex:
      case operators.optionalSelect:
        return this.index(args, true);
      default:
        return planCall(this.options, e, args);
    }
  }

  private index([object, key]: readonly Step[], optional: boolean): Step {
    const { constant, attribute } = key!;
    if (constant !== undefined && !isKey(constant.value)) {
      const type = goTypeName(constant.value);
      throw new PlanProblem(new CelError(`invalid qualifier type: ${type}`));
    }
    const qualifier: Qualifier = {
      optional,
      test: false,
      key: attribute === undefined ? key!.eval : resolver(attribute),
    };
    return attributeStep(extended(object!, qualifier));
  }

  private list(e: ListNode): Step {
    const steps = e.elements.map((element) => this.plan(element));
    const evals = steps.map((s) => s.eval);
    const build = (frame: Frame): Result => {
      const values: Value[] = [];
      for (let i = 0; i < evals.length; i++) {
        const value = evals[i]!(frame);
        if (value instanceof CelError) return value;
        if (!e.optional.has(i)) values.push(value);
        else if (!(value instanceof Optional)) return elementError(value);
        else if (value.value !== undefined) values.push(value.value);
      }
      return new ArrayList(values);
    };
    if (steps.every((s) => s.constant !== undefined)) return folded(build);
    return { eval: charging(build, listCost) };
  }

  private map(e: MapNode): Step {
    const entries = e.entries.map(({ key, value, optional }) => ({
      key: this.plan(key),
      value: this.plan(value),
      optional,
    }));
    const build = (frame: Frame): Result => {
      const made: (readonly [Value, Value])[] = [];
      for (const entry of entries) {
        const key = entry.key.eval(frame);
        if (key instanceof CelError) return key;
        const value = entry.value.eval(frame);
        if (value instanceof CelError) return value;
        if (!entry.optional) made.push([key, value]);
        else if (!(value instanceof Optional)) return entryError(key, value);
        else if (value.value !== undefined) made.push([key, value.value]);
      }
      return new EntriesMap(made);
    };
    const fixed = entries.every((s) => s.key.constant && s.value.constant);
    return fixed ? folded(build) : { eval: charging(build, mapCost) };
  }

  private struct(e: StructNode): Step {
    const fields = e.fields.map((f) => ({ ...f, step: this.plan(f.value) }));
    const { provider } = this.options.declarations;
    const build = (frame: Frame): Result => {
      const made = new Map<string, Value>();
      for (const { name, step, optional } of fields) {
        const value = step.eval(frame);
        if (value instanceof CelError) return value;
        if (!optional) made.set(name, value);
        else if (!(value instanceof Optional)) return entryError(name, value);
        else if (value.value !== undefined) made.set(name, value.value);
        else made.delete(name);
      }
      if (provider.create !== undefined) return provider.create(e.name, made);
      return new CelError(`unknown type '${e.name}'`);
    };
    return { eval: charging(build, structCost) };
  }
}

/** A step that is a value known beforehand. */
export function constantStep(value: Value): Step {
  return { eval: () => value, constant: { value } };
}

/** A step that is computed now, since all it needs is known; an error is the plan's. */
export function folded(build: Eval): Step {
  const value = build(noFrame);
  if (value instanceof CelError) throw new PlanProblem(value);
  return constantStep(value);
}

/** For steps that look at nothing but constants. */
const noFrame = {} as Frame;

function charging(build: Eval, cost: number): Eval {
  return (frame) => {
    const value = build(frame);
    frame.charge(cost);
    return value;
  };
}

function attributeStep(attribute: Attribute): Step {
  const resolve = resolver(attribute);
  if (attribute.cost === 0) return { eval: resolve, attribute };
  const evaluate: Eval = (frame) => {
    const value = resolve(frame);
    frame.charge(1);
    return value;
  };
  return { eval: evaluate, attribute };
}

/** The way on from a step. */
function extended(from: Step, qualifier: Qualifier): Attribute {
  const { attribute } = from;
  if (attribute === undefined) return { base: from.eval, qualifiers: [qualifier], cost: 1 };
  return { ...attribute, qualifiers: [...attribute.qualifiers, qualifier] };
}

/** `a || b`: what decides wins over errors on the other side. */
function logical(args: readonly Step[], decisive: boolean): Step {
  const evals = args.map((a) => a.eval);
  const evaluate: Eval = (frame) => {
    let error: CelError | undefined;
    for (const term of evals) {
      const value = term(frame);
      if (value === decisive) return value;
      if (typeof value === 'boolean') continue;
      error ??= value instanceof CelError ? value : noSuchOverload;
    }
    return error ?? !decisive;
  };
  return { eval: evaluate };
}

/** `a ? b : c`: a way whose base is one of two, so that variables in it cost nothing. */
function conditional([condition, yes, no]: readonly Step[]): Step {
  const arm = (s: Step): Eval => (s.attribute === undefined ? s.eval : resolver(s.attribute));
  const [test, then, otherwise] = [condition!.eval, arm(yes!), arm(no!)];
  const base: Eval = (frame) => {
    const value = test(frame);
    if (value === true) return then(frame);
    if (value === false) return otherwise(frame);
    return value instanceof CelError ? value : noSuchOverload;
  };
  return attributeStep({ base, qualifiers: [], cost: 0 });
}
