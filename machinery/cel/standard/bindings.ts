/** `cel.bind(name, value, expression)`: a name for a value, computed once and only if needed. */
import type { Library } from '../library.ts';

export const bindings: Library = {
  name: 'cel.lib.ext.cel.bindings',
  macros: [
    {
      function: 'bind',
      member: true,
      args: 3,
      expand(make, target, [variable, value, expression]) {
        if (target?.kind !== 'ident' || target.name !== 'cel') return undefined;
        if (variable!.kind !== 'ident') {
          return {
            problem: 'cel.bind() variable names must be simple identifiers',
            at: variable,
          };
        }
        return make.comprehension({
          range: make.list(),
          variable: '#unused',
          accumulator: variable!.name,
          init: value!,
          condition: make.literal(false),
          step: make.ident(variable!.name),
          result: expression!,
        });
      },
    },
  ],
};
