/** `"abc 123".find("[0-9]+")`, `findAll`: searches in texts, in linear time whatever the pattern. */
import type { Library } from '../library.ts';
import { ArrayList } from '../list-value.ts';
import { compileRegexp } from '../regexp.ts';
import { intType, listType, stringType } from '../types.ts';
import { CelError, type Result, type Value } from '../values.ts';

/** The library of searches. */
export const regexLibrary: Library = {
  name: 'kubernetes.regex',
  functions: [
    {
      name: 'find',
      patternArgument: 1,
      overloads: [
        {
          id: 'string_find_string',
          member: true,
          params: [stringType, stringType],
          result: stringType,
          call: (text, pattern) => {
            const found = matches(text, pattern, 1);
            return found instanceof CelError ? found : (found[0] ?? '');
          },
        },
      ],
    },
    {
      name: 'findAll',
      patternArgument: 1,
      overloads: [
        {
          id: 'string_find_all_string',
          member: true,
          params: [stringType, stringType],
          result: listType(stringType),
          call: (text, pattern) => listOf(matches(text, pattern, Number.POSITIVE_INFINITY)),
        },
        {
          id: 'string_find_all_string_int',
          member: true,
          params: [stringType, stringType, intType],
          result: listType(stringType),
          call: (text, pattern, limit) => {
            const most = Number(limit as bigint);
            return listOf(matches(text, pattern, most < 0 ? Number.POSITIVE_INFINITY : most));
          },
        },
      ],
    },
  ],
};

function listOf(found: readonly string[] | CelError): Result {
  return found instanceof CelError ? found : new ArrayList(found);
}

function matches(text: Value, pattern: Value, limit: number): readonly string[] | CelError {
  const regexp = compileRegexp(pattern as string);
  if (regexp instanceof CelError) return new CelError(`Illegal regex: ${regexp}`);
  const matcher = regexp.matcher(text as string);
  const found: string[] = [];
  let end = -1;
  while (found.length < limit && matcher.find()) {
    // An empty match right after another one is none in Go.
    if (matcher.start() === matcher.end() && matcher.end() === end) continue;
    end = matcher.end();
    found.push(matcher.group() ?? '');
  }
  return found;
}
