/** Claims of a checked token as a user, by the mappings and rules of its issuer. */
import type { Value } from '../../../machinery/cel/values.ts';
import type { UserInfo } from '../../registry/resource.ts';
import type { JwtConfiguration } from './authentication-configuration.ts';
import { compileClaims, compileUserRule, evaluateOver } from './claim-expressions.ts';
import { claimsValue, textsOf, userValue } from './claim-values.ts';
import {
  ClaimError,
  type Claims,
  groupsClaim,
  requireClaim,
  textClaim,
  usernameClaim,
} from './claims.ts';

type Compiled = ReturnType<typeof compileClaims>;

interface Rule {
  readonly expression: string;
  readonly message: string;
  readonly compiled: Compiled;
}

const noTexts = 'expression must return a string or a list of strings';
const credentialKey = 'authentication.kubernetes.io/credential-id';

/** Made once for an issuer, of a configuration that has been checked. */
export class ClaimMapper {
  readonly #configuration: JwtConfiguration;
  readonly #username: Compiled | undefined;
  readonly #groups: Compiled | undefined;
  readonly #uid: Compiled | undefined;
  readonly #extra: readonly { readonly key: string; readonly compiled: Compiled }[];
  readonly #claimRules: readonly Rule[];
  readonly #userRules: readonly Rule[];

  constructor(configuration: JwtConfiguration) {
    this.#configuration = configuration;
    const { username, groups, uid, extra = [] } = configuration.claimMappings ?? {};
    const mapping = (text: string | undefined) =>
      text ? compileClaims(text, 'mapping') : undefined;
    this.#username = mapping(username?.expression);
    this.#groups = mapping(groups?.expression);
    this.#uid = mapping(uid?.expression);
    this.#extra = extra.map(({ key = '', valueExpression = '' }) => ({
      key,
      compiled: compileClaims(valueExpression, 'mapping'),
    }));
    this.#claimRules = rulesOf(configuration.claimValidationRules, (text) =>
      compileClaims(text, 'rule'),
    );
    this.#userRules = rulesOf(configuration.userValidationRules, compileUserRule);
  }

  /** Throws ClaimError: a claim is missing, of another type, or not what is required. */
  userOf(claims: Claims): UserInfo {
    const value = claimsValue(claims);
    const name = this.#nameOf(claims, value);
    const groups = this.#groupsOf(claims, value);
    const uid = this.#uidOf(claims, value);
    const extra = this.#extraOf(claims, value);
    for (const rule of this.#configuration.claimValidationRules ?? []) {
      const { claim = '', requiredValue = '' } = rule;
      if (claim !== '') requireClaim(claims, claim, requiredValue);
    }
    check(this.#claimRules, 'claims', value, 'claim validation expression');
    const user: UserInfo = {
      name,
      ...(uid === '' ? {} : { uid }),
      groups,
      ...(Object.keys(extra).length === 0 ? {} : { extra }),
    };
    check(this.#userRules, 'user', userValue(user), 'user info validation rule');
    return user;
  }

  #nameOf(claims: Claims, value: Value): string {
    const { claim = '', prefix = '' } = this.#configuration.claimMappings?.username ?? {};
    if (this.#username === undefined) return `${prefix}${usernameClaim(claims, claim)}`;
    const name = evaluated(this.#username, value, 'username claim expression');
    if (typeof name !== 'string') {
      throw failure('username claim expression', 'username claim expression must return a string');
    }
    if (name !== '') return name;
    throw new ClaimError('oidc: empty username via CEL expression is not allowed');
  }

  #groupsOf(claims: Claims, value: Value): readonly string[] {
    const { claim = '', prefix = '' } = this.#configuration.claimMappings?.groups ?? {};
    if (this.#groups === undefined) return groupsClaim(claims, claim).map((g) => `${prefix}${g}`);
    const groups = textsOf(evaluated(this.#groups, value, 'group claim expression'));
    if (groups === undefined) throw failure('group claim expression', noTexts);
    return groups;
  }

  #uidOf(claims: Claims, value: Value): string {
    const { claim = '' } = this.#configuration.claimMappings?.uid ?? {};
    if (claim !== '') return textClaim(claims, claim, 'uid claim');
    if (this.#uid === undefined) return '';
    const uid = evaluated(this.#uid, value, 'uid claim expression');
    if (typeof uid === 'string') return uid;
    throw failure('uid claim expression', 'uid claim expression must return a string');
  }

  #extraOf(claims: Claims, value: Value): Record<string, readonly string[]> {
    const { jti } = claims;
    const extra: Record<string, readonly string[]> = {};
    if (typeof jti === 'string' && jti !== '') extra[credentialKey] = [`JTI=${jti}`];
    // All are evaluated before one is looked at.
    const values = this.#extra.map(({ compiled }) => {
      try {
        return evaluateOver(compiled, 'claims', value);
      } catch (e) {
        throw new ClaimError((e as Error).message, { cause: e });
      }
    });
    this.#extra.forEach(({ key, compiled }, i) => {
      const texts = textsOf(values[i]!);
      if (texts === undefined) {
        const expression = 'text' in compiled ? compiled.text : '';
        throw failure('extra claim expression', `${expression}: ${noTexts}`);
      }
      if (texts.length > 0) extra[key] = texts;
    });
    return extra;
  }
}

function rulesOf(
  rules: JwtConfiguration['claimValidationRules'] | JwtConfiguration['userValidationRules'],
  compile: (text: string) => Compiled,
): readonly Rule[] {
  return (rules ?? []).flatMap(({ expression = '', message = '' }) =>
    expression === '' ? [] : [{ expression, message, compiled: compile(expression) }],
  );
}

function failure(what: string, why: string): ClaimError {
  return new ClaimError(`oidc: error evaluating ${what}: ${why}`);
}

function evaluated(compiled: Compiled, claims: Value, what: string): Value {
  try {
    return evaluateOver(compiled, 'claims', claims);
  } catch (e) {
    throw failure(what, (e as Error).message);
  }
}

/** All are evaluated, then the first that does not hold is told. */
function check(
  rules: readonly Rule[],
  variable: 'claims' | 'user',
  value: Value,
  what: string,
): void {
  let results: Value[];
  try {
    results = rules.map(({ compiled }) => evaluateOver(compiled, variable, value));
  } catch (e) {
    throw failure(what, (e as Error).message);
  }
  rules.forEach(({ expression, message }, i) => {
    if (results[i] === true) return;
    throw failure(what, `validation expression '${expression}' failed: ${message}`);
  });
}
