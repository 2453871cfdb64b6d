/** `variables`: evaluated when they are first asked for, once for all expressions that follow. */
import { MapValue } from '../../machinery/cel/map-value.ts';
import type { Activation } from '../../machinery/cel/program.ts';
import { CelError, type Result, type Value } from '../../machinery/cel/values.ts';
import { callCostLimit } from './budget.ts';
import type { CompiledExpression, ExpressionProblem } from './compile.ts';

/** By name; what does not compile fails when it is asked for. */
export type CompiledVariables = ReadonlyMap<string, CompiledExpression | ExpressionProblem>;

/** The variables of one policy over one request. */
export class PolicyVariables extends MapValue {
  private readonly compiled: CompiledVariables;
  private readonly vars: Activation;
  private readonly values = new Map<string, Result>();
  private cost = 0;

  constructor(compiled: CompiledVariables, vars: Activation) {
    super();
    this.compiled = compiled;
    this.vars = vars;
  }

  /** What variables have cost since it was last asked. */
  takeCost(): number {
    const { cost } = this;
    this.cost = 0;
    return cost;
  }

  override size(): number {
    return this.compiled.size;
  }

  override keys(): Iterable<Value> {
    return this.compiled.keys();
  }

  override find(key: Value): Result | undefined {
    if (typeof key !== 'string') return new CelError('no such overload');
    const compiled = this.compiled.get(key);
    if (compiled === undefined) return undefined;
    let value = this.values.get(key);
    if (value === undefined) {
      value = this.evaluate(key, compiled);
      this.values.set(key, value);
    }
    return value;
  }

  private evaluate(name: string, compiled: CompiledExpression | ExpressionProblem): Result {
    const shown = `composited variable ${JSON.stringify(name)} fails to`;
    if ('problem' in compiled) return new CelError(`${shown} compile: ${compiled.problem}`);
    const { result, cost } = compiled.program.evaluate(this.vars, { costLimit: callCostLimit });
    this.cost += cost;
    return result instanceof CelError ? new CelError(`${shown} evaluate: ${result}`) : result;
  }
}
