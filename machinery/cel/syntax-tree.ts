/**
 * The tree of a text with errors, gone over for what else is wrong with it. Parts that are missing
 * stand for nothing.
 */
import { ErrorNode, ParserRuleContext, type Token as RawToken, TerminalNode } from 'antlr4ng';
import type { Expr, MapEntry, StructField } from './ast.ts';
import { literalNames, parserRules, symbolicNames } from './grammar/automata.ts';
import type { Token, TokenKind } from './lexer.ts';
import * as operators from './operators.ts';
import type { TreeBuilder } from './tree-builder.ts';

const kinds: Readonly<Record<string, TokenKind>> = {
  NUM_INT: 'int',
  NUM_UINT: 'uint',
  NUM_FLOAT: 'float',
  STRING: 'string',
  BYTES: 'bytes',
  IDENTIFIER: 'identifier',
  ESC_IDENTIFIER: 'escaped',
};

/** What a node is made of: its tokens, but those skipped, and its parts by their rules. */
class Parts {
  readonly at: number;
  readonly tokens: readonly Token[];
  readonly rules: readonly ParserRuleContext[];

  constructor(node: ParserRuleContext) {
    this.at = node.start?.start ?? 0;
    const tokens: Token[] = [];
    const rules: ParserRuleContext[] = [];
    for (const child of node.children) {
      if (child instanceof ParserRuleContext) rules.push(child);
      else if (child instanceof TerminalNode && stands(child)) tokens.push(tokenOf(child.symbol));
    }
    this.tokens = tokens;
    this.rules = rules;
  }

  /** The tokens that are this operator. */
  all(text: string): readonly Token[] {
    return this.tokens.filter((t) => t.kind === 'operator' && t.text === text);
  }

  first(text: string): Token | undefined {
    return this.all(text)[0];
  }

  of(name: string): readonly ParserRuleContext[] {
    return this.rules.filter((r) => parserRules[r.ruleIndex] === name);
  }
}

/** Tokens skipped over are error nodes; those made up for missing ones are too, without a place. */
function stands(node: TerminalNode): boolean {
  return !(node instanceof ErrorNode) || node.symbol.tokenIndex === -1;
}

function tokenOf(raw: RawToken): Token {
  const kind = kinds[symbolicNames[raw.type] ?? ''] ?? 'operator';
  // A token that was made up has no text of its own.
  const text = literalNames[raw.type]?.slice(1, -1) ?? raw.text ?? '';
  return { kind, text, at: Math.max(raw.start, 0) };
}

/** The place of what has none; messages show it as before the first column. */
const nowhere = -1;

/** Visits a tree; nothing of what it makes is kept, only what it reports. */
export class BrokenTree {
  private readonly tree: TreeBuilder;

  constructor(tree: TreeBuilder) {
    this.tree = tree;
  }

  /** Visits a node that may be missing. */
  visit(node: ParserRuleContext | undefined): Expr {
    if (node === undefined) return this.tree.nothing(nowhere);
    const parts = new Parts(node);
    switch (parserRules[node.ruleIndex]) {
      case 'expr':
        return this.conditional(parts);
      case 'conditionalOr':
        return this.chain(parts, '||', operators.logicalOr);
      case 'conditionalAnd':
        return this.chain(parts, '&&', operators.logicalAnd);
      case 'relation':
        return this.binary(parts, 'relation');
      case 'calc':
        return this.binary(parts, 'calc');
      case 'unary':
        return this.unary(parts);
      case 'member':
        return this.member(parts);
      case 'primary':
        return this.primary(parts);
      case 'literal':
        return this.literal(parts);
      default:
        return this.visit(parts.rules[0]);
    }
  }

  private conditional(parts: Parts): Expr {
    const op = parts.first('?');
    const [condition, yes] = parts.of('conditionalOr');
    const e = this.visit(condition);
    if (op === undefined) return e;
    return this.tree.conditional(op.at, e, this.visit(yes), this.visit(parts.of('expr')[0]));
  }

  private chain(parts: Parts, operator: string, fn: string): Expr {
    const ops = parts.all(operator);
    const terms = parts.rules.map((r) => this.visit(r));
    if (ops.length === 0) return terms[0] ?? this.tree.nothing(nowhere);
    if (terms.length <= ops.length) {
      return this.tree.problem(parts.at, `unexpected character, wanted '${operator}'`);
    }
    return this.tree.chain(
      fn,
      terms,
      ops.map((op) => op.at),
    );
  }

  private binary(parts: Parts, rule: string): Expr {
    const op = parts.tokens[0];
    if (op === undefined) return this.visit(parts.rules[0]);
    const [left, right] = parts.of(rule);
    return this.tree.binary(op.at, op.text, this.visit(left), this.visit(right));
  }

  private unary(parts: Parts): Expr {
    const member = parts.of('member')[0];
    const [op] = parts.tokens;
    if (member === undefined && op === undefined) return this.tree.nothing(parts.at);
    if (op === undefined) return this.visit(member);
    const e = this.visit(member);
    if (parts.all(op.text).length % 2 === 0) return e;
    const fn = op.text === '!' ? operators.logicalNot : operators.negate;
    return this.tree.call(op.at, fn, undefined, [e]);
  }

  private member(parts: Parts): Expr {
    const [inner] = parts.of('member');
    if (inner === undefined) return this.visit(parts.of('primary')[0]);
    const operand = this.visit(inner);
    const open = parts.first('(');
    const name = parts.tokens.find((t) => t.kind === 'identifier');
    if (open !== undefined && name !== undefined) {
      return this.tree.memberCall(open.at, name.text, operand, this.list(parts.of('exprList')[0]));
    }
    const bracket = parts.first('[');
    const optional = parts.first('?') !== undefined;
    if (bracket !== undefined) {
      return this.tree.indexing(bracket.at, operand, this.visit(parts.of('expr')[0]), optional);
    }
    const dot = parts.first('.');
    const [escaped] = parts.of('escapeIdent');
    // Without any token of its own it is what it was before the text went wrong.
    if (dot === undefined || escaped === undefined) {
      return parts.tokens.length === 0 ? operand : this.tree.nothing(parts.at);
    }
    const field = this.fieldName(escaped);
    return field.kind === 'escaped'
      ? this.tree.escapedSelection(dot.at, operand, field, optional, new Parts(escaped).at)
      : this.tree.selection(dot.at, operand, field, optional);
  }

  private fieldName(node: ParserRuleContext, place?: number): Token {
    const { at, tokens } = new Parts(node);
    if (tokens[0] !== undefined) return tokens[0];
    this.tree.problem(place ?? at, 'unsupported ident kind');
    return { kind: 'identifier', text: '', at };
  }

  private list(node: ParserRuleContext | undefined): Expr[] {
    return node === undefined ? [] : new Parts(node).of('expr').map((e) => this.visit(e));
  }

  private primary(parts: Parts): Expr {
    const literal = parts.of('literal')[0];
    if (literal !== undefined) return this.visit(literal);
    const names = parts.tokens.filter((t) => t.kind === 'identifier');
    const brace = parts.first('{');
    const open = parts.first('(');
    const { at } = parts;
    if (names.length > 0 && brace !== undefined) {
      const fields = this.fields(parts.of('fieldInitializerList')[0]);
      return this.tree.struct(brace.at, names.map((n) => n.text).join('.'), fields);
    }
    if (names.length > 0) {
      const dot = parts.tokens[0]!.text === '.' ? '.' : '';
      if (open === undefined) return this.tree.ident(at, names[0]!, dot);
      const args = (): Expr[] => this.list(parts.of('exprList')[0]);
      return this.tree.globalCall(at, open.at, names[0]!.text, dot, args);
    }
    if (open !== undefined) return this.visit(parts.of('expr')[0]);
    if (brace !== undefined) {
      return this.tree.map(brace.at, this.entries(parts.of('mapInitializerList')[0]));
    }
    const bracket = parts.first('[');
    if (bracket === undefined) return this.tree.nothing(nowhere);
    return this.elements(bracket.at, parts.of('listInit')[0]);
  }

  private elements(at: number, node: ParserRuleContext | undefined): Expr {
    const elements: Expr[] = [];
    const optional = new Set<number>();
    for (const element of node === undefined ? [] : new Parts(node).of('optExpr')) {
      const parts = new Parts(element);
      elements.push(this.visit(parts.of('expr')[0]));
      const mark = parts.first('?');
      if (mark !== undefined && this.tree.allowsOptional(mark.at, '?')) {
        optional.add(elements.length - 1);
      }
    }
    return this.tree.list(at, elements, optional);
  }

  private entries(node: ParserRuleContext | undefined): MapEntry[] {
    if (node === undefined) return [];
    const parts = new Parts(node);
    const entries: MapEntry[] = [];
    for (const [i, colon] of parts.all(':').entries()) {
      const [key, value] = [parts.of('optExpr')[i], parts.of('expr')[i]];
      if (key === undefined || value === undefined) return [];
      const keyParts = new Parts(key);
      const optional = keyParts.first('?') !== undefined;
      if (optional && !this.tree.allowsOptional(keyParts.at, '?')) continue;
      const [k, v] = [this.visit(keyParts.of('expr')[0]), this.visit(value)];
      const entry = this.tree.entry(keyParts.at, colon.at, k, v, optional);
      if (entry !== undefined) entries.push(entry);
    }
    return entries;
  }

  private fields(node: ParserRuleContext | undefined): StructField[] {
    if (node === undefined) return [];
    const parts = new Parts(node);
    const fields: StructField[] = [];
    for (const [i, field] of parts.of('optField').entries()) {
      const [colon, value] = [parts.all(':')[i], parts.of('expr')[i]];
      if (colon === undefined || value === undefined) return [];
      const fieldParts = new Parts(field);
      const escaped = fieldParts.of('escapeIdent')[0];
      if (escaped === undefined) continue;
      const name = this.fieldName(escaped, parts.at);
      const places = { at: fieldParts.at, list: parts.at, colon: colon.at };
      const optional = fieldParts.first('?') !== undefined;
      const made = this.tree.field(places, name, this.visit(value), optional);
      if (made !== undefined) fields.push(made);
    }
    return fields;
  }

  private literal({ at, tokens }: Parts): Expr {
    const negative = tokens[0]?.text === '-';
    const token = negative ? tokens[1] : tokens[0];
    if (token === undefined) return this.tree.nothing(at);
    if (token.kind === 'operator') {
      return this.tree.constant(at, token.text === 'null' ? null : token.text === 'true');
    }
    return this.tree.literal(at, token, negative);
  }
}
