/** Checks of constants that types cannot make: patterns, times, mixed literals. */
import { children, type Expr, walk } from '../ast.ts';
import { toDuration, toTimestamp } from '../conversions.ts';
import type { Library, Validator } from '../library.ts';
import { compileRegexp } from '../regexp.ts';
import { type CelType, formatType, sameType } from '../types.ts';
import { CelError, type Value } from '../values.ts';

type Report = (at: number, message: string) => void;

function constants(fn: string, fails: (value: Value) => boolean): Validator {
  return {
    name: `cel.validator.${fn}`,
    check(root, report) {
      walk(root, (e) => {
        if (e.kind !== 'call' || e.function !== fn) return;
        const arg = e.args[0];
        if (arg?.kind !== 'literal' || !fails(arg.value)) return;
        report(arg.at, `invalid ${fn} argument`);
      });
    },
  };
}

function isError(value: unknown): boolean {
  return value instanceof CelError;
}

/** Functions whose arguments may be of several types in one list. */
const exempt = new Set(['format', 'cel.@block']);

/** All items of a list, all keys and all values of a map have to be of one type. */
export const homogeneousLiterals: Validator = {
  name: 'cel.validator.homogeneous_literals',
  check(root, report) {
    visit(root, report);
  },
};

function visit(e: Expr, report: Report): void {
  if (e.kind === 'list') checkList(e, report);
  if (e.kind === 'map') checkMap(e, report);
  if (e.kind === 'call' && exempt.has(e.function)) return;
  for (const child of children(e)) visit(child, report);
}

function mismatch(at: number, expected: CelType, actual: CelType, report: Report): void {
  report(at, `expected type '${formatType(expected)}' but found '${formatType(actual)}'`);
}

function checkList(e: Extract<Expr, { kind: 'list' }>, report: Report): void {
  let expected: CelType | undefined;
  for (const [i, element] of e.elements.entries()) {
    const type = e.optional.has(i) ? element.type!.params[0] : element.type;
    if (type === undefined) continue;
    expected ??= type;
    if (sameType(expected, type)) continue;
    mismatch(element.at, expected, type, report);
    break;
  }
}

function checkMap(e: Extract<Expr, { kind: 'map' }>, report: Report): void {
  let keys: CelType | undefined;
  let values: CelType | undefined;
  for (const { key, value, optional } of e.entries) {
    const valueType = optional ? value.type!.params[0] : value.type;
    keys ??= key.type!;
    values ??= valueType;
    if (!sameType(keys, key.type!)) mismatch(key.at, keys, key.type!, report);
    if (values === undefined || valueType === undefined) continue;
    if (!sameType(values, valueType)) mismatch(value.at, values, valueType, report);
  }
}

/** The checks that Kubernetes makes of new expressions. */
export const validators: Library = {
  name: 'cel.validators',
  validators: [
    constants('duration', (v) => isError(toDuration(v))),
    constants('timestamp', (v) => isError(toTimestamp(v))),
    constants('matches', (v) => typeof v === 'string' && isError(compileRegexp(v))),
    homogeneousLiterals,
  ],
};
