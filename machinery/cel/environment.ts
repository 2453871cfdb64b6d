/**
 * Where expressions are compiled: variables, functions, types. Made once from libraries, extended
 * cheaply, never changed.
 *
 *     const env = standardEnvironment.extend({ variables: { object: dynType } });
 *     const compiled = env.compile('object.spec.replicas <= 5');
 *     if (compiled instanceof Issues) return `compilation failed: ${compiled}`;
 *     const program = env.program(compiled);
 *     if (program instanceof CelError) return `program instantiation failed: ${program}`;
 *     const vars = activation({ object: adapt(pod) });
 *     const { result, cost } = program.evaluate(vars, { costLimit: 1_000_000 });
 */
import type { Expr } from './ast.ts';
import { check } from './checker.ts';
import { estimate } from './cost-estimation.ts';
import type { CostEstimator, Range } from './estimate.ts';
import { CostLimitReached, Frame } from './frame.ts';
import { Issues } from './issues.ts';
import type { CallCosts, FunctionDeclaration, Library, Validator } from './library.ts';
import type { Macro } from './macro.ts';
import { parse } from './parser.ts';
import { PlanProblem, type Step } from './plan.ts';
import { Planner } from './planner.ts';
import { costLimitExceeded, type Program } from './program.ts';
import type { Declarations } from './scopes.ts';
import { Source } from './source.ts';
import { wellKnownMessages } from './standard/messages.ts';
import { crossTypeOverloads } from './standard/relations.ts';
import { standardLibrary } from './standard/standard.ts';
import { homogeneousLiterals } from './standard/validators.ts';
import type { TypeProvider } from './type-provider.ts';
import { type CelType, sameType } from './types.ts';
import { CelError } from './values.ts';

/** What an environment has beside that of which it is an extension. */
export interface EnvironmentOptions {
  readonly libraries?: readonly Library[];
  /** Variables by name, dots allowed: `request`, `variables.foo`. */
  readonly variables?: Readonly<Record<string, CelType>>;
  /** Types with fields; asked before those of the environment that is extended. */
  readonly types?: TypeProvider;
  /** Lists and maps have to be of one type: `[1, "a"]` does not check. */
  readonly homogeneousLiterals?: boolean;
  /** `1 < 2.0` and `1u > dyn(-1)` check. */
  readonly crossTypeComparisons?: boolean;
  /** `a.?b`, `a[?b]`, `[?a]`, `{?k: v}` parse. */
  readonly optionalSyntax?: boolean;
  /** Costs of calls, after those that overloads bring themselves. */
  readonly costs?: CallCosts;
  /** What `has(x.y)` and its like cost, at run time and in estimates. */
  readonly presenceTestCost?: 0 | 1;
}

/** A checked expression. */
export interface Compiled {
  readonly source: Source;
  readonly root: Expr;
  /** What it evaluates to. */
  readonly outputType: CelType;
}

interface Settings {
  readonly crossTypeComparisons: boolean;
  readonly optionalSyntax: boolean;
  readonly costs: CallCosts | undefined;
  readonly presenceTestCost: 0 | 1;
}

interface Contents {
  readonly variables: ReadonlyMap<string, CelType>;
  readonly typeNames: ReadonlyMap<string, CelType>;
  readonly functions: ReadonlyMap<string, FunctionDeclaration>;
  readonly macros: readonly Macro[];
  readonly validators: readonly Validator[];
  readonly provider: TypeProvider;
  readonly settings: Settings;
}

/** Compiles and plans expressions. */
export class CelEnvironment {
  private readonly contents: Contents;
  private readonly declarations: Declarations;

  constructor(contents: Contents) {
    this.contents = contents;
    const disabledOverloads = contents.settings.crossTypeComparisons ? none : crossType;
    this.declarations = { ...contents, disabledOverloads };
  }

  /** This one and more; a variable or overload declared again has to be the same. */
  extend(options: EnvironmentOptions): CelEnvironment {
    const { libraries = [], variables = {}, types } = options;
    const { settings, provider } = this.contents;
    const all = [...libraries, { name: 'variables', variables }];
    return new CelEnvironment({
      variables: withVariables(this.contents.variables, all),
      typeNames: withTypes(this.contents.typeNames, libraries),
      functions: withFunctions(this.contents.functions, libraries),
      macros: [...this.contents.macros, ...libraries.flatMap((l) => l.macros ?? [])],
      validators: withValidators(
        this.contents.validators,
        options.homogeneousLiterals ? [homogeneousLiterals] : [],
        libraries,
      ),
      provider: types === undefined ? provider : layered(types, provider),
      settings: {
        crossTypeComparisons: options.crossTypeComparisons ?? settings.crossTypeComparisons,
        optionalSyntax: options.optionalSyntax ?? settings.optionalSyntax,
        costs: options.costs ?? settings.costs,
        presenceTestCost: options.presenceTestCost ?? settings.presenceTestCost,
      },
    });
  }

  /** Parses and checks. */
  compile(text: string): Compiled | Issues {
    const source = new Source(text);
    const issues = new Issues(source);
    const { macros, settings, validators, functions } = this.contents;
    const root = parse(source, { macros, optionalSyntax: settings.optionalSyntax }, issues);
    if (root === undefined) return issues;
    check(root, this.declarations, issues);
    if (issues.size > 0) return issues;
    for (const validator of validators) {
      validator.check(
        root,
        (at, message) => issues.report(at, message),
        (name) => functions.get(name)?.overloads ?? [],
      );
    }
    return issues.size > 0 ? issues : { source, root, outputType: root.type! };
  }

  /** From what to what it may cost. */
  estimateCost({ root }: Compiled, estimator: CostEstimator): Range {
    const { functions, settings } = this.contents;
    return estimate(root, estimator, { functions, presenceTestCost: settings.presenceTestCost });
  }

  /** Ready to run; an error where a constant of it cannot be (`int('a')`, a wrong pattern). */
  program(compiled: Compiled): Program | CelError {
    const { costs, presenceTestCost } = this.contents.settings;
    const planner = new Planner({ declarations: this.declarations, costs, presenceTestCost });
    let step: Step;
    try {
      step = planner.plan(compiled.root);
    } catch (e) {
      if (e instanceof PlanProblem) return e.error;
      throw e;
    }
    const { locals } = planner;
    return {
      evaluate(vars, { costLimit = Number.POSITIVE_INFINITY } = {}) {
        const frame = new Frame(vars, locals, costLimit);
        try {
          return { result: step.eval(frame), cost: frame.cost };
        } catch (e) {
          if (e instanceof CostLimitReached) return { result: costLimitExceeded, cost: frame.cost };
          // A text or a nesting beyond what can be held; whatever else is thrown is not ours.
          if (!(e instanceof RangeError)) throw e;
          return { result: new CelError(`internal error: ${e.message}`), cost: frame.cost };
        }
      },
    };
  }
}

const none: ReadonlySet<string> = new Set();
const crossType: ReadonlySet<string> = new Set(crossTypeOverloads);

function withVariables(
  before: ReadonlyMap<string, CelType>,
  libraries: readonly Library[],
): ReadonlyMap<string, CelType> {
  const all = new Map(before);
  for (const { variables = {} } of libraries) {
    for (const [name, type] of Object.entries(variables)) {
      const known = all.get(name);
      if (known !== undefined && !sameType(known, type)) {
        throw new Error(`overlapping identifier for name '${name}'`);
      }
      all.set(name, type);
    }
  }
  return all;
}

function withTypes(
  before: ReadonlyMap<string, CelType>,
  libraries: readonly Library[],
): ReadonlyMap<string, CelType> {
  const all = new Map(before);
  for (const { types = [] } of libraries) for (const type of types) all.set(type.name, type);
  return all;
}

function withFunctions(
  before: ReadonlyMap<string, FunctionDeclaration>,
  libraries: readonly Library[],
): ReadonlyMap<string, FunctionDeclaration> {
  const all = new Map(before);
  for (const { functions = [] } of libraries) {
    for (const fn of functions) {
      const known = all.get(fn.name);
      all.set(fn.name, known === undefined ? fn : merged(known, fn));
    }
  }
  return all;
}

function withValidators(
  before: readonly Validator[],
  added: readonly Validator[],
  libraries: readonly Library[],
): readonly Validator[] {
  const all = new Map<string, Validator>();
  const brought = libraries.flatMap((l) => l.validators ?? []);
  for (const v of [...before, ...added, ...brought]) all.set(v.name, v);
  return [...all.values()];
}

/** Overloads of both; one declared again is replaced. */
function merged(a: FunctionDeclaration, b: FunctionDeclaration): FunctionDeclaration {
  const replaced = new Map(b.overloads.map((o) => [o.id, o]));
  const kept = a.overloads.map((o) => replaced.get(o.id) ?? o);
  const added = b.overloads.filter((o) => !a.overloads.some((k) => k.id === o.id));
  return { ...a, ...b, overloads: [...kept, ...added] };
}

function layered(first: TypeProvider, second: TypeProvider): TypeProvider {
  const of = (type: string): TypeProvider => (first.findType(type) === undefined ? second : first);
  return {
    findType: (name) => first.findType(name) ?? second.findType(name),
    findField: (type, field) => of(type).findField(type, field),
    findConstant: (name) => first.findConstant?.(name) ?? second.findConstant?.(name),
    create: (type, fields) => {
      const { create } = of(type);
      if (create === undefined) return new CelError(`unknown type '${type}'`);
      return create(type, fields);
    },
  };
}

/** The language by itself. */
export const standardEnvironment = new CelEnvironment({
  variables: new Map(),
  typeNames: new Map(),
  functions: new Map(),
  macros: [],
  validators: [],
  provider: wellKnownMessages,
  settings: {
    crossTypeComparisons: false,
    optionalSyntax: false,
    costs: undefined,
    presenceTestCost: 1,
  },
}).extend({ libraries: [standardLibrary] });
