/** Sizes of nodes while a cost is estimated, and the ways to them through declared types. */
import type { Expr } from './ast.ts';
import {
  type CostNode,
  fixed,
  type Range,
  type SizeEstimator,
  unionRanges,
  unknownSize,
} from './estimate.ts';
import { accumulatorName } from './node-builder.ts';
import { stringSize } from './standard/strings.ts';
import { type CelType, dynType, isOptional } from './types.ts';

/** Sizes of what is in a list or map. */
export interface EntrySizes {
  readonly container: 'list' | 'map';
  readonly key: Range;
  readonly value: Range;
}

interface LocalVariable {
  readonly path: readonly string[];
  readonly size: Range | undefined;
  readonly entries: EntrySizes | undefined;
}

/** What is known of nodes so far. */
export class SizeTable {
  private readonly estimator: SizeEstimator;
  private readonly sizes = new Map<Expr, Range>();
  private readonly entrySizes = new Map<Expr, EntrySizes>();
  private readonly paths = new Map<Expr, readonly string[]>();
  private readonly locals = new Map<string, LocalVariable[]>();

  constructor(estimator: SizeEstimator) {
    this.estimator = estimator;
  }

  /** Makes `name` a variable of the scope that begins. */
  push(name: string, local: LocalVariable): void {
    const stack = this.locals.get(name) ?? [];
    stack.push(local);
    this.locals.set(name, stack);
  }

  /** Ends the scope of `name`. */
  pop(name: string): void {
    this.locals.get(name)?.pop();
  }

  local(name: string): LocalVariable | undefined {
    return this.locals.get(name)?.at(-1);
  }

  path(e: Expr): readonly string[] {
    const local = e.kind === 'ident' ? this.local(e.name) : undefined;
    return local?.path ?? this.paths.get(e) ?? [];
  }

  setPath(e: Expr, path: readonly string[]): void {
    this.paths.set(e, path);
  }

  setSize(e: Expr, size: Range | undefined): void {
    if (size !== undefined) this.sizes.set(e, size);
  }

  setEntries(e: Expr, entries: EntrySizes | undefined): void {
    if (entries !== undefined) this.entrySizes.set(e, entries);
  }

  size(e: Expr): Range | undefined {
    const known = this.sizes.get(e) ?? literalSize(e);
    if (known !== undefined) return known;
    const node = { ...this.described(e), computedSize: undefined };
    const declared = this.estimator.size(node);
    if (declared !== undefined) {
      this.sizes.set(e, declared);
      return declared;
    }
    if (isScalar(e.type ?? dynType)) return fixed(1);
    return e.kind === 'ident' ? this.local(e.name)?.size : undefined;
  }

  entries(e: Expr): EntrySizes | undefined {
    const known = this.entrySizes.get(e);
    return known ?? (e.kind === 'ident' ? this.local(e.name)?.entries : undefined);
  }

  /** The node as estimators of calls see it. */
  node(e: Expr): CostNode {
    const described = this.described(e);
    const root = described.path?.[0];
    const inner = root === accumulatorName || root === '__result__';
    return {
      ...described,
      path: inner ? undefined : described.path,
      computedSize: this.size(e),
    };
  }

  private described(e: Expr): Omit<CostNode, 'computedSize'> {
    const path = this.path(e);
    return { expr: e, type: e.type ?? dynType, path: path.length === 0 ? undefined : path };
  }
}

/** The entries of either. */
export function unionEntries(
  a: EntrySizes | undefined,
  b: EntrySizes | undefined,
): EntrySizes | undefined {
  if (a === undefined || b === undefined) return undefined;
  return {
    container: a.container,
    key: unionRanges(a.key, b.key),
    value: unionRanges(a.value, b.value),
  };
}

/** The size of a node, or that nothing is known of it. */
export function sizeOrUnknown(node: CostNode | undefined): Range {
  return node?.computedSize ?? unknownSize;
}

function literalSize(e: Expr): Range | undefined {
  switch (e.kind) {
    case 'list':
      return fixed(e.elements.length);
    case 'map':
      return fixed(e.entries.length);
    case 'literal': {
      const { value } = e;
      if (typeof value === 'string') return fixed(stringSize(value));
      return fixed(value instanceof Uint8Array ? value.length : 1);
    }
    default:
      return undefined;
  }
}

function isScalar(t: CelType): boolean {
  switch (t.kind) {
    case 'bool':
    case 'double':
    case 'duration':
    case 'int':
    case 'timestamp':
    case 'uint':
      return true;
    default:
      return isOptional(t) && isScalar(t.params[0]!);
  }
}
