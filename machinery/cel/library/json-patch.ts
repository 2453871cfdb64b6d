/** `jsonpatch.escapeKey(name)`: keys in the paths of JSON patches. */
import type { Library } from '../library.ts';
import { stringType } from '../types.ts';

/** The library of JSON patches, for mutating policies. */
export const jsonPatchLibrary: Library = {
  name: 'kubernetes.jsonpatch',
  functions: [
    {
      name: 'jsonpatch.escapeKey',
      overloads: [
        {
          id: 'string_jsonpatch_escapeKey_string',
          params: [stringType],
          result: stringType,
          call: (key) => (key as string).replaceAll('~', '~0').replaceAll('/', '~1'),
        },
      ],
    },
  ],
};
