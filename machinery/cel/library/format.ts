/** `format.named("dns1123Label").value().validate(x)`: named formats in expressions. */
import type { FunctionDeclaration, Library } from '../library.ts';
import { ArrayList } from '../list-value.ts';
import { listType, optionalType, stringType } from '../types.ts';
import { Optional, type Result, type Value } from '../values.ts';
import { type FormatValue, formatType, namedFormats } from './named-formats.ts';

/** The library of formats. */
export const formatLibrary: Library = {
  name: 'kubernetes.format',
  functions: [
    {
      name: 'validate',
      overloads: [
        {
          id: 'format-validate',
          member: true,
          params: [formatType, stringType],
          result: optionalType(listType(stringType)),
          call: validate,
        },
      ],
    },
    {
      name: 'format.named',
      overloads: [
        {
          id: 'format-named',
          params: [stringType],
          result: optionalType(formatType),
          call: (name) => {
            const found = namedFormats.get(name as string);
            return found === undefined ? Optional.none : Optional.of(found);
          },
        },
      ],
    },
    ...[...namedFormats].map(([name, format]): FunctionDeclaration => {
      const full = `format.${name}`;
      const overload = { id: full, params: [], result: formatType, call: () => format };
      return { name: full, overloads: [overload] };
    }),
  ],
};

/** Nothing when all is well, the problems otherwise. */
function validate(format: Value, text: Value): Result {
  const problems = (format as FormatValue).problems(text as string);
  return problems.length === 0 ? Optional.none : Optional.of(new ArrayList(problems));
}
