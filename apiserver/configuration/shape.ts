/**
 * Shapes of configuration files: what fields there are and what they hold. Anything else is a
 * problem that names its place, so that a slip of the pen does not pass for a setting.
 */
import { quote } from '../../machinery/meta/field-error.ts';
import { parseDuration } from '../../machinery/meta/times.ts';

/** Reads a value of one shape; undefined when it does not have it, which `problems` then tells. */
export type Shape<T> = (value: unknown, at: string, problems: string[]) => T | undefined;

/** What a shape reads. */
export type Read<S> = S extends Shape<infer T> ? T : never;

function wrong(at: string, what: string, problems: string[]): undefined {
  problems.push(`${at === '' ? 'the document' : at}: must be ${what}`);
  return undefined;
}

export const text: Shape<string> = (value, at, problems) =>
  typeof value === 'string' ? value : wrong(at, 'a string', problems);

export const flag: Shape<boolean> = (value, at, problems) =>
  typeof value === 'boolean' ? value : wrong(at, 'true or false', problems);

/** `1m30s`; milliseconds. */
export const duration: Shape<number> = (value, at, problems) => {
  if (typeof value !== 'string') return wrong(at, 'a duration', problems);
  try {
    return parseDuration(value);
  } catch (e) {
    problems.push(`${at}: ${(e as Error).message}`);
    return undefined;
  }
};

/** A list; null counts as an empty one. */
export function list<T>(items: Shape<T>): Shape<readonly T[]> {
  return (value, at, problems) => {
    if (value === null) return [];
    if (!Array.isArray(value)) return wrong(at, 'a list', problems);
    return value.flatMap((item, i) => {
      const read = items(item, `${at}[${i}]`, problems);
      return read === undefined ? [] : [read];
    });
  };
}

/** An object with some or all of these fields; null counts as a field that is not there. */
export function object<F extends Readonly<Record<string, Shape<unknown>>>>(
  fields: F,
): Shape<{ readonly [K in keyof F]?: Read<F[K]> }> {
  return (value, at, problems) => {
    if (typeof value !== 'object' || value === null || Array.isArray(value)) {
      return wrong(at, 'an object', problems);
    }
    const out: Record<string, unknown> = {};
    for (const [name, given] of Object.entries(value)) {
      const place = at === '' ? name : `${at}.${name}`;
      const shape = Object.hasOwn(fields, name) ? fields[name] : undefined;
      if (shape === undefined) problems.push(`unknown field ${quote(place)}`);
      else if (given !== null) {
        const read = shape(given, place, problems);
        if (read !== undefined) out[name] = read;
      }
    }
    return out as { readonly [K in keyof F]?: Read<F[K]> };
  };
}
