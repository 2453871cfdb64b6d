/** Goes over the tokens of an expression, and counts how deep the rules of the grammar are in. */
import type { Token } from './lexer.ts';

/** Thrown where tokens are no expression: the text is gone over again for what is wrong with it. */
export const notAnExpression = Symbol('not an expression');

/** Rules that can be within themselves. */
export type Rule = 'expr' | 'relation' | 'calc' | 'member';

/** How often a rule may be within itself. */
const maxRuleDepth = 250;

/** What a parser by recursive descent reads with. */
export class TokenReader {
  private readonly tokens: readonly Token[];
  private readonly depth: Record<Rule, number> = { expr: 0, relation: 0, calc: 0, member: 0 };
  private position = 0;

  constructor(tokens: readonly Token[]) {
    this.tokens = tokens;
  }

  /** The token that is next. */
  protected get token(): Token {
    return this.tokens[this.position]!;
  }

  /** The token `ahead` of the next; the last one is that of the end. */
  protected peek(ahead: number): Token {
    return this.tokens[this.position + ahead] ?? this.tokens.at(-1)!;
  }

  /** Whether this operator is next, or `ahead` of that. */
  protected is(operator: string, ahead = 0): boolean {
    const { kind, text } = this.peek(ahead);
    return kind === 'operator' && text === operator;
  }

  /** Takes what is next. */
  protected next(): Token {
    return this.tokens[this.position++]!;
  }

  /** Leaves out `count` tokens. */
  protected skip(count: number): void {
    this.position += count;
  }

  /** Takes the operator if it is next. */
  protected take(operator: string): Token | undefined {
    return this.is(operator) ? this.next() : undefined;
  }

  /** Takes the operator, which has to be next. */
  protected expect(operator: string): Token {
    if (!this.is(operator)) throw notAnExpression;
    return this.next();
  }

  /** Takes a name, which has to be next. */
  protected identifier(): Token {
    if (this.token.kind !== 'identifier') throw notAnExpression;
    return this.next();
  }

  protected enter(rule: Rule): void {
    this.depth[rule]++;
    if (this.depth[rule] > maxRuleDepth) throw notAnExpression;
  }

  protected leave(rule: Rule): void {
    this.depth[rule]--;
  }
}
