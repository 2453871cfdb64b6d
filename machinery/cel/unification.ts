/** Which types stand for which type variables, found out while an expression is checked. */
import {
  assignable,
  type CelType,
  dynType,
  isDyn,
  listType,
  mapType,
  opaqueType,
  sameType,
  typeOfType,
  typeParam,
} from './types.ts';

/** What is known of type variables. Attempts that fail leave nothing behind. */
export class Unification {
  private readonly known = new Map<string, CelType>();
  private readonly log: (readonly [string, CelType | undefined])[] = [];
  private variables = 0;

  /** A type variable not used so far. */
  fresh(): CelType {
    return typeParam(`_var${this.variables++}`);
  }

  /** Whether `from` may stand where `to` is asked for; what that says of variables is kept. */
  assign(to: CelType, from: CelType): boolean {
    const mark = this.log.length;
    if (this.assigns(to, from)) return true;
    this.undo(mark);
    return false;
  }

  /** As `assign`, one by one, all or none. */
  assignAll(to: readonly CelType[], from: readonly CelType[]): boolean {
    const mark = this.log.length;
    if (this.assignsAll(to, from)) return true;
    this.undo(mark);
    return false;
  }

  /** `t` with all that is known put in; what is not known stays, or is dyn with `close`. */
  substitute(t: CelType, close: boolean): CelType {
    switch (t.kind) {
      case 'param': {
        const known = this.known.get(t.name);
        if (known !== undefined) return this.substitute(known, close);
        return close ? dynType : t;
      }
      case 'opaque':
        if (t.params.length === 0) return t;
        return opaqueType(t.name, ...t.params.map((p) => this.substitute(p, close)));
      case 'list':
        return listType(this.substitute(t.params[0]!, close));
      case 'map':
        return mapType(this.substitute(t.params[0]!, close), this.substitute(t.params[1]!, close));
      case 'type':
        return t.params.length === 0 ? t : typeOfType(this.substitute(t.params[0]!, close));
      default:
        return t;
    }
  }

  private set(name: string, t: CelType): void {
    this.log.push([name, this.known.get(name)]);
    this.known.set(name, t);
  }

  private undo(mark: number): void {
    while (this.log.length > mark) {
      const [name, before] = this.log.pop()!;
      if (before === undefined) this.known.delete(name);
      else this.known.set(name, before);
    }
  }

  private assigns(a: CelType, b: CelType): boolean {
    if (b.kind === 'param') {
      const { valid, bound } = this.binds(a, b);
      if (valid) return true;
      if (bound) return false;
    }
    if (a.kind === 'param') return this.binds(b, a).valid;
    if (isDyn(a) || isDyn(b) || a.kind === 'error' || b.kind === 'error') return true;
    if (a.kind === 'null') return takesNull(b);
    if (b.kind === 'null') return takesNull(a);
    switch (a.kind) {
      case 'type':
        return b.kind === 'type';
      case 'opaque':
      case 'list':
      case 'map':
        return a.kind === b.kind && a.name === b.name && this.assignsAll(a.params, b.params);
      default:
        return assignable(b, a);
    }
  }

  private assignsAll(a: readonly CelType[], b: readonly CelType[]): boolean {
    return a.length === b.length && a.every((t, i) => this.assigns(t, b[i]!));
  }

  /** Whether the variable `v` can stand for `t`, and whether it stood for something before. */
  private binds(t: CelType, v: CelType): { readonly valid: boolean; readonly bound: boolean } {
    if (t.kind === v.kind && sameType(t, v)) return { valid: true, bound: true };
    const known = this.known.get(v.name);
    if (known !== undefined) {
      if (t.kind === known.kind && sameType(t, known)) return { valid: true, bound: true };
      if (!this.assigns(t, known)) return { valid: false, bound: true };
      const general = mostGeneral(t, known);
      if (!this.occurs(v, general)) this.set(v.name, general);
      return { valid: true, bound: true };
    }
    if (this.occurs(v, t)) return { valid: false, bound: false };
    this.set(v.name, t);
    return { valid: true, bound: false };
  }

  /** Whether the variable `v` is somewhere in `t`. */
  private occurs(v: CelType, t: CelType): boolean {
    if (sameType(v, t)) return true;
    if (t.kind === 'param') {
      const known = this.known.get(t.name);
      return known !== undefined && this.occurs(v, known);
    }
    return t.params.some((p) => this.occurs(v, p));
  }
}

function takesNull(t: CelType): boolean {
  switch (t.kind) {
    case 'opaque':
    case 'struct':
    case 'duration':
    case 'timestamp':
      return true;
    default:
      return t.nullable || t.kind === 'null';
  }
}

/** The more general of two types that fit each other. */
export function mostGeneral(a: CelType, b: CelType): CelType {
  return lessSpecific(a, b) ? a : b;
}

function lessSpecific(a: CelType, b: CelType): boolean {
  if (isDyn(a) || a.kind === 'param') return true;
  if (isDyn(b) || b.kind === 'param' || a.kind !== b.kind) return false;
  switch (a.kind) {
    case 'type':
      return true;
    case 'opaque':
    case 'list':
    case 'map':
      return (
        a.name === b.name &&
        a.params.length === b.params.length &&
        a.params.every((p, i) => lessSpecific(p, b.params[i]!))
      );
    default:
      return sameType(a, b);
  }
}
