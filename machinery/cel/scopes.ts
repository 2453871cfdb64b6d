/** The names an expression may use: variables, types, functions, inner names before outer ones. */
import type { Expr } from './ast.ts';
import type { FunctionDeclaration, Overload } from './library.ts';
import type { TypeProvider } from './type-provider.ts';
import { type CelType, intType, typeOfType } from './types.ts';
import type { Value } from './values.ts';

/** What a name stands for. */
export interface Declaration {
  readonly name: string;
  readonly type: CelType;
  /** Of constants. */
  readonly value?: Value;
}

/** What an environment declares. */
export interface Declarations {
  readonly variables: ReadonlyMap<string, CelType>;
  /** Types by the names they have in expressions. */
  readonly typeNames: ReadonlyMap<string, CelType>;
  readonly functions: ReadonlyMap<string, FunctionDeclaration>;
  readonly provider: TypeProvider;
  readonly disabledOverloads: ReadonlySet<string>;
}

/** Declarations and, on top of them, the variables of comprehensions. */
export class Scopes {
  private readonly outer: Declarations;
  private readonly inner: Map<string, CelType>[] = [];
  private entered = false;

  constructor(outer: Declarations) {
    this.outer = outer;
  }

  get provider(): TypeProvider {
    return this.outer.provider;
  }

  enter(variables: Readonly<Record<string, CelType>>): void {
    this.inner.push(new Map(Object.entries(variables)));
    this.entered = true;
  }

  leave(): void {
    this.inner.pop();
  }

  /** What `name` stands for; a leading dot says that it is a full name. */
  find(name: string): Declaration | undefined {
    const full = name.startsWith('.') ? name.slice(1) : name;
    for (let i = this.inner.length - 1; i >= 0; i--) {
      const local = this.inner[i]!.get(full);
      if (local !== undefined) return { name: full, type: local };
    }
    const variable = this.outer.variables.get(full);
    if (variable !== undefined) return { name: full, type: variable };
    const type = this.outer.typeNames.get(full) ?? this.outer.provider.findType(full);
    if (type !== undefined) return { name: full, type: typeOfType(type) };
    const value = this.outer.provider.findConstant?.(full);
    return value === undefined ? undefined : { name: full, type: intType, value };
  }

  findFunction(name: string): FunctionDeclaration | undefined {
    return this.outer.functions.get(name.startsWith('.') ? name.slice(1) : name);
  }

  /**
   * Whether an overload is off here. The reference forgets what is off once it has been inside a
   * comprehension; stored expressions may rely on it.
   */
  isDisabled(overload: Overload): boolean {
    return !this.entered && this.outer.disabledOverloads.has(overload.id);
  }
}

/** `a.b.c` of names and selections, `undefined` for anything else. */
export function qualifiedName(e: Expr): string | undefined {
  if (e.kind === 'ident') return e.name;
  if (e.kind !== 'select' || e.test) return undefined;
  const prefix = qualifiedName(e.operand);
  return prefix === undefined ? undefined : `${prefix}.${e.field}`;
}
