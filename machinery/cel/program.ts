/** Compiled expressions as they are run: what goes in, what comes out, what it cost. */
import { CelError, type Result, type Value } from './values.ts';

/** Where an expression's variables come from. */
export interface Activation {
  /** The value of a variable, an error instead of it, `undefined` where there is none. */
  resolve(name: string): Result | undefined;
}

/** Limits of one evaluation. */
export interface EvaluateOptions {
  /** Stops an evaluation that costs more; its result is `costLimitExceeded`. */
  readonly costLimit?: number;
}

/** What an evaluation came to. */
export interface Evaluation {
  readonly result: Result;
  /** What it cost, also when it failed. */
  readonly cost: number;
}

/** An expression ready to run, as often as one likes; evaluations share nothing. */
export interface Program {
  evaluate(vars: Activation, options?: EvaluateOptions): Evaluation;
}

/** The error of an evaluation that went over its cost limit. */
export const costLimitExceeded = new CelError('operation cancelled: actual cost limit exceeded');

/** Variables from a record; functions are called once, when their variable is first asked for. */
export function activation(bindings: Readonly<Record<string, Value | (() => Result)>>): Activation {
  const computed = new Map<string, Result>();
  return {
    resolve(name) {
      if (!Object.hasOwn(bindings, name)) return undefined;
      const bound = bindings[name]!;
      if (typeof bound !== 'function') return bound;
      let value = computed.get(name);
      if (value === undefined) {
        value = bound();
        computed.set(name, value);
      }
      return value;
    },
  };
}
