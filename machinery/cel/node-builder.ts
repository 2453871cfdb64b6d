/** Makes nodes with ids of their own; macros get one that places all nodes at their call. */
import type { Expr, Literal, MapEntry, StructField } from './ast.ts';
import type { NodeFactory } from './macro.ts';

/** The variable folds gather in; no name of the language, so that no expression can take it. */
export const accumulatorName = '@result';

/** Makes the nodes of one tree. */
export class NodeBuilder {
  private next = 1;

  /** An id not used in the tree yet. */
  id(): number {
    return this.next++;
  }

  literal(at: number, value: Literal): Expr {
    return { kind: 'literal', id: this.id(), at, value };
  }

  ident(at: number, name: string): Expr {
    return { kind: 'ident', id: this.id(), at, name };
  }

  select(at: number, operand: Expr, field: string, test = false): Expr {
    return { kind: 'select', id: this.id(), at, operand, field, test };
  }

  call(at: number, fn: string, target: Expr | undefined, args: readonly Expr[]): Expr {
    return { kind: 'call', id: this.id(), at, function: fn, target, args };
  }

  list(at: number, elements: readonly Expr[], optional: ReadonlySet<number> = none): Expr {
    return { kind: 'list', id: this.id(), at, elements, optional };
  }

  map(at: number, entries: readonly MapEntry[]): Expr {
    return { kind: 'map', id: this.id(), at, entries };
  }

  struct(at: number, name: string, fields: readonly StructField[]): Expr {
    return { kind: 'struct', id: this.id(), at, name, fields };
  }

  /** What a macro called at `at` makes nodes with. */
  forMacro(at: number): NodeFactory {
    return {
      accumulator: accumulatorName,
      literal: (value) => this.literal(at, value),
      ident: (name) => this.ident(at, name),
      select: (operand, field) => this.select(at, operand, field),
      presence: (operand, field) => this.select(at, operand, field, true),
      call: (fn, ...args) => this.call(at, fn, undefined, args),
      member: (target, fn, ...args) => this.call(at, fn, target, args),
      list: (...elements) => this.list(at, elements),
      map: (...entries) =>
        this.map(
          at,
          entries.map(([key, value]) => ({ key, value, optional: false, id: this.id(), at })),
        ),
      comprehension: ({ variable2, ...parts }) => ({
        kind: 'comprehension',
        id: this.id(),
        at,
        variable2,
        ...parts,
      }),
      copy: (e) => this.copy(e),
    };
  }

  private copy(e: Expr): Expr {
    const id = this.id();
    const copy = (part: Expr): Expr => this.copy(part);
    switch (e.kind) {
      case 'literal':
      case 'ident':
        return { ...e, id };
      case 'select':
        return { ...e, id, operand: copy(e.operand) };
      case 'call':
        return { ...e, id, target: e.target && copy(e.target), args: e.args.map(copy) };
      case 'list':
        return { ...e, id, elements: e.elements.map(copy) };
      case 'map': {
        const entries = e.entries.map((entry) => ({
          ...entry,
          id: this.id(),
          key: copy(entry.key),
          value: copy(entry.value),
        }));
        return { ...e, id, entries };
      }
      case 'struct': {
        const fields = e.fields.map((f) => ({ ...f, id: this.id(), value: copy(f.value) }));
        return { ...e, id, fields };
      }
      case 'comprehension':
        return {
          ...e,
          id,
          range: copy(e.range),
          init: copy(e.init),
          condition: copy(e.condition),
          step: copy(e.step),
          result: copy(e.result),
        };
    }
  }
}

const none: ReadonlySet<number> = new Set();

/**
 * A chain of `||` or `&&` as a tree of even depth: such chains grow long. `places` are those of the
 * operators, one less than terms.
 */
export function balanced(
  build: NodeBuilder,
  fn: string,
  terms: readonly Expr[],
  places: readonly number[],
): Expr {
  const between = (lo: number, hi: number): Expr => {
    const mid = (lo + hi + 1) >> 1;
    const left = mid === lo ? terms[mid]! : between(lo, mid - 1);
    const right = mid === hi ? terms[mid + 1]! : between(mid + 1, hi);
    return build.call(places[mid]!, fn, undefined, [left, right]);
  };
  return places.length === 0 ? terms[0]! : between(0, places.length - 1);
}
