/** The expressions of one issuer: what users its claims are, and which are let in. */
import type { CelEnvironment } from '../../../machinery/cel/environment.ts';
import { declaredTypes } from '../../../machinery/cel/library/declared-types.ts';
import { kubernetesEnvironment } from '../../../machinery/cel/library/kubernetes.ts';
import { activation } from '../../../machinery/cel/program.ts';
import {
  anyType,
  boolType,
  mapType,
  objectType,
  stringType,
} from '../../../machinery/cel/types.ts';
import { CelError, type Value } from '../../../machinery/cel/values.ts';
import { userFields } from '../../cel/admission-environment.ts';
import { callCostLimit } from '../../cel/budget.ts';
import {
  type CompiledExpression,
  compileExpression,
  type ExpressionProblem,
} from '../../cel/compile.ts';

type Compiled = CompiledExpression | ExpressionProblem;

const userType = 'kubernetes.UserInfo';
let claimsEnvironment: CelEnvironment | undefined;
let userEnvironment: CelEnvironment | undefined;

/** Over `claims`; a rule has to be true or false, anything else may be what it likes. */
export function compileClaims(text: string, what: 'rule' | 'mapping'): Compiled {
  claimsEnvironment ??= kubernetesEnvironment().extend({
    variables: { claims: mapType(stringType, anyType) },
  });
  const types = what === 'rule' ? [boolType] : 'any';
  return compileExpression(claimsEnvironment, text, { types, gotTold: 'never' });
}

/** A rule over `user`. */
export function compileUserRule(text: string): Compiled {
  userEnvironment ??= kubernetesEnvironment().extend({
    types: declaredTypes({ [userType]: userFields }),
    variables: { user: objectType(userType) },
  });
  return compileExpression(userEnvironment, text, { types: [boolType], gotTold: 'never' });
}

/** The value over one variable. Throws an Error in the real server's words. */
export function evaluateOver(compiled: Compiled, variable: 'claims' | 'user', value: Value): Value {
  // Checked when the configuration was read.
  if ('problem' in compiled) throw new Error(compiled.problem);
  const vars = activation({ [variable]: value });
  const { result } = compiled.program.evaluate(vars, { costLimit: callCostLimit });
  if (!(result instanceof CelError)) return result;
  throw new Error(`expression '${compiled.text}' resulted in error: ${result}`);
}
