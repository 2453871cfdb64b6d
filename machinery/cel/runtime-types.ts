/** Whether values at run time are what an overload asks for. */
import { ListValue } from './list-value.ts';
import { MapValue } from './map-value.ts';
import { type CelType, isDyn } from './types.ts';
import { CelError, type Result, typeOf, type Value } from './values.ts';

/** Whether `value` may be an argument of type `t`. Of lists and maps the first entry speaks. */
export function accepts(t: CelType, value: Value): boolean {
  if (t.kind === 'param' || isDyn(t)) return true;
  if (t.nullable && value === null) return true;
  if (t.name !== typeOf(value).name) return false;
  if (t.kind === 'list' && value instanceof ListValue) {
    return value.size() === 0 || accepts(t.params[0]!, value.at(0));
  }
  if (t.kind === 'map' && value instanceof MapValue) {
    for (const key of value.keys()) {
      const first = value.find(key);
      if (first === undefined || first instanceof CelError) return false;
      return accepts(t.params[0]!, key) && accepts(t.params[1]!, first);
    }
  }
  return true;
}

/** Whether all arguments fit; errors do where the overload takes them. */
export function acceptsAll(
  params: readonly CelType[],
  args: readonly Result[],
  nonStrict: boolean,
): boolean {
  if (params.length !== args.length) return false;
  for (let i = 0; i < params.length; i++) {
    const arg = args[i]!;
    if (arg instanceof CelError ? !nonStrict : !accepts(params[i]!, arg)) return false;
  }
  return true;
}

/** The error of a call that no overload takes. */
export function noOverloadFor(fn: string, args: readonly Result[]): CelError {
  const types: string[] = [];
  for (const arg of args) {
    if (arg instanceof CelError) return arg;
    types.push(typeOf(arg).name);
  }
  return new CelError(`no such overload: ${fn}(${types.join(', ')})`);
}
