/** Expressions of API objects and configuration files, compiled with the real server's words. */
import type { CelEnvironment, Compiled } from '../../machinery/cel/environment.ts';
import { Issues } from '../../machinery/cel/issues.ts';
import type { Program } from '../../machinery/cel/program.ts';
import { type CelType, sameType } from '../../machinery/cel/types.ts';
import { CelError } from '../../machinery/cel/values.ts';

/** An expression that can be run. */
export interface CompiledExpression {
  readonly text: string;
  readonly program: Program;
  readonly checked: Compiled;
}

/** Why an expression cannot be used: what follows `Invalid value: "…": `. */
export interface ExpressionProblem {
  readonly problem: string;
  /** It checks, but cannot be run. */
  readonly internal?: true;
}

/** What an expression may evaluate to; `any`: whatever it likes. */
export interface ResultTypes {
  readonly types: readonly CelType[] | 'any';
  /** How a wrong type is told: `but got` names it where there is one right type, or always. */
  readonly gotTold?: 'always' | 'one' | 'never';
}

/** Compiles an expression. */
export function compileExpression(
  environment: CelEnvironment,
  text: string,
  { types, gotTold = 'always' }: ResultTypes,
): CompiledExpression | ExpressionProblem {
  const checked = environment.compile(text);
  if (checked instanceof Issues) return { problem: `compilation failed: ${checked}` };
  if (types !== 'any' && !types.some((t) => sameType(t, checked.outputType))) {
    const one = types.length === 1;
    const expected = one ? `${types[0]}` : `one of [${types.join(' ')}]`;
    const told = gotTold === 'always' || (gotTold === 'one' && one);
    const got = told ? ` but got ${checked.outputType}` : '';
    return { problem: `must evaluate to ${expected}${got}` };
  }
  const program = environment.program(checked);
  if (program instanceof CelError) {
    return { problem: `program instantiation failed: ${program}`, internal: true };
  }
  return { text, program, checked };
}
