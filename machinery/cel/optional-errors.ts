/** Errors of marks on what is no optional; the checker finds most of them. */
import { CelError, formatValue, type Value } from './values.ts';

/** `[?x]` of an `x` that is no optional. */
export function elementError(value: Value): CelError {
  return new CelError(
    `cannot initialize optional list element from non-optional value ${formatValue(value)}`,
  );
}

/** `{?k: x}` of an `x` that is no optional. */
export function entryError(key: Value, value: Value): CelError {
  return new CelError(
    `cannot initialize optional entry '${formatValue(key)}' ` +
      `from non-optional value ${formatValue(value)}`,
  );
}
