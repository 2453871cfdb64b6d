/**
 * Gives every node of a tree its type and finds what its names and calls mean. Goes on after a
 * problem, with a type that fits everything.
 */
import {
  type CallNode,
  type ComprehensionNode,
  type Expr,
  type IdentNode,
  type ListNode,
  type MapNode,
  type SelectNode,
  type StructNode,
  walk,
} from './ast.ts';
import type { Issues } from './issues.ts';
import type { FunctionDeclaration } from './library.ts';
import * as operators from './operators.ts';
import { resolveOverload } from './overload-resolution.ts';
import { type Declarations, qualifiedName, Scopes } from './scopes.ts';
import {
  boolType,
  type CelType,
  dynType,
  errorType,
  formatType,
  intType,
  isDyn,
  isOptional,
  listType,
  mapType,
  optionalType,
} from './types.ts';
import { mostGeneral, Unification } from './unification.ts';
import { typeOf } from './values.ts';
import { messageTypeName } from './well-known.ts';

/** Checks the tree at `root` in place; its types hold where no issue is reported. */
export function check(root: Expr, declarations: Declarations, issues: Issues): void {
  const checker = new Checker(declarations, issues);
  checker.check(root);
  checker.close(root);
}

class Checker {
  private readonly scopes: Scopes;
  private readonly issues: Issues;
  private readonly unify = new Unification();

  constructor(declarations: Declarations, issues: Issues) {
    this.scopes = new Scopes(declarations);
    this.issues = issues;
  }

  /** Puts in what has been found out of type variables; the rest is dyn. */
  close(root: Expr): void {
    walk(root, (e) => {
      if (e.type !== undefined) e.type = this.unify.substitute(e.type, true);
    });
  }

  check(e: Expr): CelType {
    e.type = this.typeOfNode(e);
    return e.type;
  }

  private typeOfNode(e: Expr): CelType {
    switch (e.kind) {
      case 'literal':
        return typeOf(e.value);
      case 'ident':
        return this.ident(e);
      case 'select':
        return this.select(e);
      case 'call':
        return this.call(e);
      case 'list':
        return this.list(e);
      case 'map':
        return this.map(e);
      case 'struct':
        return this.struct(e);
      case 'comprehension':
        return this.comprehension(e);
    }
  }

  private ident(e: IdentNode): CelType {
    const found = this.scopes.find(e.name);
    if (found === undefined) return this.undeclared(e, e.name);
    e.name = found.name;
    e.reference = found.value === undefined ? { name: found.name } : found;
    return found.type;
  }

  private undeclared(e: Expr, name: string): CelType {
    this.issues.report(e.at, `undeclared reference to '${name}' (in container '')`);
    return errorType;
  }

  private select(e: SelectNode): CelType {
    const name = qualifiedName(e);
    const found = name === undefined ? undefined : this.scopes.find(name);
    if (found !== undefined) {
      e.reference = found.value === undefined ? { name: found.name } : found;
      return found.type;
    }
    const type = this.field(e, e.operand, e.field, false);
    return e.test ? boolType : this.unify.substitute(type, false);
  }

  private optionalSelect(e: CallNode): CelType {
    const [operand, field] = e.args;
    if (e.args.length !== 2 || e.target !== undefined) {
      const style = e.target === undefined ? '' : ' member call with';
      const detail = `incorrect signature.${style} argument count: ${e.args.length}`;
      this.issues.report(e.at, `unsupported optional field selection: ${detail}`);
      return errorType;
    }
    const name = field!.kind === 'literal' ? field!.value : undefined;
    if (typeof name !== 'string') {
      this.issues.report(field!.at, 'unsupported optional field selection');
      return errorType;
    }
    field!.type = typeOf(name);
    e.reference = { overloads: ['select_optional_field'] };
    return this.unify.substitute(this.field(e, operand!, name, true), false);
  }

  private field(e: Expr, operand: Expr, field: string, optional: boolean): CelType {
    const from = this.unify.substitute(this.check(operand), false);
    const viral = isOptional(from);
    const type = this.fieldType(e, viral ? from.params[0]! : from, field);
    return viral || optional ? optionalType(type) : type;
  }

  private fieldType(e: Expr, target: CelType, field: string): CelType {
    switch (target.kind) {
      case 'map':
        return target.params[1]!;
      case 'struct':
        return this.declaredField(e.at, target.name, field) ?? errorType;
      case 'param':
        this.unify.assign(dynType, target);
        return dynType;
      default:
        if (!isDyn(target) && target.kind !== 'error') {
          const type = formatType(target);
          this.issues.report(e.at, `type '${type}' does not support field selection`);
        }
        return dynType;
    }
  }

  private declaredField(at: number, type: string, field: string): CelType | undefined {
    const { provider } = this.scopes;
    if (provider.findType(type) === undefined) {
      this.issues.report(at, `unexpected failed resolution of '${type}'`);
      return undefined;
    }
    const found = provider.findField(type, field);
    if (found === undefined) this.issues.report(at, `undefined field '${field}'`);
    return found;
  }

  private call(e: CallNode): CelType {
    if (e.function === operators.optionalSelect) return this.optionalSelect(e);
    for (const arg of e.args) this.check(arg);
    if (e.target !== undefined) {
      const prefix = qualifiedName(e.target);
      const name = `${prefix}.${e.function}`;
      if (prefix !== undefined && this.scopes.findFunction(name) !== undefined) {
        e.function = name;
        e.target = undefined;
      } else {
        this.check(e.target);
      }
    }
    const fn = this.scopes.findFunction(e.function);
    if (fn === undefined) return this.undeclared(e, e.function);
    e.function = fn.name;
    return this.resolve(e, fn);
  }

  private resolve(e: CallNode, fn: FunctionDeclaration): CelType {
    if (fn.name === operators.logicalAnd || fn.name === operators.logicalOr) {
      return this.logical(e, fn.overloads[0]!.id);
    }
    const member = e.target !== undefined;
    const nodes = e.target === undefined ? e.args : [e.target, ...e.args];
    const types = nodes.map((n) => n.type!);
    const found = resolveOverload(fn, member, types, this.unify, (o) => this.scopes.isDisabled(o));
    if (found !== undefined) {
      e.reference = { overloads: found.overloads };
      return found.type;
    }
    const shown = types.map((t) => formatType(this.unify.substitute(t, true)));
    const receiver = member ? `${shown.shift()}.` : '';
    const signature = `${receiver}(${shown.join(', ')})`;
    this.issues.report(
      e.at,
      `found no matching overload for '${fn.name}' applied to '${signature}'`,
    );
    return errorType;
  }

  private logical(e: CallNode, overload: string): CelType {
    let failed = false;
    for (const arg of e.args) {
      if (this.unify.assign(arg.type!, boolType)) continue;
      this.mismatch(arg, boolType, arg.type!);
      failed = true;
    }
    if (failed) return errorType;
    e.reference = { overloads: [overload] };
    return boolType;
  }

  private list(e: ListNode): CelType {
    let type: CelType | undefined;
    e.elements.forEach((element, i) => {
      const found = this.check(element);
      type = this.join(type, e.optional.has(i) ? this.unwrap(element, found) : found);
    });
    return listType(type ?? this.unify.fresh());
  }

  /** What is in an optional; a mark on something that is none is a problem. */
  private unwrap(e: Expr, type: CelType): CelType {
    if (isOptional(type)) return type.params[0]!;
    if (!isDyn(type)) this.mismatch(e, optionalType(type), type);
    return type;
  }

  private map(e: MapNode): CelType {
    let keys: CelType | undefined;
    let values: CelType | undefined;
    for (const { key, value, optional } of e.entries) {
      keys = this.join(keys, this.check(key));
      const found = this.check(value);
      values = this.join(values, optional ? this.unwrap(value, found) : found);
    }
    return mapType(keys ?? this.unify.fresh(), values ?? this.unify.fresh());
  }

  /** What takes both; a list of anything is one of dyn. */
  private join(before: CelType | undefined, type: CelType): CelType {
    if (before === undefined) return type;
    return this.unify.assign(before, type) ? mostGeneral(before, type) : dynType;
  }

  private struct(e: StructNode): CelType {
    const found = this.scopes.find(e.name);
    if (found === undefined) return this.undeclared(e, e.name);
    e.name = found.name;
    e.reference = { name: found.name };
    const { type, name } = this.messageType(e, found.type);
    for (const f of e.fields) {
      const given = this.check(f.value);
      const declared = this.declaredField(f.at, name ?? e.name, f.name) ?? errorType;
      const value = f.optional ? this.unwrap(f.value, given) : given;
      if (this.unify.assign(declared, value)) continue;
      const types = `is '${formatType(declared)}' but provided type is '${formatType(value)}'`;
      this.issues.report(f.at, `expected type of field '${f.name}' ${types}`);
    }
    return type;
  }

  private messageType(
    e: StructNode,
    found: CelType,
  ): { readonly type: CelType; readonly name?: string } {
    if (found.kind === 'error') return { type: errorType };
    if (found.kind !== 'type') {
      this.issues.report(e.at, `'${found.name}' is not a type`);
      return { type: errorType };
    }
    const type = found.params[0] ?? dynType;
    const name = messageTypeName(type);
    if (name !== undefined) return { type, name };
    if (type.kind === 'struct') return { type, name: type.name };
    this.issues.report(e.at, `'${type.name}' is not a message type`);
    return { type: errorType };
  }

  private comprehension(e: ComprehensionNode): CelType {
    this.check(e.range);
    const accumulated = this.check(e.init);
    const range = this.unify.substitute(e.range.type!, false);
    this.scopes.enter({ [e.accumulator]: accumulated });
    const [first, second] = this.iterated(e, range);
    const both = e.variable2 !== undefined;
    this.scopes.enter({ [e.variable]: first, ...(both ? { [e.variable2!]: second } : {}) });
    this.check(e.condition);
    this.expect(e.condition, boolType);
    this.check(e.step);
    this.expect(e.step, accumulated);
    this.scopes.leave();
    this.check(e.result);
    this.scopes.leave();
    return this.unify.substitute(e.result.type!, false);
  }

  /** The types of a comprehension's variables. */
  private iterated(e: ComprehensionNode, range: CelType): readonly [CelType, CelType] {
    switch (range.kind) {
      case 'list': {
        const element = range.params[0]!;
        return e.variable2 === undefined ? [element, element] : [intType, element];
      }
      case 'map':
        return [range.params[0]!, range.params[1]!];
      case 'dyn':
      case 'error':
      case 'param':
        this.unify.assign(dynType, range);
        return [dynType, dynType];
      default: {
        const type = formatType(range);
        this.issues.report(
          e.range.at,
          `expression of type '${type}' cannot be range of a comprehension ` +
            '(must be list, map, or dynamic)',
        );
        return [errorType, errorType];
      }
    }
  }

  private expect(e: Expr, type: CelType): void {
    if (!this.unify.assign(type, e.type!)) this.mismatch(e, type, e.type!);
  }

  private mismatch(e: Expr, expected: CelType, actual: CelType): void {
    this.issues.report(
      e.at,
      `expected type '${formatType(expected)}' but found '${formatType(actual)}'`,
    );
  }
}
