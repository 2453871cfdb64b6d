/**
 * Expressions to trees: one pass by hand, with the grammar of the language, its precedences and
 * limits. What is no expression is handed to `syntax-errors.ts`, which knows the words for it.
 */
import type { Expr, MapEntry, StructField } from './ast.ts';
import type { Issues } from './issues.ts';
import { type Token, tokenize } from './lexer.ts';
import type { Macro } from './macro.ts';
import { NodeBuilder } from './node-builder.ts';
import * as operators from './operators.ts';
import type { Source } from './source.ts';
import { explainSyntax } from './syntax-errors.ts';
import { notAnExpression, TokenReader } from './token-reader.ts';
import { TreeBuilder } from './tree-builder.ts';

/** What a parser has to know of its environment. */
export interface ParserOptions {
  readonly macros: readonly Macro[];
  readonly optionalSyntax: boolean;
}

/** Characters an expression may have. */
const maxLength = 100_000;

/** The tree of `source`, `undefined` with issues reported. */
export function parse(source: Source, options: ParserOptions, issues: Issues): Expr | undefined {
  if (source.chars.length > maxLength) {
    issues.reportNowhere(
      'expression code point size exceeds limit: ' +
        `size: ${source.chars.length}, limit ${maxLength}`,
    );
    return undefined;
  }
  const tokens = tokenize(source);
  if (tokens !== undefined) {
    try {
      const tree = new TreeBuilder(options, new NodeBuilder(), issues);
      const root = new Parser(tokens, tree).start();
      return issues.size === 0 ? root : undefined;
    } catch (e) {
      if (e !== notAnExpression) throw e;
      issues.clear();
    }
  }
  explainSyntax(source, options, issues);
  return undefined;
}

const relationOperators = new Set(['<', '<=', '>=', '>', '==', '!=', 'in']);
const factorOperators = new Set(['*', '/', '%']);
const termOperators = new Set(['+', '-']);

class Parser extends TokenReader {
  private readonly tree: TreeBuilder;

  constructor(tokens: readonly Token[], tree: TreeBuilder) {
    super(tokens);
    this.tree = tree;
  }

  start(): Expr {
    const root = this.expr();
    if (this.token.kind !== 'end') throw notAnExpression;
    return this.tree.finish(root);
  }

  private expr(): Expr {
    this.enter('expr');
    let e = this.chain('||', operators.logicalOr, () => this.conjunction());
    const op = this.take('?');
    if (op !== undefined) {
      const yes = this.chain('||', operators.logicalOr, () => this.conjunction());
      this.expect(':');
      e = this.tree.conditional(op.at, e, yes, this.expr());
    }
    this.leave('expr');
    return e;
  }

  private conjunction(): Expr {
    return this.chain('&&', operators.logicalAnd, () => this.relation());
  }

  private chain(operator: string, fn: string, term: () => Expr): Expr {
    const first = term();
    if (!this.is(operator)) return first;
    const terms = [first];
    const places: number[] = [];
    for (let op = this.take(operator); op !== undefined; op = this.take(operator)) {
      terms.push(term());
      places.push(op.at);
    }
    return this.tree.chain(fn, terms, places);
  }

  private relation(right = false): Expr {
    this.enter('relation');
    let e = this.calc(0);
    while (!right && this.token.kind === 'operator' && relationOperators.has(this.token.text)) {
      const op = this.next();
      e = this.tree.binary(op.at, op.text, e, this.relation(true));
    }
    this.leave('relation');
    return e;
  }

  /** Sums from level 0, products from 1, nothing but a term at 2. */
  private calc(level: number): Expr {
    this.enter('calc');
    let e = this.unary();
    while (this.token.kind === 'operator') {
      const { text } = this.token;
      const factor = factorOperators.has(text);
      if (!(factor ? level < 2 : level < 1 && termOperators.has(text))) break;
      const op = this.next();
      e = this.tree.binary(op.at, text, e, this.calc(factor ? 2 : 1));
    }
    this.leave('calc');
    return e;
  }

  private unary(): Expr {
    if (this.is('!')) return this.prefixed('!', operators.logicalNot);
    const after = this.peek(1).kind;
    const signed = after === 'int' || after === 'float';
    return this.is('-') && !signed ? this.prefixed('-', operators.negate) : this.member();
  }

  /** Pairs of them cancel out. */
  private prefixed(operator: string, fn: string): Expr {
    const first = this.token.at;
    let count = 0;
    while (this.take(operator) !== undefined) count++;
    const e = this.member();
    return count % 2 === 0 ? e : this.tree.call(first, fn, undefined, [e]);
  }

  private member(): Expr {
    this.enter('member');
    let e = this.primary();
    for (;;) {
      const dot = this.is('.');
      if (!dot && !this.is('[')) break;
      e = dot ? this.selection(e) : this.indexing(e);
    }
    this.leave('member');
    return e;
  }

  private selection(operand: Expr): Expr {
    const dot = this.next();
    const optional = this.take('?') !== undefined;
    if (this.token.kind === 'escaped') {
      return this.tree.escapedSelection(dot.at, operand, this.next(), optional);
    }
    const name = this.identifier();
    if (!optional && this.is('(')) {
      const open = this.next();
      return this.tree.memberCall(open.at, name.text, operand, this.args());
    }
    return this.tree.selection(dot.at, operand, name, optional);
  }

  private indexing(operand: Expr): Expr {
    const open = this.next();
    const optional = this.take('?') !== undefined;
    const key = this.expr();
    this.expect(']');
    return this.tree.indexing(open.at, operand, key, optional);
  }

  private args(): Expr[] {
    const args: Expr[] = [];
    if (this.take(')') !== undefined) return args;
    do args.push(this.expr());
    while (this.take(',') !== undefined);
    this.expect(')');
    return args;
  }

  private primary(): Expr {
    const { kind, text, at } = this.token;
    switch (kind) {
      case 'identifier':
        return this.named(at, '');
      case 'string':
      case 'bytes':
      case 'int':
      case 'uint':
      case 'float':
        return this.tree.literal(at, this.next(), false);
      case 'operator':
        break;
      default:
        throw notAnExpression;
    }
    this.skip(1);
    switch (text) {
      case '.':
        return this.named(at, '.');
      case '(': {
        const e = this.expr();
        this.expect(')');
        return e;
      }
      case '[':
        return this.list(at);
      case '{':
        return this.map(at);
      case '-': {
        const number = this.next();
        if (number.kind !== 'int' && number.kind !== 'float') throw notAnExpression;
        return this.tree.literal(at, number, true);
      }
      case 'true':
      case 'false':
        return this.tree.constant(at, text === 'true');
      case 'null':
        return this.tree.constant(at, null);
      default:
        throw notAnExpression;
    }
  }

  /** A name, a call of one, or `a.b.C{…}`; `at` is that of the leading dot, if there is one. */
  private named(at: number, dot: string): Expr {
    const type = this.messageName();
    if (type !== undefined) return this.struct(dot + type);
    const name = this.identifier();
    const open = this.take('(');
    if (open === undefined) return this.tree.ident(at, name, dot);
    return this.tree.globalCall(at, open.at, name.text, dot, () => this.args());
  }

  /** Moves on to the brace when a name of a message and a brace come. */
  private messageName(): string | undefined {
    if (this.token.kind !== 'identifier') return undefined;
    let name = this.token.text;
    let ahead = 1;
    while (this.is('.', ahead) && this.peek(ahead + 1).kind === 'identifier') {
      name += `.${this.peek(ahead + 1).text}`;
      ahead += 2;
    }
    if (!this.is('{', ahead)) return undefined;
    this.skip(ahead);
    return name;
  }

  private struct(name: string): Expr {
    const open = this.expect('{');
    const list = this.token.at;
    const fields: StructField[] = [];
    while (!this.is('}') && !this.is(',')) {
      const { at } = this.token;
      const optional = this.take('?') !== undefined;
      const field = this.token.kind === 'escaped' ? this.next() : this.identifier();
      const colon = this.expect(':');
      const value = this.expr();
      const made = this.tree.field({ at, list, colon: colon.at }, field, value, optional);
      if (made !== undefined) fields.push(made);
      if (!this.is(',') || this.is('}', 1)) break;
      this.skip(1);
      if (this.is('}') || this.is(',')) throw notAnExpression;
    }
    this.take(',');
    this.expect('}');
    return this.tree.struct(open.at, name, fields);
  }

  private list(at: number): Expr {
    const elements: Expr[] = [];
    const optional = new Set<number>();
    while (!this.is(']') && !this.is(',')) {
      const mark = this.take('?');
      elements.push(this.expr());
      if (mark !== undefined && this.tree.allowsOptional(mark.at, '?')) {
        optional.add(elements.length - 1);
      }
      if (!this.is(',') || this.is(']', 1)) break;
      this.skip(1);
      if (this.is(']') || this.is(',')) throw notAnExpression;
    }
    this.take(',');
    this.expect(']');
    return this.tree.list(at, elements, optional);
  }

  private map(at: number): Expr {
    const entries: MapEntry[] = [];
    while (!this.is('}') && !this.is(',')) {
      const start = this.token.at;
      const optional = this.take('?') !== undefined;
      const key = this.expr();
      const colon = this.expect(':');
      const value = this.expr();
      const made = this.tree.entry(start, colon.at, key, value, optional);
      if (made !== undefined) entries.push(made);
      if (!this.is(',') || this.is('}', 1)) break;
      this.skip(1);
      if (this.is('}') || this.is(',')) throw notAnExpression;
    }
    this.take(',');
    this.expect('}');
    return this.tree.map(at, entries);
  }
}
