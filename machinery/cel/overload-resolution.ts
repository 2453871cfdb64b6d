/** Which overloads of a function a call may go to, by the types of its arguments. */
import type { FunctionDeclaration, Overload } from './library.ts';
import {
  type CelType,
  dynType,
  isDyn,
  listType,
  mapType,
  opaqueType,
  sameType,
  typeOfType,
} from './types.ts';
import type { Unification } from './unification.ts';

/** The overloads that fit, and what the call has for a type. */
export interface Resolution {
  readonly overloads: readonly string[];
  readonly type: CelType;
}

/** All overloads of `fn` that take `args`; the receiver first when `member`. */
export function resolveOverload(
  fn: FunctionDeclaration,
  member: boolean,
  args: readonly CelType[],
  unify: Unification,
  isDisabled: (overload: Overload) => boolean,
): Resolution | undefined {
  const overloads: string[] = [];
  let type: CelType | undefined;
  for (const overload of fn.overloads) {
    if (isDisabled(overload) || (overload.member ?? false) !== member) continue;
    if (overload.params.length !== args.length) continue;
    const { params, result } = instantiate(overload, unify);
    if (!unify.assignAll(args, params)) continue;
    overloads.push(overload.id);
    const found = unify.substitute(result, false);
    if (type === undefined) type = found;
    else if (!isDyn(type) && !sameType(found, type)) type = dynType;
  }
  return type === undefined ? undefined : { overloads, type };
}

interface Signature {
  readonly params: readonly CelType[];
  readonly result: CelType;
}

/** The signature with type variables that no other call has. */
function instantiate(overload: Overload, unify: Unification): Signature {
  const fresh = new Map<string, CelType>();
  const replace = (t: CelType): CelType => {
    if (t.kind === 'param') {
      const known = fresh.get(t.name) ?? unify.fresh();
      fresh.set(t.name, known);
      return known;
    }
    if (t.params.length === 0) return t;
    const params = t.params.map(replace);
    if (params.every((p, i) => p === t.params[i])) return t;
    switch (t.kind) {
      case 'list':
        return listType(params[0]!);
      case 'map':
        return mapType(params[0]!, params[1]!);
      case 'type':
        return typeOfType(params[0]!);
      default:
        return opaqueType(t.name, ...params);
    }
  };
  return { params: overload.params.map(replace), result: replace(overload.result) };
}
