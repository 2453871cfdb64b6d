/** The tree of an expression: what the parser makes, the checker fills in and the planner reads. */
import type { CelType } from './types.ts';
import type { Uint, Value } from './values.ts';

/** What all nodes have. */
interface Node {
  /** Unique in its tree. */
  readonly id: number;
  /** Where it stands: a count of characters from the start. */
  readonly at: number;
  /** Its type, once checked. */
  type?: CelType;
  /** What it refers to, once checked. */
  reference?: Reference;
}

/** A constant of the text. */
export type Literal = null | boolean | bigint | number | string | Uint | Uint8Array;

/** What a checked name or call means. */
export interface Reference {
  /** The declared variable's or type's name. */
  readonly name?: string;
  /** The value, where the name is a constant. */
  readonly value?: Value;
  /** The overloads a call may go to. */
  readonly overloads?: readonly string[];
}

/** A constant. */
export interface LiteralNode extends Node {
  readonly kind: 'literal';
  readonly value: Literal;
}

/** A name; once checked the full name of what it means. */
export interface IdentNode extends Node {
  readonly kind: 'ident';
  name: string;
}

/** `operand.field`, or `has(operand.field)` with `test`. */
export interface SelectNode extends Node {
  readonly kind: 'select';
  readonly operand: Expr;
  readonly field: string;
  readonly test: boolean;
}

/** `function(args)` or `target.function(args)`; operators are functions: `_+_`. */
export interface CallNode extends Node {
  readonly kind: 'call';
  function: string;
  target: Expr | undefined;
  readonly args: readonly Expr[];
}

/** `[a, ?b]`; `optional` has the indices with a question mark. */
export interface ListNode extends Node {
  readonly kind: 'list';
  readonly elements: readonly Expr[];
  readonly optional: ReadonlySet<number>;
}

/** `k: v`, or `?k: v`. */
export interface MapEntry {
  readonly key: Expr;
  readonly value: Expr;
  readonly optional: boolean;
  readonly id: number;
  readonly at: number;
}

/** `{k: v, ?k: v}`. */
export interface MapNode extends Node {
  readonly kind: 'map';
  readonly entries: readonly MapEntry[];
}

/** `field: v`, or `?field: v`. */
export interface StructField {
  readonly name: string;
  readonly value: Expr;
  readonly optional: boolean;
  readonly id: number;
  readonly at: number;
}

/** `Name{field: v}`. */
export interface StructNode extends Node {
  readonly kind: 'struct';
  name: string;
  readonly fields: readonly StructField[];
}

/** What `all`, `map` and their like become: a fold over a list or map. */
export interface ComprehensionNode extends Node {
  readonly kind: 'comprehension';
  readonly range: Expr;
  readonly variable: string;
  /** The second variable of two-variable macros. */
  readonly variable2: string | undefined;
  readonly accumulator: string;
  readonly init: Expr;
  readonly condition: Expr;
  readonly step: Expr;
  readonly result: Expr;
}

/** A node of the tree. */
export type Expr =
  | LiteralNode
  | IdentNode
  | SelectNode
  | CallNode
  | ListNode
  | MapNode
  | StructNode
  | ComprehensionNode;

/** The nodes right below `e`, in the order they are evaluated. */
export function children(e: Expr): readonly Expr[] {
  switch (e.kind) {
    case 'literal':
    case 'ident':
      return [];
    case 'select':
      return [e.operand];
    case 'call':
      return e.target === undefined ? e.args : [e.target, ...e.args];
    case 'list':
      return e.elements;
    case 'map':
      return e.entries.flatMap((entry) => [entry.key, entry.value]);
    case 'struct':
      return e.fields.map((f) => f.value);
    case 'comprehension':
      return [e.range, e.init, e.condition, e.step, e.result];
  }
}

/** Calls `visit` for `root` and everything below, parents first. */
export function walk(root: Expr, visit: (e: Expr) => void): void {
  visit(root);
  for (const child of children(root)) walk(child, visit);
}
