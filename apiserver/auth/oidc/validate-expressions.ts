/** Rules of AuthenticationConfiguration about claims, mappings of claims, and expressions. */
import { type Expr, walk } from '../../../machinery/cel/ast.ts';
import * as fe from '../../../machinery/meta/field-error.ts';
import type { CompiledExpression, ExpressionProblem } from '../../cel/compile.ts';
import { expressionErrors } from '../../cel/expression-validation.ts';
import { validateDomainPrefixedPath } from '../../registry/domain-prefixed-path.ts';
import type { JwtConfiguration } from './authentication-configuration.ts';
import { compileClaims, compileUserRule } from './claim-expressions.ts';

type Mappings = NonNullable<JwtConfiguration['claimMappings']>;
type Mapping = NonNullable<Mappings['username']>;
type Compiled = CompiledExpression | ExpressionProblem;

const both = "claim and expression can't both be set";
const neither = 'claim or expression is required';

/** Claims and users of one issuer, in the order of the real server. */
export function validateClaims(jwt: JwtConfiguration, at: fe.FieldPath): fe.FieldError[] {
  return new ClaimsValidation(at).run(jwt);
}

class ClaimsValidation {
  private readonly at: fe.FieldPath;
  private readonly errors: fe.FieldError[] = [];
  private usesEmail = false;
  private usesEmailVerified = false;

  constructor(at: fe.FieldPath) {
    this.at = at;
  }

  run({ claimValidationRules, claimMappings, userValidationRules }: JwtConfiguration) {
    this.claimRules(claimValidationRules ?? []);
    this.mappings(claimMappings ?? {}, this.at.child('claimMappings'));
    this.userRules(userValidationRules ?? []);
    return this.errors;
  }

  private claimRules(rules: NonNullable<JwtConfiguration['claimValidationRules']>): void {
    const claims = new Set<string>();
    const expressions = new Set<string>();
    rules.forEach(({ claim = '', expression = '', message = '', requiredValue = '' }, i) => {
      const here = this.at.child('claimValidationRules').index(i);
      if (claim !== '' && expression !== '') this.invalid(here, claim, both);
      else if (claim === '' && expression === '') this.errors.push(fe.required(here, neither));
      else if (claim !== '') {
        if (message !== '') {
          this.invalid(here.child('message'), message, 'may not be specified when claim is set');
        }
        this.once(claims, claim, here.child('claim'));
      } else {
        if (requiredValue !== '') {
          const text = 'may not be specified when expression is set';
          this.invalid(here.child('requiredValue'), requiredValue, text);
        }
        const place = here.child('expression');
        if (!this.once(expressions, expression, place)) return;
        const compiled = this.compiled(compileClaims(expression, 'rule'), expression, place);
        this.usesEmailVerified ||= reads(compiled, 'email_verified');
      }
    });
  }

  private mappings(
    { username = {}, groups = {}, uid = {}, extra = [] }: Mappings,
    at: fe.FieldPath,
  ) {
    const name = this.mapping(username, at.child('username'), true);
    this.usesEmail = reads(name, 'email');
    this.usesEmailVerified ||= reads(name, 'email_verified');
    this.mapping(groups, at.child('groups'), false);
    const { claim = '', expression = '' } = uid;
    if (claim !== '' && expression !== '') this.invalid(at.child('uid'), '', both);
    else if (expression !== '') {
      const place = at.child('uid').child('expression');
      this.compiled(compileClaims(expression, 'mapping'), expression, place);
    }
    this.extra(extra, at.child('extra'));
    if (!this.usesEmail || this.usesEmailVerified) return;
    const text =
      'claims.email_verified must be used in claimMappings.username.expression or claimMappings.extra[*].valueExpression or claimValidationRules[*].expression when claims.email is used in claimMappings.username.expression';
    this.invalid(at.child('username', 'expression'), username.expression, text);
  }

  private mapping(
    { claim = '', prefix, expression = '' }: Mapping,
    at: fe.FieldPath,
    needed: boolean,
  ): Compiled | undefined {
    if (claim !== '' && expression !== '') this.invalid(at, '', both);
    else if (expression !== '') {
      const right = prefix === undefined;
      if (!right) {
        this.invalid(at.child('prefix'), prefix, 'may not be specified when expression is set');
      }
      const place = at.child('expression');
      const compiled = compileClaims(expression, 'mapping');
      const usable = this.compiled(compiled, expression, place);
      return right ? usable : undefined;
    } else if (claim === '') {
      if (needed) this.errors.push(fe.required(at, neither));
    } else if (prefix === undefined) {
      const text =
        'prefix is required when claim is set. It can be set to an empty string to disable prefixing';
      this.errors.push(fe.required(at.child('prefix'), text));
    }
    return undefined;
  }

  private extra(mappings: NonNullable<Mappings['extra']>, at: fe.FieldPath): void {
    const keys = new Set<string>();
    mappings.forEach(({ key = '', valueExpression = '' }, i) => {
      const here = at.index(i).child('key');
      this.errors.push(...validateDomainPrefixedPath(key, here));
      if (key !== key.toLowerCase()) this.invalid(here, key, 'must be lowercase');
      if (/^(?:[^/]*\.)?(?:kubernetes|k8s)\.io\//.test(key)) {
        const text = 'k8s.io, kubernetes.io and their subdomains are reserved for Kubernetes use';
        this.invalid(here, key, text);
      }
      if (!this.once(keys, key, here)) return;
      const place = at.index(i).child('valueExpression');
      if (valueExpression === '') {
        this.errors.push(fe.required(place));
        return;
      }
      const compiled = compileClaims(valueExpression, 'mapping');
      const usable = this.compiled(compiled, valueExpression, place);
      this.usesEmailVerified ||= reads(usable, 'email_verified');
    });
  }

  private userRules(rules: NonNullable<JwtConfiguration['userValidationRules']>): void {
    const seen = new Set<string>();
    rules.forEach(({ expression = '' }, i) => {
      const here = this.at.child('userValidationRules').index(i).child('expression');
      if (expression === '') this.errors.push(fe.required(here));
      else if (this.once(seen, expression, here)) {
        this.compiled(compileUserRule(expression), expression, here);
      }
    });
  }

  private invalid(at: fe.FieldPath, value: unknown, text: string): void {
    this.errors.push(fe.invalidValue(at, value, text));
  }

  /** False for what was there before. */
  private once(seen: Set<string>, value: string, at: fe.FieldPath): boolean {
    if (seen.has(value)) {
      this.errors.push(fe.duplicate(at, value));
      return false;
    }
    seen.add(value);
    return true;
  }

  private compiled(compiled: Compiled, text: string, at: fe.FieldPath): Compiled | undefined {
    const errors = expressionErrors(compiled, text, at);
    this.errors.push(...errors);
    return errors.length === 0 ? compiled : undefined;
  }
}

/** Whether an expression reads a claim by its name. */
function reads(compiled: Compiled | undefined, claim: string): boolean {
  if (compiled === undefined || 'problem' in compiled) return false;
  let found = false;
  const isClaims = (e: Expr | undefined) => e?.kind === 'ident' && e.name === 'claims';
  walk(compiled.checked.root, (e) => {
    if (e.kind === 'select') found ||= isClaims(e.operand) && e.field === claim;
    if (e.kind !== 'call' || e.function !== '_?._') return;
    const [operand, field] = e.args;
    found ||= isClaims(operand) && field?.kind === 'literal' && field.value === claim;
  });
  return found;
}
