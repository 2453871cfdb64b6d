/**
 * What the grammar's rules become: nodes, expanded macros, and the problems that show once the
 * grammar itself is met (reserved words, numbers out of range, syntax that is switched off).
 */
import type { Expr, Literal, MapEntry, StructField } from './ast.ts';
import type { Issues } from './issues.ts';
import type { Token } from './lexer.ts';
import { parseFloatLiteral, parseIntLiteral, parseUintLiteral } from './literals.ts';
import { isMacroProblem } from './macro.ts';
import { balanced, type NodeBuilder } from './node-builder.ts';
import * as operators from './operators.ts';
import type { ParserOptions } from './parser.ts';
import { UnquoteProblem, unquoteBytes, unquoteString } from './unquote.ts';

/** How deep trees may be. */
const maxDepth = 250;

const reserved = new Set([
  ...['as', 'break', 'const', 'continue', 'else', 'false', 'for', 'function', 'if', 'import'],
  ...['in', 'let', 'loop', 'package', 'namespace', 'null', 'return', 'true', 'var', 'void'],
  'while',
]);

/** Where the parts of a struct's field stand. */
export interface FieldPlaces {
  readonly at: number;
  /** The first field. */
  readonly list: number;
  readonly colon: number;
}

/** Builds one tree and reports on it. After a problem nodes stand for nothing. */
export class TreeBuilder {
  private readonly options: ParserOptions;
  private readonly build: NodeBuilder;
  private readonly issues: Issues;
  /** Above zero where nothing is reported. */
  private muted = 0;
  private readonly macros = new Map<string, ParserOptions['macros'][number]>();
  /** How deep nodes are nested; those that are not in here are not nested at all. */
  private readonly depths = new WeakMap<Expr, number>();

  constructor(options: ParserOptions, build: NodeBuilder, issues: Issues) {
    this.options = options;
    this.build = build;
    this.issues = issues;
    for (const m of options.macros) this.macros.set(macroKey(m.function, m.member, m.args), m);
  }

  /** Ends the tree at its root. */
  finish(root: Expr): Expr {
    if (this.depthOf(root) > maxDepth) this.issues.reportNowhere('max recursion depth exceeded');
    return root;
  }

  constant(at: number, value: Literal): Expr {
    return this.build.literal(at, value);
  }

  literal(at: number, { kind, text }: Token, negative: boolean): Expr {
    switch (kind) {
      case 'int':
        return this.number(at, parseIntLiteral(text, negative), 'int');
      case 'uint':
        return this.number(at, parseUintLiteral(text), 'uint');
      case 'float':
        return this.number(at, parseFloatLiteral(text, negative), 'double');
      default: {
        const value = kind === 'string' ? unquoteString(text) : unquoteBytes(text.slice(1));
        if (!(value instanceof UnquoteProblem)) return this.build.literal(at, value);
        return this.problem(at, value.message);
      }
    }
  }

  private number(at: number, value: Literal | undefined, type: string): Expr {
    if (value === undefined) return this.problem(at, `invalid ${type} literal`);
    return this.build.literal(at, value);
  }

  ident(at: number, name: Token, dot: string): Expr {
    if (reserved.has(name.text)) return this.problem(at, `reserved identifier: ${name.text}`);
    return this.build.ident(name.at, dot + name.text);
  }

  /** A call of a name; the arguments of a reserved one are read, but nothing is said of them. */
  globalCall(at: number, open: number, name: string, dot: string, args: () => Expr[]): Expr {
    if (!reserved.has(name)) return this.call(open, dot + name, undefined, args());
    const e = this.problem(at, `reserved identifier: ${name}`);
    this.muted++;
    args();
    this.muted--;
    return e;
  }

  memberCall(at: number, name: string, target: Expr, args: Expr[]): Expr {
    return this.deeper(this.call(at, name, target, args), 1, target, ...args);
  }

  binary(at: number, operator: string, left: Expr, right: Expr): Expr {
    const fn = operators.binaryOperators[operator]!;
    return this.deeper(this.build.call(at, fn, undefined, [left, right]), 1, left, right);
  }

  conditional(at: number, condition: Expr, yes: Expr, no: Expr): Expr {
    const e = this.build.call(at, operators.conditional, undefined, [condition, yes, no]);
    return this.deeper(e, 1, condition, yes, no);
  }

  chain(fn: string, terms: readonly Expr[], places: readonly number[]): Expr {
    return this.deeper(balanced(this.build, fn, terms, places), 0, ...terms);
  }

  selection(at: number, operand: Expr, name: Token, optional: boolean): Expr {
    if (!optional) return this.deeper(this.build.select(at, operand, name.text), 1, operand);
    if (!this.allowsOptional(at, '.?')) return this.nothing(at);
    const field = this.build.literal(name.at, name.text);
    const e = this.build.call(at, operators.optionalSelect, undefined, [operand, field]);
    return this.deeper(e, 1, operand);
  }

  /** A name in backticks, which is switched off everywhere. */
  escapedSelection(
    at: number,
    operand: Expr,
    name: Token,
    optional: boolean,
    place = name.at,
  ): Expr {
    this.problem(place, "unsupported syntax: '`'");
    return this.selection(at, operand, name, optional);
  }

  indexing(at: number, operand: Expr, key: Expr, optional: boolean): Expr {
    if (optional && !this.allowsOptional(at, '[?')) return this.nothing(at);
    const fn = optional ? operators.optionalIndex : operators.index;
    const e = this.build.call(at, fn, undefined, [operand, key]);
    return this.deeper(e, 1, operand, key);
  }

  list(at: number, elements: readonly Expr[], optional: ReadonlySet<number>): Expr {
    return this.deeper(this.build.list(at, elements, optional), 0, ...elements);
  }

  map(at: number, entries: readonly MapEntry[]): Expr {
    const parts = entries.flatMap((e) => [e.key, e.value]);
    return this.deeper(this.build.map(at, entries), 0, ...parts);
  }

  entry(
    start: number,
    colon: number,
    key: Expr,
    value: Expr,
    optional: boolean,
  ): MapEntry | undefined {
    if (optional && !this.allowsOptional(start, '?')) return undefined;
    return { key, value, optional, id: this.build.id(), at: colon };
  }

  struct(at: number, name: string, fields: readonly StructField[]): Expr {
    return this.deeper(this.build.struct(at, name, fields), 0, ...fields.map((f) => f.value));
  }

  field(
    { at, list, colon }: FieldPlaces,
    name: Token,
    value: Expr,
    optional: boolean,
  ): StructField | undefined {
    if (optional && !this.allowsOptional(at, '?')) return undefined;
    if (name.kind === 'escaped') {
      this.problem(list, "unsupported syntax: '`'");
      return undefined;
    }
    return { name: name.text, value, optional, id: this.build.id(), at: colon };
  }

  /** Whether the syntax of optionals is on; reports it where not. */
  allowsOptional(at: number, syntax: string): boolean {
    if (!this.options.optionalSyntax) this.problem(at, `unsupported syntax '${syntax}'`);
    return this.options.optionalSyntax;
  }

  /** A call, or what its macro makes of it. */
  call(at: number, fn: string, target: Expr | undefined, args: readonly Expr[]): Expr {
    const inner = target === undefined ? args : [target, ...args];
    const macro = this.macros.get(macroKey(fn, target !== undefined, args.length));
    const made = macro?.expand(this.build.forMacro(at), target, args);
    if (isMacroProblem(made)) return this.problem(made.at?.at ?? at, made.problem);
    return this.deeper(made ?? this.build.call(at, fn, target, args), 0, ...inner);
  }

  problem(at: number, message: string): Expr {
    if (this.muted === 0) this.issues.report(at, message);
    return this.nothing(at);
  }

  /** What stands where something is missing or wrong. */
  nothing(at: number): Expr {
    return this.build.literal(at, null);
  }

  private depthOf(e: Expr): number {
    return this.depths.get(e) ?? 0;
  }

  private deeper(e: Expr, by: number, ...parts: readonly Expr[]): Expr {
    let depth = 0;
    for (const part of parts) depth = Math.max(depth, this.depthOf(part));
    this.depths.set(e, Math.max(depth + by, this.depthOf(e)));
    return e;
  }
}

function macroKey(fn: string, member: boolean, args: number): string {
  return `${fn}:${args}:${member}`;
}
